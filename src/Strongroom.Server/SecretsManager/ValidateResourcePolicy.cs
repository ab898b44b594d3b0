using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.23, section 7.</summary>
internal sealed class ValidateResourcePolicyRequest
{
    public string? SecretId { get; private set; }
    public string? ResourcePolicy { get; private set; }

    public static Shape<ValidateResourcePolicyRequest> Shape { get; } = new(
        Member.String<ValidateResourcePolicyRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId),
        Member.String<ValidateResourcePolicyRequest>("ResourcePolicy", r => r.ResourcePolicy, (r, v) => r.ResourcePolicy = v, Limits.ResourcePolicy, required: true));
}

internal sealed record ValidateResourcePolicyResponse(IReadOnlyList<ResourcePolicyFault> Faults) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteBoolean("PolicyValidationPassed"u8, Faults.Count == 0);
        writer.WriteStartArray("ValidationErrors"u8);
        foreach (var fault in Faults)
        {
            writer.WriteStartObject();
            writer.WriteString("CheckName"u8, ResourcePolicyCheck.CheckName(fault));
            writer.WriteString("ErrorMessage"u8, fault == ResourcePolicyFault.Public ? "The resource policy allows public access to the secret." : ResourcePolicyCheck.Message(fault));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal sealed class ValidateResourcePolicy(SecretTargets targets, PolicyPrincipals principals)
    : IOperation<ValidateResourcePolicyRequest, SecretTarget, ValidateResourcePolicyResponse>
{
    /// <summary>Without a SecretId the policy is checked for any secret of the account.</summary>
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, ValidateResourcePolicyRequest request, CancellationToken ct) =>
        request.SecretId is null
            ? new(new SecretTarget(call.Caller.Account, "*", null, null))
            : targets.ResolveAsync(call, request.SecretId, ct);

    public async ValueTask<Plan<ValidateResourcePolicyResponse>> PlanAsync(
        CallContext call, Authorized<ValidateResourcePolicyRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        AccessDenied.Demand(call, "secretsmanager:PutResourcePolicy", target);
        if (request.SecretId is not null)
            _ = target.Usable;

        IReadOnlyList<ResourcePolicyFault> faults =
            !ResourcePolicyCheck.TryParse(request.ResourcePolicy!, out var document, out var fault) ? [fault]
            : (await principals.ResolveAsync(document, ct)).Unknown is not null ? [ResourcePolicyFault.Principal]
            : PublicAccess.Grants(document) ? [ResourcePolicyFault.Public]
            : request.SecretId is not null && target.IsLockedOutBy(call, document) ? [ResourcePolicyFault.Lockout]
            : [];
        return new ValidateResourcePolicyResponse(faults);
    }
}
