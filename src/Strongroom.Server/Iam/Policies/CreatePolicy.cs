using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, CreatePolicy; IAM fact sheet 6.2, 6.5.</summary>
internal sealed class CreatePolicyRequest
{
    public string? PolicyName { get; private set; }
    public string? Path { get; private set; }
    public string? PolicyDocument { get; private set; }
    public string? Description { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<CreatePolicyRequest> Shape { get; } = new(
        Member.String<CreatePolicyRequest>("PolicyName", r => r.PolicyName, (r, v) => r.PolicyName = v, IamLimits.PolicyName, required: true),
        Member.String<CreatePolicyRequest>("Path", r => r.Path, (r, v) => r.Path = v, IamLimits.PolicyPath),
        Member.String<CreatePolicyRequest>("PolicyDocument", r => r.PolicyDocument, (r, v) => r.PolicyDocument = v, IamLimits.PolicyDocument, required: true),
        Member.String<CreatePolicyRequest>("Description", r => r.Description, (r, v) => r.Description = v, IamLimits.PolicyDescription),
        Member.Structs<CreatePolicyRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50));
}

internal sealed class CreatePolicy(IamDirectories directories, Entropy entropy) : IOperation<CreatePolicyRequest, IamTarget, PolicyResponse>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    private const int MaxPolicies = 1500;

    public async ValueTask<IamTarget> ResolveAsync(CallContext call, CreatePolicyRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:policy{request.Path ?? "/"}{request.PolicyName}")
        {
            Printed = $"policy {request.PolicyName}",
            RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)),
        };
    }

    public ValueTask<Plan<PolicyResponse>> PlanAsync(CallContext call, Authorized<CreatePolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        PolicyTargets.CheckDocument(request.PolicyDocument!);
        if (request.Description is { } description && !XmlParts.CanHold(description))
            throw IamErrors.InvalidInput("The specified value for description is invalid. It must not contain control characters.");
        if (directory.FindPolicy(request.PolicyName!) is { } taken)
            throw IamErrors.Exists($"A policy called {taken.Name} already exists. Duplicate names are not allowed.");
        if (directory.All<IamPolicy>().Count() >= MaxPolicies)
            throw IamErrors.QuotaExceeded("PoliciesPerAccount", MaxPolicies);

        var now = call.Now.ToUnixTimeMilliseconds();
        var policy = new IamPolicy
        {
            Name = request.PolicyName!,
            Path = request.Path ?? "/",
            Id = IamIds.New("ANPA", entropy),
            CreatedAtMs = now,
            UpdatedAtMs = now,
            Description = request.Description,
            Tags = TagRequest.ToTags(request.Tags),
            Versions = [new IamPolicyVersion(1, request.PolicyDocument!, now)],
        };
        var response = new PolicyResponse(ManagedPolicy.Of(directory.Account, policy), default) { HasAuditElements = true };
        return new(new Plan<PolicyResponse>(response, directory.Change([policy])));
    }
}
