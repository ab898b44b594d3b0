using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;

namespace Strongroom.Server.Functions;

/// <summary>Runs functions as processes: one for each function, begun when it is first invoked, ended when it has nothing to do.</summary>
/// <param name="endpoint">Where this server is reached; known once it listens.</param>
internal sealed partial class FunctionHost(
    FunctionOptions options, Confinement confinement, FunctionFiles files, FunctionSessions sessions, Func<Uri> endpoint,
    TimeProvider time, Entropy entropy, ILogger log) : IFunctionHost, IAsyncDisposable
{
    /// <summary>Credentials end this much after the last moment at which they could be needed.</summary>
    public static readonly TimeSpan SessionMargin = TimeSpan.FromMinutes(1);

    /// <summary>How long a process is kept for the next event.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(5);

    private const int MaxWaiting = 100;
    private const int MaxProcesses = 64;

    private readonly ConcurrentDictionary<string, Slot> slots = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource stopping = new();
    private bool disposed;

    public bool IsOn => true;

    public async Task<InvokeResult> InvokeAsync(
        FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, ReadOnlyMemory<byte> payload, Redaction redaction, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, stopping.Token);
        if (await TakeTurnAsync(function.Arn, either.Token) is not { } slot)
            return Failed(TooMany());
        try
        {
            slot.LastUsed = time.GetUtcNow();
            if (slot.Process is { } old && !old.IsUsable(function))
                await slot.EndAsync();
            return slot.Process is null && await BeginAsync(slot, function, code, either.Token) is { } refusal
                ? Failed(refusal)
                : await RunAsync(slot, function, payload, redaction, either.Token);
        }
        finally
        {
            slot.LastUsed = time.GetUtcNow();
            slot.Turn.Release();
        }
    }

    /// <summary>Ends processes that have had nothing to do for long.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        foreach (var (arn, slot) in slots)
        {
            if (time.GetUtcNow() - slot.LastUsed < IdleLimit || !await slot.Turn.WaitAsync(0, ct))
                continue;
            try
            {
                await slot.EndAsync();
                slot.RemoveCode();
            }
            finally
            {
                slots.TryRemove(KeyValuePair.Create(arn, slot));
                slot.Turn.Release();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        await stopping.CancelAsync();
        foreach (var slot in slots.Values)
        {
            await slot.Turn.WaitAsync();
            await slot.EndAsync();
        }

        await files.RemoveAsync(CancellationToken.None);
        confinement.Dispose();
        stopping.Dispose();
    }

    /// <returns>Null when too many wait already.</returns>
    private async Task<Slot?> TakeTurnAsync(string arn, CancellationToken ct)
    {
        while (true)
        {
            var slot = slots.GetOrAdd(arn, static _ => new Slot());
            try
            {
                if (Interlocked.Increment(ref slot.Waiting) > MaxWaiting)
                    return null;
                await slot.Turn.WaitAsync(ct);
            }
            finally
            {
                Interlocked.Decrement(ref slot.Waiting);
            }

            // It may have been swept away meanwhile, and then nobody would end its process.
            if (slots.TryGetValue(arn, out var known) && known == slot)
                return slot;
            slot.Turn.Release();
        }
    }

    /// <returns>Lambda's error object; null when there is a process now.</returns>
    private async Task<byte[]?> BeginAsync(Slot slot, FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, CancellationToken ct)
    {
        if (slots.Values.Count(other => other.Process is not null) >= MaxProcesses && !await EndOldestAsync(ct))
            return TooMany();
        FunctionSession? session = null;
        if (function.RoleArn is not null)
        {
            session = await sessions.FindAsync(function, function.Timeout + IdleLimit + FunctionProcess.InitLimit + (SessionMargin * 2), ct);
            if (session is null)
                return FunctionErrors.Of("AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.");
        }

        try
        {
            var directory = await PlaceAsync(slot, function, code, ct);
            slot.Process = await FunctionProcess.StartAsync(function, directory, session, files, confinement, options, endpoint(), time, entropy, ct);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FunctionPackageException)
        {
            NotStarted(log, function.Arn, e.Message);
            return FunctionErrors.Of("Runtime.InvalidEntrypoint", $"The function can't be started: {e.Message}");
        }
    }

    private async Task<string> PlaceAsync(Slot slot, FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, CancellationToken ct)
    {
        if (code is null)
            return Directory.Exists(function.CodeId) ? function.CodeId : throw new IOException($"There is no directory {function.CodeId}.");
        if (slot.Code is { } unpacked && slot.CodeId == function.CodeId)
            return unpacked;
        slot.RemoveCode();
        var package = await code(ct);
        (slot.Code, slot.CodeId) = (files.Unpack(package), function.CodeId);
        return slot.Code;
    }

    private async Task<InvokeResult> RunAsync(Slot slot, FunctionDefinition function, ReadOnlyMemory<byte> payload, Redaction redaction, CancellationToken ct)
    {
        redaction.Add(slot.Process!.Session?.SecretAccessKey);
        redaction.Add(slot.Process.Session?.SessionToken);
        foreach (var value in function.Environment.Values)
            redaction.Add(value);
        redaction.Add(RotationToken(payload));

        try
        {
            var (answer, output, isCut) = await slot.Process.InvokeAsync(entropy.NewGuid().ToString(), payload, ct);
            await redaction.CompleteAsync(ct);
            return new InvokeResult(answer.Payload, answer.IsError ? FunctionErrors.Unhandled : null, redaction.Apply(output, isCut));
        }
        finally
        {
            if (!slot.Process.IsUsable(function))
                await slot.EndAsync();
        }
    }

    private async Task<bool> EndOldestAsync(CancellationToken ct)
    {
        foreach (var slot in slots.Values.Where(slot => slot.Process is not null).OrderBy(slot => slot.LastUsed))
        {
            if (!await slot.Turn.WaitAsync(0, ct))
                continue;
            try
            {
                await slot.EndAsync();
                return true;
            }
            finally
            {
                slot.Turn.Release();
            }
        }

        return false;
    }

    // Of a rotation's event. Other events are their senders' affair.
    private static string? RotationToken(ReadOnlyMemory<byte> payload)
    {
        try
        {
            var reader = new Utf8JsonReader(payload.Span);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("RotationToken"u8) && reader.Read() && reader.TokenType == JsonTokenType.String)
                    return reader.GetString();
            }
        }
        catch (JsonException)
        {
            // For the function to complain about.
        }

        return null;
    }

    private static byte[] TooMany() => FunctionErrors.Of("TooManyRequestsException", "Rate Exceeded.");

    private static InvokeResult Failed(byte[] error) => new(error, FunctionErrors.Unhandled, "");

    [LoggerMessage(Level = LogLevel.Warning, Message = "Function {Arn} can't be started: {Reason}")]
    private static partial void NotStarted(ILogger log, string arn, string reason);

    /// <summary>What there is of one function. Its process is its turn's holder's.</summary>
    private sealed class Slot
    {
        public int Waiting;

        public SemaphoreSlim Turn { get; } = new(1);

        public FunctionProcess? Process { get; set; }

        /// <summary>The directory with the unpacked package; null before the first, and for a directory that the operator keeps.</summary>
        public string? Code { get; set; }

        public string? CodeId { get; set; }

        public DateTimeOffset LastUsed { get; set; }

        public async Task EndAsync()
        {
            if (Process is { } process)
            {
                Process = null;
                await process.DisposeAsync();
            }
        }

        public void RemoveCode()
        {
            if (Code is { } code)
                FunctionFiles.RemoveCode(code);
            (Code, CodeId) = (null, null);
        }
    }
}

/// <summary>Where the operator lets no functions run.</summary>
internal sealed class NoFunctionHost : IFunctionHost
{
    public bool IsOn => false;

    public Task<InvokeResult> InvokeAsync(
        FunctionDefinition function, Func<CancellationToken, ValueTask<byte[]>>? code, ReadOnlyMemory<byte> payload, Redaction redaction, CancellationToken ct) => Task.FromResult(new InvokeResult(
            FunctionErrors.Of("AccessDeniedException", "Functions do not run on this server: its setting 'functions' is off."), FunctionErrors.Unhandled, ""));
}
