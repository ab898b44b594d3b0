using Microsoft.Extensions.Time.Testing;
using Strongroom.Server.Audit;

namespace Strongroom.Tests.Server.Audit;

/// <summary>The log's files under faults. Source: issue 4, "Fault tests"; docs/audit.md.</summary>
public sealed class AuditLogTests : IDisposable
{
    private readonly string directory = System.IO.Directory.CreateTempSubdirectory("strongroom-log-").FullName;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 3, 10, 20, 30, TimeSpan.Zero));

    public void Dispose() => System.IO.Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void A_write_that_fails_leaves_the_lines_before_it_and_the_next_one_follows_from_them(int failing)
    {
        var faults = new Faults { FailAt = failing };
        using (var log = AuditLog.Open(directory, faults.Options, time))
        {
            for (var i = 1; i <= 10; i++)
            {
                if (i == failing)
                    Assert.Contains("can't be written", Assert.Throws<AuditUnavailableException>(() => Append(log, i)).Message, StringComparison.Ordinal);
                else
                    Append(log, i);
                Assert.Equal(i == failing, log.IsFailing);
            }
        }

        Assert.Equal(Enumerable.Range(1, 10).Where(i => i != failing).Select(Record), Lines().Select(ChainLink.Strip));
        Assert.Empty(Verify().Findings);
    }

    [Fact]
    public void What_a_long_write_that_failed_left_is_gone_with_the_next_short_one()
    {
        var faults = new Faults { FailAt = 1 };
        using (var log = AuditLog.Open(directory, faults.Options, time))
        {
            var many = string.Concat(Enumerable.Range(1, 8).Select(n => Record(n) + "\n"));
            Assert.Throws<AuditUnavailableException>(() => log.Append(System.Text.Encoding.UTF8.GetBytes(many)));
            Append(log, 9);
            Assert.Equal([Record(9)], Lines().Select(ChainLink.Strip));
        }

        Assert.Empty(Verify().Findings);
    }

    [Fact]
    public async Task A_write_that_does_not_come_back_makes_the_others_fail_at_once()
    {
        var faults = new Faults { HangAt = 2 };
        using var log = AuditLog.Open(directory, faults.Options, time);
        Append(log, 1);
        var hanging = Task.Run(() => Append(log, 2), TestContext.Current.CancellationToken);
        faults.Hangs.Wait(TestContext.Current.CancellationToken);
        Assert.False(log.IsFailing);

        time.Advance(TimeSpan.FromSeconds(4));

        Assert.True(log.IsFailing);
        Assert.Throws<AuditUnavailableException>(() => Append(log, 3));
        faults.GoOn.Set();
        await hanging;
        Assert.False(log.IsFailing);
        Append(log, 4);
        Assert.Equal([Record(1), Record(2), Record(4)], Lines().Select(ChainLink.Strip));
        Assert.Empty(Verify().Findings);
    }

    [Fact]
    public void A_segment_closes_when_it_is_old_and_holds_anything()
    {
        using var log = AuditLog.Open(directory, AuditLogOptions.Default with { SegmentAge = TimeSpan.FromHours(1) }, time);
        time.Advance(TimeSpan.FromHours(2));
        log.RollIfDue();
        Assert.Single(AuditSegments.List(directory));
        Append(log, 1);
        log.RollIfDue();
        Append(log, 2);
        Assert.Equal([1, 2], AuditSegments.List(directory).Select(s => s.Number));
        time.Advance(TimeSpan.FromMinutes(59));
        log.RollIfDue();
        Assert.Equal(2, AuditSegments.List(directory).Count);
    }

    [Fact]
    public void Nothing_is_added_to_a_segment_whose_end_was_signed_although_the_next_one_could_not_be_made()
    {
        var faults = new Faults();
        using var log = AuditLog.Open(directory, faults.Options with { SegmentAge = TimeSpan.Zero }, time);
        LogHead? closed = null;
        log.Closing = head => closed = head;
        Append(log, 1);
        faults.FailToOpen = true;
        Assert.Throws<IOException>(log.RollIfDue);
        Assert.Equal(1, closed!.Last);
        Assert.Throws<AuditUnavailableException>(() => Append(log, 2));

        faults.FailToOpen = false;
        Append(log, 3);

        Assert.Equal(1, closed.Last);
        Assert.Single(File.ReadAllLines(AuditLog.PathOf(directory, 1)));
        Assert.Single(File.ReadAllLines(AuditLog.PathOf(directory, 2)));
    }

    [Fact]
    public async Task A_read_may_wait_for_the_disk()
    {
        var faults = new Faults();
        using var log = AuditLog.Open(directory, faults.Options, time);
        var disk = new DiskFlush(log);
        Append(log, 1);
        await disk.FlushAsync();
        Assert.True(faults.Flushes > 0);
        faults.FailToFlush = true;
        await Assert.ThrowsAsync<AuditUnavailableException>(disk.FlushAsync);
        faults.FailToFlush = false;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => disk.FlushAsync()));
    }

    [Theory]
    [InlineData("""{"a":1,"chain":{"number":12,"change":3,"previous":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", 12)]
    [InlineData("""{"a":1,"chain":{"number":-2,"change":3,"previous":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", 0)]
    [InlineData("""{"a":1,"chain":{"number":012,"change":3,"previous":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", 0)]
    [InlineData("""{"a":1,"chain":{"number":12,"change":3,"previous":"AAAA"}}""", 0)]
    [InlineData("""{"a":1,"chain":{"number":12,"change":3,"previous":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},"b":1}""", 0)]
    [InlineData("""{"a":1,"chain":{"number":99999999999999999999,"change":3,"previous":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}""", 0)]
    [InlineData("""{"a":1}""", 0)]
    [InlineData("", 0)]
    public void A_link_has_one_spelling(string line, long number)
    {
        Assert.Equal(number > 0, ChainLink.TryRead(System.Text.Encoding.UTF8.GetBytes(line), out var link));
        Assert.Equal(number, link.Number);
    }

    private IEnumerable<string> Lines() => AuditSegments.List(directory).SelectMany(s => File.ReadAllLines(s.Path));

    private AuditVerification Verify() => new AuditVerifier(directory, key: null, known: null).Verify();

    private static string Record(int number) => $$"""{"eventName":"Probe","number":{{number}}}""";

    private static void Append(AuditLog log, int number) => log.Append(System.Text.Encoding.UTF8.GetBytes(Record(number) + "\n"));

    /// <summary>Files whose n-th write fails half-way or hangs.</summary>
    private sealed class Faults
    {
        private int writes;

        public int FailAt { get; init; }

        public int HangAt { get; init; }

        public bool FailToOpen { get; set; }

        public bool FailToFlush { get; set; }

        public int Flushes { get; private set; }

        public ManualResetEventSlim Hangs { get; } = new();

        public ManualResetEventSlim GoOn { get; } = new();

        public AuditLogOptions Options => AuditLogOptions.Default with
        {
            Open = path => FailToOpen ? throw new IOException("No space left on device") : new FaultyFile(path, this),
        };

        private sealed class FaultyFile(string path, Faults faults) : SegmentFile(path)
        {
            public override void Write(ReadOnlySpan<byte> bytes, long at)
            {
                var number = ++faults.writes;
                if (number == faults.FailAt)
                {
                    base.Write(bytes[..(bytes.Length / 2)], at);
                    throw new IOException("Input/output error");
                }

                if (number == faults.HangAt)
                {
                    faults.Hangs.Set();
                    faults.GoOn.Wait();
                }

                base.Write(bytes, at);
            }

            public override void FlushToDisk()
            {
                if (faults.FailToFlush)
                    throw new IOException("Input/output error");
                faults.Flushes++;
                base.FlushToDisk();
            }
        }
    }
}
