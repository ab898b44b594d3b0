using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Policies;
using Strongroom.Server.Iam.Roles;

namespace Strongroom.Server.Iam.Account;

/// <summary>Source: IAM model, GetAccountAuthorizationDetails.</summary>
internal sealed class GetAccountAuthorizationDetailsRequest : PagedRequest
{
    public IReadOnlyList<string>? Filter { get; private set; }

    public static Shape<GetAccountAuthorizationDetailsRequest> Shape { get; } = new(Members(
        Member.Strings<GetAccountAuthorizationDetailsRequest>("Filter", r => r.Filter, (r, v) => r.Filter = v,
            Constraint.Enum("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"))));

    public bool Wants(string type) => Filter is not { Count: > 0 } || Filter.Contains(type, StringComparer.Ordinal);
}

/// <summary>An entity, or a policy of AWS's, with its place in the one order that pages follow.</summary>
internal sealed record AccountDetail(string Order, IamEntity? Entity, AwsManagedPolicy? AwsPolicy = null);

/// <param name="TrustPolicies">Of the page's roles, by key, as they read today.</param>
internal sealed record GetAccountAuthorizationDetailsResponse(
    IamDirectory Directory, Page<AccountDetail> Page, IReadOnlyDictionary<string, string> TrustPolicies) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        var uses = PolicyUse.CountAll(Directory);
        writer.WriteList("UserDetailList", Of<IamUser>(), WriteUser);
        writer.WriteList("GroupDetailList", Of<IamGroup>(), WriteGroup);
        writer.WriteList("RoleDetailList", Of<IamRole>(), WriteRole);
        writer.WriteList("Policies", Page.Items.Where(item => item.Entity is IamPolicy || item.AwsPolicy is not null), (inner, item) =>
        {
            var policy = item.AwsPolicy is { } aws ? ManagedPolicy.Of(aws) : ManagedPolicy.Of(Directory.Account, (IamPolicy)item.Entity!);
            WritePolicy(inner, policy, uses.GetValueOrDefault(policy.Arn));
        });
        Page.WriteEnd(writer);
    }

    private IEnumerable<T> Of<T>()
        where T : IamEntity => Page.Items.Select(item => item.Entity).OfType<T>();

    private void WriteUser(XmlWriter writer, IamUser user)
    {
        WriteNamed(writer, user, "User");
        WriteInline(writer, "UserPolicyList", user);
        writer.WriteStrings("GroupList", user.Groups);
        WriteAttached(writer, user);
        Boundaries.Write(writer, user.Boundary);
        IamTags.WriteAll(writer, user.Tags);
    }

    private void WriteGroup(XmlWriter writer, IamGroup group)
    {
        WriteNamed(writer, group, "Group");
        WriteInline(writer, "GroupPolicyList", group);
        WriteAttached(writer, group);
    }

    private void WriteRole(XmlWriter writer, IamRole role)
    {
        WriteNamed(writer, role, "Role");
        writer.WriteDocument("AssumeRolePolicyDocument", TrustPolicies[role.Key]);
        writer.WriteStrings("InstanceProfileList", []);
        WriteInline(writer, "RolePolicyList", role);
        WriteAttached(writer, role);
        Boundaries.Write(writer, role.Boundary);
        IamTags.WriteAll(writer, role.Tags);
        writer.WriteStartElement("RoleLastUsed");
        writer.WriteEndElement();
    }

    private static void WritePolicy(XmlWriter writer, ManagedPolicy policy, PolicyUse use)
    {
        writer.WriteElementString("PolicyName", policy.Name);
        writer.WriteElementString("PolicyId", policy.Id);
        writer.WriteElementString("Arn", policy.Arn);
        writer.WriteElementString("Path", policy.Path);
        writer.WriteElementString("DefaultVersionId", $"v{policy.DefaultVersion}");
        writer.WriteNumber("AttachmentCount", use.Attachments);
        writer.WriteNumber("PermissionsBoundaryUsageCount", use.Boundaries);
        writer.WriteBool("IsAttachable", true);
        writer.WriteOptional("Description", policy.Description);
        writer.WriteTime("CreateDate", policy.CreatedAt);
        writer.WriteTime("UpdateDate", policy.UpdatedAt);
        writer.WriteList("PolicyVersionList", policy.Versions.Reverse(), (inner, version) =>
        {
            inner.WriteDocument("Document", version.Document);
            inner.WriteElementString("VersionId", version.VersionId);
            inner.WriteBool("IsDefaultVersion", version.Number == policy.DefaultVersion);
            inner.WriteTime("CreateDate", version.CreatedAt);
        });
    }

    private void WriteNamed(XmlWriter writer, NamedEntity entity, string type)
    {
        writer.WriteElementString("Path", entity.Path);
        writer.WriteElementString(type + "Name", entity.Name);
        writer.WriteElementString(type + "Id", entity.Id);
        writer.WriteElementString("Arn", entity.Arn(Directory.Account));
        writer.WriteTime("CreateDate", entity.CreatedAt);
    }

    private static void WriteInline(XmlWriter writer, string name, PolicyHolder holder) => writer.WriteList(name, holder.InlinePolicies, static (inner, policy) =>
    {
        inner.WriteElementString("PolicyName", policy.Key);
        inner.WriteDocument("PolicyDocument", policy.Value);
    });

    private static void WriteAttached(XmlWriter writer, PolicyHolder holder) => writer.WriteList("AttachedManagedPolicies", holder.AttachedPolicies, static (inner, arn) =>
    {
        inner.WriteElementString("PolicyName", arn[(arn.LastIndexOf('/') + 1)..]);
        inner.WriteElementString("PolicyArn", arn);
    });
}

