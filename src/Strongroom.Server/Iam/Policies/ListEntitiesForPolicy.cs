using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, ListEntitiesForPolicy.</summary>
internal sealed class ListEntitiesForPolicyRequest : PagedRequest
{
    public string? PolicyArn { get; private set; }
    public string? EntityFilter { get; private set; }
    public string? PathPrefix { get; private set; }
    public string? PolicyUsageFilter { get; private set; }

    public static Shape<ListEntitiesForPolicyRequest> Shape { get; } = new(Members(
        Member.String<ListEntitiesForPolicyRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true),
        Member.String<ListEntitiesForPolicyRequest>(
            "EntityFilter", r => r.EntityFilter, (r, v) => r.EntityFilter = v, Constraint.Enum("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")),
        Member.String<ListEntitiesForPolicyRequest>("PathPrefix", r => r.PathPrefix, (r, v) => r.PathPrefix = v, IamLimits.Path),
        Member.String<ListEntitiesForPolicyRequest>("PolicyUsageFilter", r => r.PolicyUsageFilter, (r, v) => r.PolicyUsageFilter = v, IamLimits.PolicyUsage)));
}

internal sealed record ListEntitiesForPolicyResponse(Page<PolicyHolder> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        Write<IamGroup>(writer, HolderKind.Group);
        Write<IamUser>(writer, HolderKind.User);
        Write<IamRole>(writer, HolderKind.Role);
        Page.WriteEnd(writer);
    }

    private void Write<T>(XmlWriter writer, HolderKind kind)
        where T : PolicyHolder => writer.WriteList($"Policy{kind.Title}s", Page.Items.OfType<T>(), (inner, holder) =>
        {
            inner.WriteElementString(kind.NameMember, holder.Name);
            inner.WriteElementString(kind.Title + "Id", holder.Id);
        });
}

internal sealed class ListEntitiesForPolicy(IamDirectories directories, Paging paging)
    : IOperation<ListEntitiesForPolicyRequest, IamTarget, ListEntitiesForPolicyResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListEntitiesForPolicyRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<ListEntitiesForPolicyResponse>> PlanAsync(
        CallContext call, Authorized<ListEntitiesForPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Existing(target);
        var holders = target.Directory.All<PolicyHolder>()
            .Where(holder => IsAskedFor(holder, request) && IsUsedBy(holder, policy.Arn, request.PolicyUsageFilter))
            .OrderBy(Key, StringComparer.Ordinal);
        return new(new ListEntitiesForPolicyResponse(paging.Cut(holders, Key, request)));
    }

    private static string Key(PolicyHolder holder) => $"{holder.Kind}/{holder.Key}";

    private static bool IsAskedFor(PolicyHolder holder, ListEntitiesForPolicyRequest request) =>
        (request.EntityFilter is null || string.Equals(request.EntityFilter, holder.Kind, StringComparison.OrdinalIgnoreCase))
        && holder.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal);

    private static bool IsUsedBy(PolicyHolder holder, string arn, string? usage) =>
        (usage != "PermissionsBoundary" && holder.AttachedPolicies.Contains(arn))
        || (usage != "PermissionsPolicy" && HolderKind.BoundaryOf(holder) == arn);
}
