using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.AccessKeys;
using Strongroom.Server.Iam.Account;
using Strongroom.Server.Iam.Groups;
using Strongroom.Server.Iam.Roles;
using Strongroom.Server.Iam.Simulation;
using Strongroom.Server.Iam.Tagged;
using Strongroom.Server.Iam.Users;
using Strongroom.Server.Keys;
using Strongroom.Storage;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Iam;

/// <summary>IAM's rows of the operation table, grouped as the folders are.</summary>
internal static class IamOperations
{
    public static IReadOnlyList<OperationEntry> All(
        IamDirectories directories, IDirectoryStore store, CredentialUses uses, KeyDirectory keys, Keyring keyring, Entropy entropy)
    {
        var paging = new Paging(keyring);
        return
        [
            .. Users(directories, store, paging, entropy),
            .. AbsentCredentials(directories),
            .. AccessKeys(directories, uses, paging, keys, keyring, entropy),
            .. Groups(directories, paging, entropy),
            .. Account(directories, store, paging),
            .. AccessOperations.All(directories, uses, paging, entropy),
            .. Simulation(directories, paging),
        ];
    }

    private static OperationEntry[] Users(IamDirectories directories, IDirectoryStore store, Paging paging, Entropy entropy) =>
    [
        Op("CreateUser", Mutating, CreateUserRequest.Shape, new CreateUser(directories, entropy)),
        Op("DeleteUser", Mutating, DeleteUserRequest.Shape, new DeleteUser(directories)),
        Op("DeleteUserPermissionsBoundary", Mutating, DeleteUserPermissionsBoundaryRequest.Shape, new DeleteUserPermissionsBoundary(directories)),
        Op("GetUser", ReadOnly, GetUserRequest.Shape, new GetUser(directories, store)),
        Op("ListUsers", ReadOnly, ListUsersRequest.Shape, new ListUsers(directories, paging)),
        Op("ListUserTags", ReadOnly, ListEntityTagsRequest.Shape(TaggedKind.User), new ListEntityTags(directories, TaggedKind.User, paging)),
        Op("PutUserPermissionsBoundary", Mutating, PutUserPermissionsBoundaryRequest.Shape, new PutUserPermissionsBoundary(directories)),
        Op("TagUser", Mutating, TagEntityRequest.Shape(TaggedKind.User), new TagEntity(directories, TaggedKind.User)),
        Op("UntagUser", Mutating, UntagEntityRequest.Shape(TaggedKind.User), new UntagEntity(directories, TaggedKind.User)),
        Op("UpdateUser", Mutating, UpdateUserRequest.Shape, new UpdateUser(directories)),
    ];

    private static OperationEntry[] AbsentCredentials(IamDirectories directories) =>
    [
        Op("DeleteLoginProfile", Mutating, LoginProfileRequest.Shape, new LoginProfile(directories)),
        Op("GetLoginProfile", ReadOnly, LoginProfileRequest.Shape, new LoginProfile(directories)),
        Op("ListMFADevices", ReadOnly, ExistingUserListRequest.Shape, new ListNothing<ExistingUserListRequest>(directories, "MFADevices")),
        Op("ListServiceSpecificCredentials", ReadOnly, ListServiceSpecificCredentialsRequest.Shape,
            new ListNothing<ListServiceSpecificCredentialsRequest>(directories, "ServiceSpecificCredentials")),
        Op("ListSigningCertificates", ReadOnly, ExistingUserListRequest.Shape, new ListNothing<ExistingUserListRequest>(directories, "Certificates")),
        Op("ListSSHPublicKeys", ReadOnly, ListSSHPublicKeysRequest.Shape, new ListNothing<ListSSHPublicKeysRequest>(directories, "SSHPublicKeys")),
        Op("ListVirtualMFADevices", ReadOnly, ListVirtualMFADevicesRequest.Shape,
            new ListNothing<ListVirtualMFADevicesRequest>(directories, "VirtualMFADevices")),
    ];

