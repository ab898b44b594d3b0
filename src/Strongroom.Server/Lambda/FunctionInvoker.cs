using Strongroom.Server.Functions;

namespace Strongroom.Server.Lambda;

/// <summary>Runs stored functions, at most so many at once. Safe for concurrent use.</summary>
/// <param name="stopping">An invocation goes on when its caller has gone, as on AWS, and ends with the server.</param>
internal sealed class FunctionInvoker(FunctionVault vault, IFunctionHost host, CancellationToken stopping)
{
    private const int MaxAtOnce = 64;

    private int running;

    /// <param name="redaction">What its log is shown without.</param>
    /// <param name="ct">Of whoever may break the invocation off; a caller of Invoke may not.</param>
    /// <exception cref="Protocol.ServiceException">TooManyRequestsException.</exception>
    public async Task<InvokeResult> InvokeAsync(LambdaFunction function, ReadOnlyMemory<byte> payload, Redaction redaction, CancellationToken ct)
    {
        Enter();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, ct);
            return await host.InvokeAsync(await DefineAsync(function, either.Token), token => vault.OpenCodeAsync(function, token), payload, redaction, either.Token);
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    /// <summary>Begins an invocation for whose end nobody waits. Differs from AWS: one that fails is not tried again.</summary>
    /// <exception cref="Protocol.ServiceException">TooManyRequestsException.</exception>
    public void Begin(LambdaFunction function, ReadOnlyMemory<byte> payload)
    {
        Enter();
        _ = Task.Run(async () =>
        {
            try
            {
                using var redaction = new Redaction();
                await host.InvokeAsync(await DefineAsync(function, stopping), ct => vault.OpenCodeAsync(function, ct), payload, redaction, stopping);
            }
#pragma warning disable CA1031 // Nobody waits for it: whatever went wrong is in the function's own log, or the server stops.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }, CancellationToken.None);
    }

    private async ValueTask<FunctionDefinition> DefineAsync(LambdaFunction function, CancellationToken ct) => new()
    {
        Account = function.Account,
        Region = function.Region,
        Name = function.Name,
        Runtime = function.Runtime,
        Handler = function.Handler,
        RoleArn = function.Role,
        Timeout = TimeSpan.FromSeconds(function.Timeout),
        MemoryMegabytes = function.MemorySize,
        Environment = await vault.OpenEnvironmentAsync(function, ct),
        CodeId = function.CodeSha256,
        RevisionId = function.RevisionId,
    };

    private void Enter()
    {
        if (Interlocked.Increment(ref running) <= MaxAtOnce)
            return;
        Interlocked.Decrement(ref running);
        throw LambdaErrors.TooManyInvocations();
    }
}
