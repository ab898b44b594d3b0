using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.8.</summary>
/// <param name="Policy">As it reads today; null when there is none.</param>
internal sealed record GetResourcePolicyResponse(StoredSecret Secret, string? Policy) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Secret.Arn());
        writer.WriteString("Name"u8, Secret.Name);
        writer.WriteOptional("ResourcePolicy"u8, Policy);
    }
}

internal sealed class GetResourcePolicy(SecretTargets targets, PolicyPrincipals principals) : IOperation<SecretIdRequest, SecretTarget, GetResourcePolicyResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<GetResourcePolicyResponse>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var secret = authorized.Target.Usable;
        var text = secret.Document.ResourcePolicy;
        return new GetResourcePolicyResponse(
            secret, text is null ? null : await principals.ShowAsPutAsync(text, secret.Document.PolicyPrincipals, ct));
    }
}
