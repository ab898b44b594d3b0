using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Holders;

/// <summary>PutUserPolicy, PutGroupPolicy, PutRolePolicy. Source: IAM model; IAM fact sheet 2.7.</summary>
internal sealed class PutInlinePolicy(IamDirectories directories, HolderKind kind) : IOperation<InlinePolicyRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, InlinePolicyRequest request, CancellationToken ct) =>
        InlinePolicies.ResolveAsync(directories, call, kind, request.Name!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<InlinePolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var holder = kind.Existing(target, request.Name!);
        if (!PolicyDocument.TryParse(request.PolicyDocument!, PolicyKind.Identity, out _, out var error))
            throw IamErrors.MalformedPolicy(error.Message);
        var policies = InlinePolicies.Copy(holder);
        policies[request.PolicyName!] = request.PolicyDocument!;
        // The quota is of all of a holder's policies together, however many.
        if (policies.Values.Sum(PolicySize.Count) > kind.MaxInline)
            throw IamErrors.LimitExceeded($"Maximum policy size of {kind.MaxInline} bytes exceeded for {kind.Noun} {holder.Name}");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([holder with { InlinePolicies = policies }])));
    }
}

internal static class InlinePolicies
{
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, HolderKind kind, string name, CancellationToken ct)
    {
        var target = await kind.ResolveAsync(directories, call, name, ct);
        return target with { ServiceKeys = new AttachmentKeys(null, HolderKind.BoundaryOf(target.Entity)) };
    }

    public static SortedDictionary<string, string> Copy(PolicyHolder holder) => new(holder.InlinePolicies.ToDictionary(), StringComparer.Ordinal);
}
