using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Background;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>
/// Follows the log's segments and hands their lines to one sink, in order, each at least once: the cursor is kept in a file and moves on only when
/// the sink has accepted what is before it. A sink that takes nothing is tried again and again; meanwhile the records stay where they are, in the log.
/// </summary>
internal sealed partial class SinkFollower(
    string directory, IAuditSink sink, string cursorPath, bool fromBeginning, TimeProvider time, Entropy entropy, ILogger log) : IAsyncDisposable
{
    private const int MaxLines = 256;
    private const int MaxBytes = 1 << 20;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LastTry = TimeSpan.FromSeconds(5);

    // What was sent, but may be lost on its way yet.
    private readonly Queue<(long Sent, SinkCursor After)> underway = new();
    private readonly SemaphoreSlim turn = new(1);
    private readonly List<ReadOnlyMemory<byte>> batch = [];
    private AuditSegmentReader? reader;
    private SinkCursor at;
    private SinkCursor accepted;
    private SinkCursor saved;
    private long savedAt;
    private int failuresInARow;
    private SinkFigures figures = new() { Sink = sink.Name };

    private Box shown = new(new SinkFigures { Sink = sink.Name });

    /// <summary>As the last step left them.</summary>
    public SinkFigures Figures => Volatile.Read(ref shown).Figures;

    /// <summary>Finds the place to begin. Before the server takes work, so that a first start misses none of its records.</summary>
    /// <exception cref="InvalidDataException">The cursor's file is no cursor.</exception>
    public void Begin()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(cursorPath)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        saved = SinkCursor.Read(cursorPath) ?? First();
        at = accepted = saved;
        saved.Write(cursorPath);
        savedAt = time.GetTimestamp();
    }

    /// <summary>Until it is cancelled.</summary>
    public Task RunAsync(CancellationToken ct) => Periodically.RunAsync(TryStepAsync, time, ct);

    /// <summary>Sends what is left, if that goes quickly. After <see cref="RunAsync"/> has ended and nothing is appended any more.</summary>
    public async Task FinishAsync()
    {
        using var limit = new CancellationTokenSource(LastTry, time);
        try
        {
            while (failuresInARow == 0 && await TryStepAsync(limit.Token) == TimeSpan.Zero)
            {
                // There is more.
            }

            Save();
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            // The next start goes on from the cursor.
        }
    }

    public async ValueTask DisposeAsync()
    {
        reader?.Dispose();
        turn.Dispose();
        await sink.DisposeAsync();
    }

    /// <summary>Sends one batch, if there is any.</summary>
    /// <returns>How long to wait before the next step.</returns>
    internal async Task<TimeSpan> TryStepAsync(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            sink.Check(underway.Count > 0);
            var sent = await SendAsync(ct);
            Confirm();
            if (accepted != saved && (sent == 0 || time.GetElapsedTime(savedAt) >= SaveInterval))
                Save();
            if (failuresInARow > 0)
                Resumed(log, sink.Name, failuresInARow);
            failuresInARow = 0;
            Show(isFailing: false, isBehind: sent > 0);
            return sent > 0 ? TimeSpan.Zero : PollInterval;
        }
