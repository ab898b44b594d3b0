using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.8.</summary>
internal sealed record GetResourcePolicyResponse(StoredSecret Secret) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Secret.Arn());
        writer.WriteString("Name"u8, Secret.Name);
        writer.WriteOptional("ResourcePolicy"u8, Secret.Document.ResourcePolicy);
    }
}

internal sealed class GetResourcePolicy(SecretTargets targets) : IOperation<SecretIdRequest, SecretTarget, GetResourcePolicyResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public ValueTask<Plan<GetResourcePolicyResponse>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct) =>
        new(new GetResourcePolicyResponse(authorized.Target.Usable));
}
