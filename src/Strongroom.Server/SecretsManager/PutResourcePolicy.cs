using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.12, section 7.</summary>
internal sealed class PutResourcePolicyRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public string? ResourcePolicy { get; private set; }
    public bool? BlockPublicPolicy { get; private set; }

    public static Shape<PutResourcePolicyRequest> Shape { get; } = new(
        Member.String<PutResourcePolicyRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.String<PutResourcePolicyRequest>("ResourcePolicy", r => r.ResourcePolicy, (r, v) => r.ResourcePolicy = v, Limits.ResourcePolicy, required: true),
        Member.Bool<PutResourcePolicyRequest>("BlockPublicPolicy", r => r.BlockPublicPolicy, (r, v) => r.BlockPublicPolicy = v));

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:blockpublicpolicy" => Parameters.Bool(BlockPublicPolicy),
        _ => default,
    };
}

internal sealed class PutResourcePolicy(SecretTargets targets, SecretVault vault, PolicyPrincipals principals)
    : IOperation<PutResourcePolicyRequest, SecretTarget, SecretNamed>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, PutResourcePolicyRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<SecretNamed>> PlanAsync(
        CallContext call, Authorized<PutResourcePolicyRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        if (!ResourcePolicyCheck.TryParse(request.ResourcePolicy!, out var document, out var fault))
            throw SecretsManagerErrors.MalformedPolicy(ResourcePolicyCheck.Message(fault));
        if (request.BlockPublicPolicy == true && PublicAccess.Grants(document))
            throw SecretsManagerErrors.PublicPolicy();

        var resolved = await principals.ResolveAsync(document, ct);
        if (resolved.Unknown is not null)
            throw SecretsManagerErrors.MalformedPolicy(ResourcePolicyCheck.Message(ResourcePolicyFault.Principal));
        if (target.IsLockedOutBy(call, document))
            throw AccessDenied.With(call, $"The resource policy would keep {call.Caller.Principal.Arn} from changing it again. Leave yourself secretsmanager:PutResourcePolicy or secretsmanager:DeleteResourcePolicy.");

        // Kept as sent: Terraform and people compare what they read with what they wrote.
        var after = secret with { ChangedAt = call.Now, Document = secret.Document with { ResourcePolicy = request.ResourcePolicy, PolicyPrincipals = resolved.EntityIds } };
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(SecretNamed.Of(secret));
    }
}
