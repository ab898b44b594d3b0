namespace Strongroom.Server.Rotation;

/// <summary>The functions that RotateSecret can name: built-in rotators, functions reached over HTTP, functions run as processes.</summary>
internal interface IRotationFunctions
{
    /// <summary>A function that exists and lets Secrets Manager invoke it for secrets of this account. Asked by RotateSecret and again before each step.</summary>
    /// <param name="account">Of the secret.</param>
    /// <param name="region">Of the secret.</param>
    /// <param name="secretArn">The secret: a function can be there for some secrets alone.</param>
    /// <param name="functionArn">As RotateSecret was given it; nothing is known of its form.</param>
    /// <returns>Null when there is no such function or its policy does not let the service in; the caller is not told which.</returns>
    ValueTask<IRotationFunction?> FindAsync(string account, string region, string secretArn, string functionArn, CancellationToken ct);

    /// <summary>What rotates managed external secrets of a type, which name no function.</summary>
    /// <param name="type">As CreateSecret was given it.</param>
    /// <returns>Null when nothing is configured for the type.</returns>
    ValueTask<IRotationFunction?> FindForTypeAsync(string account, string region, string secretArn, string type, CancellationToken ct) => new((IRotationFunction?)null);
}

/// <summary>Something that answers for the steps of rotations. Safe for concurrent use, by different secrets.</summary>
internal interface IRotationFunction
{
    /// <summary>Runs one step to its end. A step may be run again after it succeeded: who runs it may have been killed before that was noted.</summary>
    /// <returns>What it came to. What the function does wrong is no exception; an exception is a bug, or the stop of the server.</returns>
    Task<StepResult> InvokeAsync(RotationEvent step, CancellationToken ct);
}

/// <summary>What a step came to.</summary>
/// <param name="Error">Why it failed, in the function's words, at most 1024 characters; null when it succeeded. Holds no secret.</param>
/// <param name="Output">What the function wrote to its log, known secret values redacted; empty for none. Longer than 64 KiB, only the end.</param>
internal sealed record StepResult(string? Error = null, string Output = "")
{
    public static StepResult Succeeded { get; } = new();
}

/// <summary>Asks several, in order: the first that has the function answers.</summary>
internal sealed class AllRotationFunctions(params IReadOnlyList<IRotationFunctions> all) : IRotationFunctions
{
    public async ValueTask<IRotationFunction?> FindAsync(string account, string region, string secretArn, string functionArn, CancellationToken ct)
    {
        foreach (var functions in all)
        {
            if (await functions.FindAsync(account, region, secretArn, functionArn, ct) is { } function)
                return function;
        }

        return null;
    }

    public async ValueTask<IRotationFunction?> FindForTypeAsync(string account, string region, string secretArn, string type, CancellationToken ct)
    {
        foreach (var functions in all)
        {
            if (await functions.FindForTypeAsync(account, region, secretArn, type, ct) is { } function)
                return function;
        }

        return null;
    }
}
