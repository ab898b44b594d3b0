using System.Diagnostics;
using System.IO.Compression;
using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Background;
using Strongroom.Tests.Server.Audit.Lookup;

namespace Strongroom.Tests.Server.Audit;

public sealed class SegmentJobTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly LookupQuery Everything = new(null, LookupQuery.All, 0, uint.MaxValue, _ => true);

    private readonly WrittenLog log = new();

    public void Dispose() => log.Dispose();

    [Fact]
    public async Task A_closed_segment_becomes_gzip_members_of_whole_lines_and_the_newest_stays()
    {
        var lines = Enumerable.Range(1, 3000).Select(n => WrittenLog.Call(n, n)).ToList();
        log.Write(1, lines);
        log.Write(2, WrittenLog.Call(9999, 9999));
        var (text, written) = (File.ReadAllText(log.PlainPath(1)), new DateTime(2026, 1, 1, 2, 3, 4, DateTimeKind.Utc));
        File.SetLastWriteTimeUtc(log.PlainPath(1), written);

        await log.RunJobAsync();

        Assert.False(File.Exists(log.PlainPath(1)));
        Assert.True(File.Exists(log.PlainPath(2)));
        Assert.Equal((OwnerOnly, written), (File.GetUnixFileMode(log.CompressedPath(1)), log.Segment(1).LastWrittenUtc));
        // As a program of another hand reads it.
        using var zcat = Process.Start(new ProcessStartInfo("zcat", [log.CompressedPath(1)]) { RedirectStandardOutput = true })!;
        Assert.Equal(text, await zcat.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        using var file = File.OpenHandle(log.CompressedPath(1));
        var members = SegmentMembers.TryList(file)!;
        Assert.True(members.Count > 3);
        Assert.All(members, member => Assert.InRange(member.TextLength, 1, SegmentMembers.TextBytes));
        Assert.Equal(text, string.Concat(members.Select(member =>
        {
            var part = System.Text.Encoding.UTF8.GetString(SegmentMembers.Read(file, member));
            Assert.EndsWith("}\n", part, StringComparison.Ordinal);
            return part;
        })));
        Assert.Equal(Enumerable.Range(1, 3000).Append(9999).OrderDescending().Select(WrittenLog.Id), log.Find(Everything));
    }

    /// <summary>Every half minute it is asked, and once in hours or days there is something to do.</summary>
    [Fact]
    public async Task It_looks_at_the_directory_only_after_a_segment_was_closed()
    {
        var newest = 2;
        using var indexes = new AuditIndexes(log.Path, mayWrite: true);
        var job = new SegmentJob(log.Path, () => newest, indexes, compress: true);
        log.Write(1, WrittenLog.Call(1));
        log.Write(2, WrittenLog.Call(2));
        Assert.Equal(1, await job.RunAsync(TestContext.Current.CancellationToken));

        // What a look would take away shows that there was none.
        var left = log.CompressedPath(1) + ".new";
        File.WriteAllText(left, "half");
        Assert.Equal(0, await job.RunAsync(TestContext.Current.CancellationToken));
        Assert.True(File.Exists(left));
        log.Write(3, WrittenLog.Call(3));
        newest = 3;
        Assert.Equal(1, await job.RunAsync(TestContext.Current.CancellationToken));
        Assert.False(File.Exists(left));
        Assert.True(File.Exists(log.CompressedPath(2)));
    }

    [Fact]
    public async Task What_it_could_not_finish_it_tries_again()
    {
        using var indexes = new AuditIndexes(log.Path, mayWrite: true);
        var job = new SegmentJob(log.Path, () => 2, indexes, compress: true);
        log.Write(1, WrittenLog.Call(1));
        log.Write(2);
        // In the way of the file that it writes.
        var obstacle = Directory.CreateDirectory(Path.Combine(log.CompressedPath(1) + ".new", "x"));
        await Assert.ThrowsAnyAsync<Exception>(() => job.RunAsync(TestContext.Current.CancellationToken));

        obstacle.Parent!.Delete(recursive: true);

        Assert.Equal(1, await job.RunAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task With_compression_off_segments_are_indexed_and_stay()
    {
        log.Write(1, WrittenLog.Call(1));
        log.Write(2);

        await log.RunJobAsync(compress: false);

        Assert.Equal([true, true, false], new[] { log.PlainPath(1), log.IndexPath(1), log.CompressedPath(1) }.Select(File.Exists));
    }

    [Fact]
    public async Task Whatever_a_kill_left_the_next_run_goes_on()
    {
        log.Write(1, WrittenLog.Call(1));
        log.Write(2, WrittenLog.Call(2));
        log.Write(3, WrittenLog.Call(3));
        // Killed while writing; killed between the rename and the removal, or by a disk that kept half of it; an index of a segment that is gone.
        File.WriteAllText(log.CompressedPath(1) + ".new", "half");
        File.WriteAllText(log.IndexPath(1) + ".new", "half");
        File.WriteAllText(log.CompressedPath(2), "half");
        File.WriteAllText(log.IndexPath(7), "of a removed segment");
        Assert.Equal(3, log.Find(Everything).Count);

        await log.RunJobAsync();

        Assert.Equal(
            ["audit-00000001.index", "audit-00000001.jsonl.gz", "audit-00000002.index", "audit-00000002.jsonl.gz", "audit-00000003.jsonl"],
            Directory.EnumerateFiles(log.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(new[] { 3, 2, 1 }.Select(WrittenLog.Id), log.Find(Everything));
    }

    [Fact]
    public async Task A_stop_in_between_leaves_the_plain_file()
    {
        log.Write(1, WrittenLog.Call(1));
        log.Write(2);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();

        Assert.Throws<OperationCanceledException>(() => SegmentCompression.Run(log.Segment(1), stop.Token));

        Assert.Equal(["audit-00000001.jsonl", "audit-00000002.jsonl"], Directory.EnumerateFiles(log.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_cut_off_last_line_is_kept_byte_for_byte()
    {
        File.WriteAllText(log.PlainPath(1), WrittenLog.Call(1) + "\n{\"half");
        log.Write(2);
        var text = File.ReadAllText(log.PlainPath(1));

        await log.RunJobAsync();

        using var reader = new StreamReader(log.Segment(1).OpenRead());
        Assert.Equal(text, await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_gzip_file_of_another_hand_is_searched_too_and_a_damaged_member_hides_only_itself()
    {
        using (var file = File.Create(log.CompressedPath(1)))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(WrittenLog.Call(1) + "\n" + WrittenLog.Call(2) + "\n"));
        log.Write(2, Enumerable.Range(3, 2000).Select(n => WrittenLog.Call(n, 1)));
        log.Write(3);
        await log.RunJobAsync();
        Assert.Equal(2002, log.Find(Everything).Count);

        var bytes = File.ReadAllBytes(log.CompressedPath(2));
        bytes[^5000] ^= 1;
        File.WriteAllBytes(log.CompressedPath(2), bytes);
        var found = log.Find(Everything);
        Assert.InRange(found.Count, 1000, 2001);
        Assert.Contains(WrittenLog.Id(1), found);
        Assert.Contains(WrittenLog.Id(3), found);
    }
}