/// <summary>Everything that decides who may do what in the account. Of AWS's own policies, those in use.</summary>
internal sealed class GetAccountAuthorizationDetails(IamDirectories directories, TrustPolicies trust, Paging paging)
    : IOperation<GetAccountAuthorizationDetailsRequest, IamTarget, GetAccountAuthorizationDetailsResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, GetAccountAuthorizationDetailsRequest request, CancellationToken ct) =>
        WholeAccount.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<GetAccountAuthorizationDetailsResponse>> PlanAsync(
        CallContext call, Authorized<GetAccountAuthorizationDetailsRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var page = paging.Cut(Details(target.Directory, request), detail => detail.Order, request);
        var policies = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var role in page.Items.Select(item => item.Entity).OfType<IamRole>())
            policies.Add(role.Key, await trust.ShowAsync(role, ct));
        return new GetAccountAuthorizationDetailsResponse(target.Directory, page, policies);
    }

    private static IEnumerable<AccountDetail> Details(IamDirectory directory, GetAccountAuthorizationDetailsRequest request)
    {
        IEnumerable<AccountDetail> all = [];
        if (request.Wants("User"))
            all = all.Concat(directory.All<IamUser>().Select(user => new AccountDetail("1" + user.Key, user)));
        if (request.Wants("Group"))
            all = all.Concat(directory.All<IamGroup>().Select(group => new AccountDetail("2" + group.Key, group)));
        if (request.Wants("Role"))
            all = all.Concat(directory.All<IamRole>().Select(role => new AccountDetail("3" + role.Key, role)));
        if (request.Wants("LocalManagedPolicy"))
            all = all.Concat(directory.All<IamPolicy>().Select(policy => new AccountDetail("4" + policy.Key, policy)));
        if (request.Wants("AWSManagedPolicy"))
            all = all.Concat(InUse(directory).Select(policy => new AccountDetail("5" + policy.Arn, null, policy)));
        return all;
    }

    private static IEnumerable<AwsManagedPolicy> InUse(IamDirectory directory) =>
        PolicyUse.CountAll(directory).Keys
            .Select(AwsManagedPolicies.Find).OfType<AwsManagedPolicy>()
            .OrderBy(policy => policy.Arn, StringComparer.Ordinal);
}
