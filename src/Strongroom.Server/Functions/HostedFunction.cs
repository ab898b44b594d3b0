using Strongroom.Server.Rotation;

namespace Strongroom.Server.Functions;

/// <summary>A rotation function that runs as a process of this machine.</summary>
/// <param name="code">See <see cref="IFunctionHost"/>.</param>
internal sealed class HostedFunction(
    IFunctionHost host, FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, StepSecrets secrets) : IRotationFunction
{
    public async Task<StepResult> InvokeAsync(RotationEvent step, CancellationToken ct)
    {
        using var redaction = await secrets.OpenAsync(step, ct);
        var result = await host.InvokeAsync(function, code, step.ToJson(), redaction, ct);
        return StepAnswer.Read(result.Payload.Span, result.FunctionError is not null, result.Log, redaction);
    }
}
