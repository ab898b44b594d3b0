using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, RemovePermission.</summary>
internal sealed class RemovePermissionRequest
{
    public string? FunctionName { get; private set; }
    public string? StatementId { get; private set; }
    public string? Qualifier { get; private set; }
    public string? RevisionId { get; private set; }

    public static Shape<RemovePermissionRequest> Shape { get; } = new(
        Member.String<RemovePermissionRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.NamespacedFunctionName, required: true).InPath(),
        Member.String<RemovePermissionRequest>("StatementId", r => r.StatementId, (r, v) => r.StatementId = v, Constraint.Matching(1, 100, "([a-zA-Z0-9-_.]+)"), required: true).InPath(),
        Member.String<RemovePermissionRequest>("Qualifier", r => r.Qualifier, (r, v) => r.Qualifier = v, LambdaLimits.Qualifier).InQuery(),
        Member.String<RemovePermissionRequest>("RevisionId", r => r.RevisionId, (r, v) => r.RevisionId = v).InQuery());
}

internal sealed class RemovePermission(LambdaTargets targets, Entropy entropy) : IOperation<RemovePermissionRequest, LambdaTarget, Done>
{
    public async ValueTask<LambdaTarget> ResolveAsync(CallContext call, RemovePermissionRequest request, CancellationToken ct)
    {
        var target = await targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct);
        return target with { Principal = FunctionPolicy.PrincipalOf(FunctionPolicy.FindStatement(target.Function?.Policy, request.StatementId!)) };
    }

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<RemovePermissionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var function = target.ExistingAt(request.RevisionId);
        var policy = function.Policy ?? throw LambdaErrors.NothingToRemove();
        if (FunctionPolicy.FindStatement(policy, request.StatementId!) is null)
            throw LambdaErrors.NoStatement(request.StatementId!);
        var rest = FunctionPolicy.Without(policy, request.StatementId!);
        var changed = function with
        {
            Policy = rest,
            // Ids of principals that no statement names any more would keep their names from being meant anew.
            PolicyPrincipals = function.PolicyPrincipals is { } known && rest is not null
                ? new SortedDictionary<string, string>(known.Where(pair => rest.Contains($"\"{pair.Key}\"", StringComparison.Ordinal)).ToDictionary(), StringComparer.Ordinal)
                : null,
            RevisionId = entropy.NewGuid().ToString(),
        };
        return new(new Plan<Done>(Done.Instance, target.Directory!.Change(changed)));
    }
}

internal sealed record FunctionPolicyResponse(string Policy, string RevisionId) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteOptional("Policy"u8, Policy);
        writer.WriteString("RevisionId"u8, RevisionId);
    }
}

/// <summary>Source: Lambda model, GetPolicy.</summary>
internal sealed class GetPolicy(LambdaTargets targets, PolicyPrincipals principals) : IOperation<FunctionRequest, LambdaTarget, FunctionPolicyResponse>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, FunctionRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct);

    public async ValueTask<Plan<FunctionPolicyResponse>> PlanAsync(CallContext call, Authorized<FunctionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var function = authorized.Target.Existing;
        var policy = function.Policy ?? throw LambdaErrors.NoPolicy();
        return new FunctionPolicyResponse(await principals.ShowAsPutAsync(policy, function.PolicyPrincipals, ct), function.RevisionId);
    }
}
