using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Crypto;
using Strongroom.Server.Audit.Sinks;

namespace Strongroom.Tests.Server.Audit.Sinks;

public sealed class SinkFollowerTests : IAsyncDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("strongroom-test-").FullName;
    private readonly FakeTimeProvider time = new();
    private readonly FakeSink sink = new();
    private readonly LogLines log = new();
    private SinkFollower? follower;

    public SinkFollowerTests() => Directory.CreateDirectory(Log);

    private string Log => Path.Combine(root, "audit");

    [Fact]
    public async Task A_first_start_begins_at_the_end_of_the_log()
    {
        Append(1, "a", "b");
        Begin();
        Append(1, "c");
        await StepAsync();

        Assert.Equal(["c"], sink.Lines);
    }

    [Fact]
    public async Task A_first_start_begins_at_the_beginning_when_told_to()
    {
        Compress(1, "a", "b");
        Append(2, "c");
        Begin(fromBeginning: true);
        await StepAsync();

        Assert.Equal(["a", "b", "c"], sink.Lines);
    }

    [Fact]
    public async Task A_line_that_is_not_whole_waits()
    {
        Append(1, "a");
        Begin();
        File.AppendAllText(Plain(1), "{\"b\"");
        await StepAsync();
        Assert.Empty(sink.Lines);
        File.AppendAllText(Plain(1), ":1}\n");
        await StepAsync();

        Assert.Equal(["{\"b\":1}"], sink.Lines);
    }

    [Fact]
    public async Task It_goes_on_where_it_was_after_a_restart_in_segments_compressed_meanwhile()
    {
        Append(1, "a");
        Begin();
        Append(1, "b", "c");
        await StepAsync();
        await FinishAsync();
        Append(1, "d");
        Append(2, "e");
        Compress(1, "a", "b", "c", "d");
        File.Delete(Plain(1));
        Begin();
        await StepAsync();

        Assert.Equal(["b", "c", "d", "e"], sink.Lines);
    }

    [Fact]
    public async Task What_a_sink_refuses_is_sent_again_in_order_and_waits_grow()
    {
        Append(1, "");
        Begin();
        Append(1, "a", "b");
        sink.Refuses = true;
        var waits = new List<TimeSpan>();
        for (var i = 0; i < 9; i++)
            waits.Add(await follower!.TryStepAsync(CancellationToken.None));
        Append(2, "c");
        var down = follower!.Figures;
        sink.Refuses = false;
        await StepAsync();

        Assert.Equal(["a", "b", "c"], sink.Lines);
        for (var i = 0; i < waits.Count; i++)
            Assert.InRange(waits[i], TimeSpan.FromSeconds(Math.Min(1 << i, 60) / 2.0), TimeSpan.FromSeconds(Math.Min(1 << i, 60)));
        Assert.True(down is { IsFailing: true, Failures: 9, LagBytes: > 0, BehindSinceMs: > 0 });
        Assert.True(follower.Figures is { IsFailing: false, LagBytes: 0, BehindSinceMs: 0, Sent: 3 });
        // Once for the outage and once for its end, and nothing of what was in the records.
        Assert.Equal(2, log.All.Count);
        Assert.Contains("no room", log.All[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_across_a_restart_loses_nothing()
    {
        Append(1, "");
        Begin();
        Append(1, "a");
        sink.Refuses = true;
        await StepAsync();
        await FinishAsync();
        Append(1, "b");
        sink.Refuses = false;
        Begin();
        await StepAsync();

        Assert.Equal(["a", "b"], sink.Lines);
    }

    [Fact]
    public async Task What_a_lost_connection_may_have_swallowed_is_sent_again()
    {
        sink.Unacknowledged = TimeSpan.FromSeconds(30);
        Append(1, "");
        Begin();
        Append(1, "old");
        await StepAsync();
        time.Advance(TimeSpan.FromSeconds(31));
        Append(1, "new");
        await StepAsync();
        sink.IsLost = true;
        await StepAsync();
        sink.IsLost = false;
        await StepAsync();

        Assert.Equal(["old", "new", "new"], sink.Lines);
    }

    [Fact]
    public async Task Segments_that_were_removed_unread_are_reported()
    {
        Append(1, "a");
        Begin();
        await FinishAsync();
        Append(1, "b");
        Append(2, "c");
        Append(3, "d");
        File.Delete(Plain(1));
        File.Delete(Plain(2));
        Begin();
        await StepAsync();

        Assert.Equal(["d"], sink.Lines);
        Assert.Equal(2, follower!.Figures.LostSegments);
        Assert.Contains(log.All, l => l.Level == LogLevel.Error && l.Message.Contains("segments 1 to 2 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_put_back_from_a_backup_is_sent_again_and_reported()
    {
        Append(1, "a", "b", "c");
        Begin();
        await FinishAsync();
        File.WriteAllText(Plain(1), "a\nx\n");
        Begin();
        await StepAsync();

        Assert.Equal(["a", "x"], sink.Lines);
        Assert.Contains(log.All, l => l.Level == LogLevel.Error && l.Message.Contains("older one", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Batches_are_bounded()
    {
        Append(1, "");
        Begin();
        Append(1, [.. Enumerable.Range(0, 1000).Select(i => $"{i}")]);
        Append(1, [.. Enumerable.Range(0, 9).Select(_ => new string('x', 400_000))]);
        await StepAsync();

        Assert.Equal(1009, sink.Lines.Count);
        Assert.All(sink.Batches, b => Assert.InRange(b.Lines, 1, 256));
        Assert.All(sink.Batches, b => Assert.InRange(b.Bytes, 1, (1 << 20) + 400_000));
    }

    [Fact]
    public void Something_else_in_place_of_a_cursor_is_refused()
    {
        Append(1, "a");
        File.WriteAllText(Path.Combine(root, "fake.cursor"), "what?");

        Assert.Throws<InvalidDataException>(() => Begin());
    }

    public async ValueTask DisposeAsync()
    {
        await FinishAsync();
        Directory.Delete(root, recursive: true);
    }

    private void Begin(bool fromBeginning = false)
    {
        var begun = new SinkFollower(Log, sink, Path.Combine(root, "fake.cursor"), fromBeginning, time, SystemEntropy.Instance, log);
        begun.Begin();
        follower = begun;
    }

    // Until there is nothing more to do at once.
    private async Task StepAsync()
    {
        while (await follower!.TryStepAsync(CancellationToken.None) == TimeSpan.Zero)
        {
            // There is more.
        }
    }

    private async Task FinishAsync()
    {
        if (follower is null)
            return;
        await follower.FinishAsync();
        await follower.DisposeAsync();
        follower = null;
    }

    private string Plain(int segment) => Path.Combine(Log, $"audit-{segment:D8}.jsonl");

    private void Append(int segment, params string[] lines) => File.AppendAllLines(Plain(segment), lines.Where(l => l.Length > 0));

    private void Compress(int segment, params string[] lines)
    {
        using var file = new GZipStream(File.Create(Plain(segment) + ".gz"), CompressionLevel.Fastest);
        file.Write(Encoding.UTF8.GetBytes(string.Concat(lines.Select(l => l + "\n"))));
    }

    private sealed class FakeSink : IAuditSink
    {
        public string Name => "fake";

        public TimeSpan? Unacknowledged { get; set; }

        public List<string> Lines { get; } = [];

        public List<(int Lines, int Bytes)> Batches { get; } = [];

        public bool Refuses { get; set; }

        public bool IsLost { get; set; }

        public void Check(bool isUnderway)
        {
            if (IsLost && isUnderway)
                throw new SinkException("gone");
        }

        public ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> lines, CancellationToken ct)
        {
            if (Refuses)
                throw new SinkException("no room");
            Lines.AddRange(lines.Select(l => Encoding.UTF8.GetString(l.Span)));
            Batches.Add((lines.Count, lines.Sum(l => l.Length)));
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
