using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Lambda;

internal sealed record CodeSigningResponse(LambdaFunction Function) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteString("FunctionName"u8, Function.Name);
}

/// <summary>No function has a code signing configuration here; Terraform asks for it. Source: Lambda model, GetFunctionCodeSigningConfig.</summary>
internal sealed class GetFunctionCodeSigningConfig(LambdaTargets targets) : IOperation<FunctionRequest, LambdaTarget, CodeSigningResponse>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, FunctionRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, null, ct);

    public ValueTask<Plan<CodeSigningResponse>> PlanAsync(CallContext call, Authorized<FunctionRequest, LambdaTarget> authorized, CancellationToken ct) =>
        new(new CodeSigningResponse(authorized.Target.Existing));
}
