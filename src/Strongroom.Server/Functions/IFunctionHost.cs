namespace Strongroom.Server.Functions;

/// <summary>Runs functions as processes of this machine, as Lambda runs them. Off until the operator configures it.</summary>
internal interface IFunctionHost
{
    /// <summary>Whether the operator lets functions run here.</summary>
    bool IsOn { get; }

    /// <summary>Runs one invocation to its end, or to the function's timeout.</summary>
    /// <param name="code">Fetches the package, a ZIP archive, when this machine does not have it unpacked yet; null when <see cref="FunctionDefinition.CodeId"/> is a directory.</param>
    /// <param name="payload">The event, JSON.</param>
    /// <param name="redaction">Values that the log must not hold. Those that the host knows are added: the function's variables, its session's secrets.</param>
    /// <returns>Also for what the function does wrong; an exception is a bug, or the stop of the server.</returns>
    Task<InvokeResult> InvokeAsync(
        FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, ReadOnlyMemory<byte> payload, Redaction redaction, CancellationToken ct);
}

internal static class FunctionHostCalls
{
    /// <inheritdoc cref="IFunctionHost.InvokeAsync"/>
    public static async Task<InvokeResult> InvokeAsync(
        this IFunctionHost host, FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        using var redaction = new Redaction();
        return await host.InvokeAsync(function, code, payload, redaction, ct);
    }
}

/// <summary>What an invocation came to. Source: IAM fact sheet 9.1.</summary>
/// <param name="Payload">What the handler returned, or Lambda's error object, JSON.</param>
/// <param name="FunctionError"><c>Unhandled</c> when the function failed, ran out of time or could not be started; null when it succeeded.</param>
/// <param name="Log">The end of what it wrote to its standard output and error, at most 64 KiB, known secret values redacted.</param>
internal sealed record InvokeResult(ReadOnlyMemory<byte> Payload, string? FunctionError, string Log);