    private static OperationEntry[] AccessKeys(
        IamDirectories directories, CredentialUses uses, Paging paging, KeyDirectory keys, Keyring keyring, Entropy entropy) =>
    [
        Op("CreateAccessKey", Mutating, CreateAccessKeyRequest.Shape, new CreateAccessKey(directories, keys, keyring, entropy)),
        Op("DeleteAccessKey", Mutating, DeleteAccessKeyRequest.Shape, new DeleteAccessKey(directories)),
        Op("GetAccessKeyLastUsed", ReadOnly, GetAccessKeyLastUsedRequest.Shape, new GetAccessKeyLastUsed(directories, uses)),
        Op("ListAccessKeys", ReadOnly, ListAccessKeysRequest.Shape, new ListAccessKeys(directories, paging)),
        Op("UpdateAccessKey", Mutating, UpdateAccessKeyRequest.Shape, new UpdateAccessKey(directories)),
    ];

    private static OperationEntry[] Groups(IamDirectories directories, Paging paging, Entropy entropy) =>
    [
        Op("AddUserToGroup", Mutating, MembershipRequest.Shape, new AddUserToGroup(directories)),
        Op("CreateGroup", Mutating, CreateGroupRequest.Shape, new CreateGroup(directories, entropy)),
        Op("DeleteGroup", Mutating, DeleteGroupRequest.Shape, new DeleteGroup(directories)),
        Op("GetGroup", ReadOnly, GetGroupRequest.Shape, new GetGroup(directories, paging)),
        Op("ListGroups", ReadOnly, ListGroupsRequest.Shape, new ListGroups(directories, paging)),
        Op("ListGroupsForUser", ReadOnly, ListGroupsForUserRequest.Shape, new ListGroupsForUser(directories, paging)),
        Op("RemoveUserFromGroup", Mutating, MembershipRequest.Shape, new RemoveUserFromGroup(directories)),
        Op("UpdateGroup", Mutating, UpdateGroupRequest.Shape, new UpdateGroup(directories)),
    ];

    private static OperationEntry[] Account(IamDirectories directories, IDirectoryStore store, Paging paging) =>
    [
        Op("CreateAccountAlias", Mutating, AccountAliasRequest.Shape, new CreateAccountAlias(directories, store)),
        Op("DeleteAccountAlias", Mutating, AccountAliasRequest.Shape, new DeleteAccountAlias(directories)),
        Op("GetAccountAuthorizationDetails", ReadOnly, GetAccountAuthorizationDetailsRequest.Shape, new GetAccountAuthorizationDetails(directories, new TrustPolicies(new PolicyPrincipals(directories)), paging)),
        Op("GetAccountPasswordPolicy", ReadOnly, NoParameters.Shape, new GetAccountPasswordPolicy(directories)),
        Op("GetAccountSummary", ReadOnly, NoParameters.Shape, new GetAccountSummary(directories)),
        Op("ListAccountAliases", ReadOnly, ListAccountAliasesRequest.Shape, new ListAccountAliases(directories, paging)),
    ];

    private static OperationEntry[] Simulation(IamDirectories directories, Paging paging) =>
    [
        Op("GetContextKeysForCustomPolicy", ReadOnly, GetContextKeysForCustomPolicyRequest.Shape, new GetContextKeysForCustomPolicy(directories)),
        Op("GetContextKeysForPrincipalPolicy", ReadOnly, GetContextKeysForPrincipalPolicyRequest.Shape, new GetContextKeysForPrincipalPolicy(directories)),
        Op("SimulateCustomPolicy", ReadOnly, SimulateCustomPolicyRequest.Shape, new SimulateCustomPolicy(directories, paging)),
        Op("SimulatePrincipalPolicy", ReadOnly, SimulatePrincipalPolicyRequest.Shape, new SimulatePrincipalPolicy(directories, paging)),
    ];

    /// <summary>A row of IAM.</summary>
    public static OperationEntry Op<TRequest, TTarget, TResponse>(
        string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IAnswer => Query(ServiceProtocol.Iam, name, readOnly, shape, handler);
}
