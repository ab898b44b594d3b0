using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Strongroom.Server.Audit;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation;

/// <summary>How much rotation there is at once on this node.</summary>
/// <param name="Concurrency">Rotations that run at the same time, 1 to 1000.</param>
/// <param name="PerSecond">Rotations that are begun in a second at most, 1 to 10000: so that ten thousand that are due in the same minute leave the machine to readers.</param>
public sealed record RotationOptions(int Concurrency = 16, int PerSecond = 50);

/// <summary>
/// Finds rotations that have something to do, claims each so that no other node takes it, and runs them with bounded concurrency. A claim is prolonged
/// while its rotation runs; that of a node which died ends by itself and the rotation is taken up by another.
/// </summary>
internal sealed partial class RotationEngine(IRotationStore store, RotationRunner runner, RotationOptions options, TimeProvider time, ILogger log)
{
    private const int BatchSize = 100;

    /// <summary>How long a node that died keeps others from taking up its rotations.</summary>
    internal static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Prolonging = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PaceWindow = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, Task> running = new();
    private readonly SemaphoreSlim slots = new(options.Concurrency, options.Concurrency);
    private readonly SemaphoreSlim woken = new(0, 1);
    private readonly Lock gate = new();
    private Task? released;
    private DateTimeOffset nextStart = DateTimeOffset.MinValue;

    /// <summary>Looks at once instead of at the next interval: a rotation was asked for.</summary>
    public void Wake()
    {
        try
        {
            if (woken.CurrentCount == 0)
                woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else was faster; it will look.
        }
    }

    /// <summary>Looks now and then until stopped; then waits until what runs has come to a place where it can be left.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                try
                {
                    while (await LookAsync(ct) == BatchSize)
                    {
                    }
                }
                catch (StoreUnavailableException failure)
                {
                    LookFailed(log, failure.Message);
                }

                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(ct);
                await Task.WhenAny(woken.WaitAsync(timeout.Token), Task.Delay(Interval, time, timeout.Token));
                await timeout.CancelAsync();
                ct.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // The stop.
        }

        await IdleAsync();
    }

    /// <summary>Begins what is due, as far as there is room; waits for room where there is none.</summary>
    /// <returns>How many were found.</returns>
    public async Task<int> LookAsync(CancellationToken ct)
    {
        await ReleaseOnceAsync();
        var due = await store.ListDueForRotationAsync(time.GetUtcNow(), BatchSize, ct);
        foreach (var secret in due)
        {
            await slots.WaitAsync(ct);
            var isTaken = false;
            try
            {
                await PaceAsync(ct);
                isTaken = await TryTakeAsync(secret, ct);
            }
            finally
            {
                if (!isTaken)
                    slots.Release();
            }
        }

        return due.Count;
    }

    // What a server that was killed had claimed is nobody's now. Never again after that: it would end this server's own claims.
    private Task ReleaseOnceAsync()
    {
        lock (gate)
        {
            if (released is null or { IsFaulted: true })
                released = store.ReleaseRotationClaimsAsync(time.GetUtcNow(), ClaimTime, CancellationToken.None).AsTask();
            return released;
        }
    }

    /// <summary>Completes when nothing runs that was begun before.</summary>
    public Task IdleAsync() => Task.WhenAll(running.Values);

    // A second's worth may start together; what is more waits for its turn.
    private async Task PaceAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (nextStart - now > PaceWindow)
            await Task.Delay(nextStart - now - PaceWindow, time, ct);
        nextStart = (nextStart > now ? nextStart : now) + PaceWindow / options.PerSecond;
    }

    private async Task<bool> TryTakeAsync(DueSecret secret, CancellationToken ct)
    {
        var ended = new TaskCompletionSource();
        if (!running.TryAdd(secret.Id, ended.Task))
            return false;
        var until = Claim();
        var isClaimed = false;
        try
        {
            isClaimed = await store.TryClaimRotationAsync(secret.Id, secret.RotateAt, until, ct);
        }
        finally
        {
            if (!isClaimed)
            {
                running.TryRemove(secret.Id, out _);
                ended.SetResult();
            }
        }

        if (isClaimed)
            _ = RunOneAsync(secret, until, ended, ct);
        return isClaimed;
    }

    private async Task RunOneAsync(DueSecret secret, DateTimeOffset until, TaskCompletionSource ended, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var keeping = KeepAsync(secret, until, stop.Token);
        try
        {
            await Task.Run(() => runner.RunAsync(secret, ct), ct);
        }
        catch (OperationCanceledException)
        {
            // The stop of the server: another node, or the next start, takes it up at once.
            await ReleaseAsync(secret, await keeping);
        }
#pragma warning disable CA1031 // One secret's rotation must not end all others. It is taken up again when its claim ends.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            RunFailed(log, secret.Account, secret.Region, failure.GetType().Name, DetailOf(failure));
        }
        finally
        {
            await stop.CancelAsync();
            await keeping;
            running.TryRemove(secret.Id, out _);
            slots.Release();
            ended.SetResult();
        }
    }

    private static string DetailOf(Exception failure) =>
        failure is StoreUnavailableException or AuditUnavailableException or RotationException ? failure.Message : failure.StackTrace ?? "";

    /// <returns>Until when the secret is claimed in the end.</returns>
    private async Task<DateTimeOffset> KeepAsync(DueSecret secret, DateTimeOffset until, CancellationToken ct)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Prolonging, time, ct);
                var longer = Claim();
                if (!await store.TryClaimRotationAsync(secret.Id, until, longer, ct))
                    return until; // ended or changed by somebody; the runner notices before its next commit
                until = longer;
            }
        }
        catch (OperationCanceledException)
        {
            return until;
        }
        catch (StoreUnavailableException failure)
        {
            LookFailed(log, failure.Message);
            return until;
        }
    }

    private async Task ReleaseAsync(DueSecret secret, DateTimeOffset claimed)
    {
        try
        {
            await store.TryClaimRotationAsync(secret.Id, claimed, secret.RotateAt, CancellationToken.None);
        }
        catch (StoreUnavailableException failure)
        {
            LookFailed(log, failure.Message);
        }
    }

    // Whole milliseconds, as the store keeps it: the claim is found again by it.
    private DateTimeOffset Claim() => DateTimeOffset.FromUnixTimeMilliseconds((time.GetUtcNow() + ClaimTime).ToUnixTimeMilliseconds());

    [LoggerMessage(Level = LogLevel.Warning, Message = "Rotations can't be looked for and are tried again: {Reason}")]
    private static partial void LookFailed(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The rotation of a secret in {Account}, {Region} broke off and is taken up again: {Kind}: {Detail}")]
    private static partial void RunFailed(ILogger log, string account, string region, string kind, string detail);
}
