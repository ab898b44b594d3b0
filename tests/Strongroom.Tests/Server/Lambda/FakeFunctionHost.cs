using Strongroom.Server.Functions;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>Stands for the processes that functions run in: notes what it is asked to run, and does what a test says.</summary>
internal sealed class FakeFunctionHost : IFunctionHost
{
    public bool IsOn { get; set; } = true;

    /// <summary>What was run, oldest first.</summary>
    public List<(FunctionDefinition Function, byte[]? Code, string Payload)> Runs { get; } = [];

    /// <summary>Released once for each run, when it is noted.</summary>
    public SemaphoreSlim Ran { get; } = new(0);

    public Func<FunctionDefinition, string, CancellationToken, Task<InvokeResult>> Handler { get; set; } = (_, _, _) => Task.FromResult(Success("null"));

    public async Task<InvokeResult> InvokeAsync(
        FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, ReadOnlyMemory<byte> payload, Redaction redaction, CancellationToken ct)
    {
        var text = System.Text.Encoding.UTF8.GetString(payload.Span);
        var package = code is null ? null : await code(ct);
        lock (Runs)
            Runs.Add((function, package, text));
        Ran.Release();
        var result = await Handler(function, text, ct);
        return result with { Log = redaction.Apply(result.Log) };
    }

    public static InvokeResult Success(string payload, string log = "") => new(System.Text.Encoding.UTF8.GetBytes(payload), null, log);

    public static InvokeResult Failure(string payload, string log = "") => new(System.Text.Encoding.UTF8.GetBytes(payload), "Unhandled", log);
}
