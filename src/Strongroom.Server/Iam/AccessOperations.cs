using Strongroom.Crypto;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Holders;
using Strongroom.Server.Iam.Oidc;
using Strongroom.Server.Iam.Policies;
using Strongroom.Server.Iam.Roles;
using Strongroom.Server.Iam.Tagged;
using static Strongroom.Server.Endpoint.OperationTable;
using static Strongroom.Server.Iam.IamOperations;

namespace Strongroom.Server.Iam;

/// <summary>IAM's rows that give access: roles, policies, OpenID Connect providers. Grouped as the folders are.</summary>
internal static class AccessOperations
{
    public static IReadOnlyList<OperationEntry> All(IamDirectories directories, CredentialUses uses, Paging paging, Entropy entropy) =>
    [
        .. Roles(directories, uses, paging, entropy),
        .. Policies(directories, paging, entropy),
        .. Held(directories, HolderKind.User, paging),
        .. Held(directories, HolderKind.Group, paging),
        .. Held(directories, HolderKind.Role, paging),
        .. Providers(directories, paging),
    ];

    private static OperationEntry[] Roles(IamDirectories directories, CredentialUses uses, Paging paging, Entropy entropy)
    {
        var trust = new TrustPolicies(new PolicyPrincipals(directories));
        return
        [
            Op("CreateRole", Mutating, CreateRoleRequest.Shape, new CreateRole(directories, trust, entropy)),
            Op("DeleteRole", Mutating, RoleRequest.Shape, new DeleteRole(directories)),
            Op("DeleteRolePermissionsBoundary", Mutating, RoleRequest.Shape, new DeleteRolePermissionsBoundary(directories)),
            Op("GetRole", ReadOnly, RoleRequest.Shape, new GetRole(directories, trust, uses)),
            Op("ListInstanceProfilesForRole", ReadOnly, PagedRoleRequest.Shape, new ListInstanceProfilesForRole(directories)),
            Op("ListRoleTags", ReadOnly, ListEntityTagsRequest.Shape(TaggedKind.Role), new ListEntityTags(directories, TaggedKind.Role, paging)),
            Op("ListRoles", ReadOnly, ListRolesRequest.Shape, new ListRoles(directories, trust, paging)),
            Op("PutRolePermissionsBoundary", Mutating, PutRolePermissionsBoundaryRequest.Shape, new PutRolePermissionsBoundary(directories)),
            Op("TagRole", Mutating, TagEntityRequest.Shape(TaggedKind.Role), new TagEntity(directories, TaggedKind.Role)),
            Op("UntagRole", Mutating, UntagEntityRequest.Shape(TaggedKind.Role), new UntagEntity(directories, TaggedKind.Role)),
            Op("UpdateAssumeRolePolicy", Mutating, UpdateAssumeRolePolicyRequest.Shape, new UpdateAssumeRolePolicy(directories, trust)),
            Op("UpdateRole", Mutating, UpdateRoleRequest.Shape, new UpdateRole(directories)),
            Op("UpdateRoleDescription", Mutating, UpdateRoleDescriptionRequest.Shape, new UpdateRoleDescription(directories, trust)),
        ];
    }

