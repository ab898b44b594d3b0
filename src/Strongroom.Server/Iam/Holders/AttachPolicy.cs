using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Policies;

namespace Strongroom.Server.Iam.Holders;

/// <summary>A holder and a managed policy.</summary>
internal sealed class AttachmentRequest
{
    public string? Name { get; private set; }
    public string? PolicyArn { get; private set; }

    public static Shape<AttachmentRequest> Shape(HolderKind kind) => new(
        Member.String<AttachmentRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.Name, required: true),
        Member.String<AttachmentRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true));

    /// <exception cref="Protocol.ServiceException">ValidationError, InvalidInput: not the ARN of a policy.</exception>
    public async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, HolderKind kind, CancellationToken ct)
    {
        PolicyTargets.CheckArn(PolicyArn!);
        var target = await kind.ResolveAsync(directories, call, Name!, ct);
        return target with { ServiceKeys = new AttachmentKeys(PolicyArn, HolderKind.BoundaryOf(target.Entity)) };
    }
}

/// <summary>AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy. Source: IAM model; IAM fact sheet 6.5. Attaching twice succeeds.</summary>
internal sealed class AttachPolicy(IamDirectories directories, HolderKind kind) : IOperation<AttachmentRequest, IamTarget, Done>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    private const int MaxPolicies = 10;

    public ValueTask<IamTarget> ResolveAsync(CallContext call, AttachmentRequest request, CancellationToken ct) => request.ResolveAsync(directories, call, kind, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<AttachmentRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var holder = kind.Existing(target, request.Name!);
        var arn = request.PolicyArn!;
        if (CallerPolicies.FindManaged(target.Directory, arn) is null)
            throw IamErrors.NotAttachable(arn);
        if (!holder.AttachedPolicies.Contains(arn) && holder.AttachedPolicies.Count >= MaxPolicies)
            throw IamErrors.QuotaExceeded($"PoliciesPer{kind.Title}", MaxPolicies);
        // Committed even when it changes nothing, so that the answer is never about a directory that has moved on.
        IReadOnlyList<string> attached = [.. holder.AttachedPolicies.Where(other => other != arn), arn];
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([holder with { AttachedPolicies = attached }])));
    }
}

/// <summary>DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy. Source: IAM model.</summary>
internal sealed class DetachPolicy(IamDirectories directories, HolderKind kind) : IOperation<AttachmentRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, AttachmentRequest request, CancellationToken ct) => request.ResolveAsync(directories, call, kind, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<AttachmentRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var holder = kind.Existing(target, request.Name!);
        if (!holder.AttachedPolicies.Contains(request.PolicyArn!))
            throw IamErrors.NoSuchPolicy(request.PolicyArn!);
        IReadOnlyList<string> attached = [.. holder.AttachedPolicies.Where(other => other != request.PolicyArn)];
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([holder with { AttachedPolicies = attached }])));
    }
}