#pragma warning disable CA1031 // Whatever goes wrong now must not end the sink for good: it is tried again.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            reader?.Dispose();
            reader = null;
            underway.Clear();
            at = accepted;
            figures = figures with { Failures = figures.Failures + 1 };
            if (failuresInARow++ == 0)
                TakesNothing(log, sink.Name, e is SinkException or IOException or UnauthorizedAccessException or InvalidDataException ? e.Message : e.GetType().Name);
            Show(isFailing: true, isBehind: true);
            return Backoff.After(failuresInARow, TimeSpan.FromSeconds(1), MaxBackoff, entropy);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<int> SendAsync(CancellationToken ct)
    {
        batch.Clear();
        var bytes = 0;
        while (batch.Count < MaxLines && bytes < MaxBytes && TryRead(out var line))
        {
            // The reader's memory is good until its next line.
            batch.Add(line.ToArray());
            bytes += line.Length;
        }

        if (batch.Count == 0)
            return 0;
        await sink.SendAsync(batch, ct);
        underway.Enqueue((time.GetTimestamp(), at));
        figures = figures with { Sent = figures.Sent + batch.Count };
        return batch.Count;
    }

    private bool TryRead(out ReadOnlyMemory<byte> line)
    {
        line = default;
        while (true)
        {
            if (reader is null && !TryOpen())
                return false;
            if (reader!.TryReadLine(out line))
            {
                at = at with { Offset = reader.Offset };
                return true;
            }

            if (AuditSegments.List(directory).FirstOrDefault(s => s.Number > at.Segment) is not { } next)
                return false;
            // The last lines of a segment may have come after it looked finished and before the next was begun: that there is a next one was seen after.
            if (reader.TryReadLine(out line))
            {
                at = at with { Offset = reader.Offset };
                return true;
            }

            reader.Dispose();
            reader = null;
            MoveTo(next.Number);
        }
    }

    private bool TryOpen()
    {
        var segments = AuditSegments.List(directory);
        if (segments.Count == 0)
            return false;
        var segment = segments.FirstOrDefault(s => s.Number >= at.Segment);
        if (segment is null)
        {
            // The log is an older one than the cursor: it was put back from a backup.
            Restored(log, sink.Name, segments[^1].Number);
            (segment, at) = (segments[^1], new SinkCursor(segments[^1].Number, 0));
        }
        else if (segment.Number > at.Segment)
        {
            MoveTo(segment.Number, isGone: true);
        }

        if (!segment.IsCompressed && new FileInfo(segment.PlainPath) is { Exists: true } file && file.Length < at.Offset)
        {
            Restored(log, sink.Name, segment.Number);
            at = at with { Offset = 0 };
        }

        reader = AuditSegments.TryOpen(segment, at.Offset);
        return reader is not null;
    }

    /// <param name="isGone">Whether the segment at the cursor has been removed, unread or in part.</param>
    private void MoveTo(int segment, bool isGone = false)
    {
        var lost = segment - at.Segment - (isGone ? 0 : 1);
        if (lost > 0)
        {
            figures = figures with { LostSegments = figures.LostSegments + lost };
            Lost(log, sink.Name, segment - lost, segment - 1);
        }

        at = new SinkCursor(segment, 0);
    }

    private void Confirm()
    {
        var certain = sink.Unacknowledged ?? TimeSpan.Zero;
        while (underway.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Sent) >= certain)
            accepted = underway.Dequeue().After;
    }

    private void Save()
    {
        if (accepted == saved)
            return;
        accepted.Write(cursorPath);
        (saved, savedAt) = (accepted, time.GetTimestamp());
    }

    private SinkCursor First()
    {
        var segments = AuditSegments.List(directory);
        if (segments.Count == 0)
            return new SinkCursor(1, 0);
        if (fromBeginning)
            return new SinkCursor(segments[0].Number, 0);
        using var newest = AuditSegments.TryOpen(segments[^1]);
        while (newest?.TryReadLine(out _) == true)
        {
            // To the end of its last whole line.
        }

        return new SinkCursor(segments[^1].Number, newest?.Offset ?? 0);
    }

    private void Show(bool isFailing, bool isBehind)
    {
        var since = !isBehind ? 0 : figures.BehindSinceMs != 0 ? figures.BehindSinceMs : time.GetUtcNow().ToUnixTimeMilliseconds();
        figures = figures with { IsFailing = isFailing, BehindSinceMs = since, LagBytes = isBehind ? Lag() : 0 };
        Volatile.Write(ref shown, new Box(figures));
    }

    private long Lag()
    {
        try
        {
            return AuditSegments.List(directory).Where(s => s.Number >= at.Segment)
                .Sum(s => new FileInfo(s.Path) is { Exists: true } file ? s.Number == at.Segment && !s.IsCompressed ? Math.Max(0, file.Length - at.Offset) : file.Length : 0);
        }
        catch (IOException)
        {
            return figures.LagBytes; // it can't be looked at now, which the next step says better
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit sink {Sink} takes no records: {Reason}. They stay in the audit log and are sent when it does; calls are served.")]
    private static partial void TakesNothing(ILogger log, string sink, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The audit sink {Sink} takes records again, after {Failures} failures.")]
    private static partial void Resumed(ILogger log, string sink, int failures);

    [LoggerMessage(Level = LogLevel.Error, Message = "The segments {First} to {Last} of the audit log were removed before the audit sink {Sink} had all of their records. It will not get them.")]
    private static partial void Lost(ILogger log, string sink, int first, int last);

    [LoggerMessage(Level = LogLevel.Error, Message = "The audit log ends before the place that the audit sink {Sink} had reached, so it is an older one. It is sent again from the beginning of segment {Segment}.")]
    private static partial void Restored(ILogger log, string sink, int segment);

    private sealed record Box(SinkFigures Figures);
}