    private static OperationEntry[] Policies(IamDirectories directories, Paging paging, Entropy entropy) =>
    [
        Op("CreatePolicy", Mutating, CreatePolicyRequest.Shape, new CreatePolicy(directories, entropy)),
        Op("CreatePolicyVersion", Mutating, CreatePolicyVersionRequest.Shape, new CreatePolicyVersion(directories)),
        Op("DeletePolicy", Mutating, PolicyRequest.Shape, new DeletePolicy(directories)),
        Op("DeletePolicyVersion", Mutating, PolicyVersionRequest.Shape, new DeletePolicyVersion(directories)),
        Op("GetPolicy", ReadOnly, PolicyRequest.Shape, new GetPolicy(directories)),
        Op("GetPolicyVersion", ReadOnly, PolicyVersionRequest.Shape, new GetPolicyVersion(directories)),
        Op("ListEntitiesForPolicy", ReadOnly, ListEntitiesForPolicyRequest.Shape, new ListEntitiesForPolicy(directories, paging)),
        Op("ListPolicies", ReadOnly, ListPoliciesRequest.Shape, new ListPolicies(directories, paging)),
        Op("ListPolicyTags", ReadOnly, ListEntityTagsRequest.Shape(TaggedKind.Policy), new ListEntityTags(directories, TaggedKind.Policy, paging)),
        Op("ListPolicyVersions", ReadOnly, PagedPolicyRequest.Shape, new ListPolicyVersions(directories, paging)),
        Op("SetDefaultPolicyVersion", Mutating, PolicyVersionRequest.Shape, new SetDefaultPolicyVersion(directories)),
        Op("TagPolicy", Mutating, TagEntityRequest.Shape(TaggedKind.Policy), new TagEntity(directories, TaggedKind.Policy)),
        Op("UntagPolicy", Mutating, UntagEntityRequest.Shape(TaggedKind.Policy), new UntagEntity(directories, TaggedKind.Policy)),
    ];

    private static OperationEntry[] Held(IamDirectories directories, HolderKind kind, Paging paging) =>
    [
        Op($"Attach{kind.Title}Policy", Mutating, AttachmentRequest.Shape(kind), new AttachPolicy(directories, kind)),
        Op($"Delete{kind.Title}Policy", Mutating, InlinePolicyRequest.Shape(kind), new DeleteInlinePolicy(directories, kind)),
        Op($"Detach{kind.Title}Policy", Mutating, AttachmentRequest.Shape(kind), new DetachPolicy(directories, kind)),
        Op($"Get{kind.Title}Policy", ReadOnly, InlinePolicyRequest.Shape(kind), new GetInlinePolicy(directories, kind)),
        Op($"ListAttached{kind.Title}Policies", ReadOnly, ListAttachedPoliciesRequest.Shape(kind), new ListAttachedPolicies(directories, kind, paging)),
        Op($"List{kind.Title}Policies", ReadOnly, ListInlinePoliciesRequest.Shape(kind), new ListInlinePolicies(directories, kind, paging)),
        Op($"Put{kind.Title}Policy", Mutating, InlinePolicyRequest.PutShape(kind), new PutInlinePolicy(directories, kind)),
    ];

    private static OperationEntry[] Providers(IamDirectories directories, Paging paging) =>
    [
        Op("AddClientIDToOpenIDConnectProvider", Mutating, ClientIdRequest.Shape, new AddClientIDToOpenIDConnectProvider(directories)),
        Op("CreateOpenIDConnectProvider", Mutating, CreateOpenIDConnectProviderRequest.Shape, new CreateOpenIDConnectProvider(directories)),
        Op("DeleteOpenIDConnectProvider", Mutating, ProviderRequest.Shape, new DeleteOpenIDConnectProvider(directories)),
        Op("GetOpenIDConnectProvider", ReadOnly, ProviderRequest.Shape, new GetOpenIDConnectProvider(directories)),
        Op("ListOpenIDConnectProviderTags", ReadOnly, ListEntityTagsRequest.Shape(TaggedKind.Provider), new ListEntityTags(directories, TaggedKind.Provider, paging)),
        Op("ListOpenIDConnectProviders", ReadOnly, ListOpenIDConnectProvidersRequest.Shape, new ListOpenIDConnectProviders(directories)),
        Op("RemoveClientIDFromOpenIDConnectProvider", Mutating, ClientIdRequest.Shape, new RemoveClientIDFromOpenIDConnectProvider(directories)),
        Op("TagOpenIDConnectProvider", Mutating, TagEntityRequest.Shape(TaggedKind.Provider), new TagEntity(directories, TaggedKind.Provider)),
        Op("UntagOpenIDConnectProvider", Mutating, UntagEntityRequest.Shape(TaggedKind.Provider), new UntagEntity(directories, TaggedKind.Provider)),
        Op("UpdateOpenIDConnectProviderThumbprint", Mutating, UpdateThumbprintRequest.Shape, new UpdateOpenIDConnectProviderThumbprint(directories)),
    ];
}
