using System.IO.Compression;
using System.Text;
using Strongroom.Server.Audit;

namespace Strongroom.Tests.Server.Audit;

public sealed class AuditSegmentsTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-segments-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Segments_are_listed_oldest_first_and_once_and_other_files_are_not_taken_for_segments()
    {
        foreach (var name in new[]
        {
            "audit-00000010.jsonl", "audit-00000009.jsonl", "audit-00000009.jsonl.gz", "audit-00000002.jsonl.gz", "audit-123456789.jsonl",
            "audit-3.jsonl", "audit-00000004.jsonl.gz.new", "audit-00000005.index", "audit-0000000x.jsonl", "audit-00000000.jsonl", "notes.jsonl",
        })
        {
            Write(name, "");
        }

        Assert.Equal(
            [(2, true, true), (9, false, true), (10, false, true), (123456789, false, false)],
            AuditSegments.List(directory).Select(s => (s.Number, s.IsCompressed, s.IsClosed)));
    }

    [Fact]
    public void A_directory_without_segments_has_none() => Assert.Empty(AuditSegments.List(directory));

    [Fact]
    public void A_half_written_last_line_is_returned_once_it_is_complete()
    {
        using var file = new FileStream(Path.Combine(directory, "audit-00000001.jsonl"), FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        Append(file, "{\"a\":1}\n{\"b\"");

        using var reader = AuditSegments.TryOpen(Only())!;
        Assert.Equal("{\"a\":1}", Next(reader));
        Assert.Null(Next(reader));
        Assert.Equal(4, reader.UnfinishedBytes);
        Assert.Equal(8, reader.Offset);

        Append(file, ":2}\n");
        Assert.Equal("{\"b\":2}", Next(reader));
        Assert.Equal(16, reader.Offset);
        Assert.Null(Next(reader));
    }

    [Fact]
    public void A_compressed_segment_of_several_members_reads_like_the_plain_one()
    {
        using (var file = File.Create(Path.Combine(directory, "audit-00000001.jsonl.gz")))
        {
            foreach (var member in new[] { "one\ntwo\n", "three\n", "four\n" })
            {
                using var gzip = new GZipStream(file, CompressionLevel.Fastest, leaveOpen: true);
                gzip.Write(Encoding.UTF8.GetBytes(member));
            }
        }

        Assert.Equal(["one", "two", "three", "four"], Lines(Only()));
        using var later = AuditSegments.TryOpen(Only(), "one\ntwo\n".Length)!;
        Assert.Equal("three", Next(later));
        Assert.Equal("one\ntwo\nthree\n".Length, later.Offset);
    }

    [Fact]
    public void A_segment_that_was_compressed_or_removed_after_it_was_listed_is_read_in_its_new_form_or_not_at_all()
    {
        Write("audit-00000001.jsonl", "x\n");
        var listed = Only();
        using (var file = File.Create(Path.Combine(directory, "audit-00000001.jsonl.gz")))
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            gzip.Write("x\n"u8);
        File.Delete(listed.PlainPath);

        Assert.Equal(["x"], Lines(listed));

        File.Delete(listed.CompressedPath);
        Assert.Null(AuditSegments.TryOpen(listed));
    }

    [Fact]
    public void A_line_longer_than_the_buffer_is_read_whole()
    {
        var text = new string('x', 1 << 20);
        Write("audit-00000001.jsonl", $"a\n{text}\nb\n");

        Assert.Equal(["a", text, "b"], Lines(Only()));
    }

    [Fact]
    public void A_damaged_compressed_segment_is_told_apart_from_one_that_ends()
    {
        Write("audit-00000001.jsonl.gz", "no gzip at all\n");

        Assert.Throws<InvalidDataException>(() => Lines(Only()));
    }

    private AuditSegment Only() => Assert.Single(AuditSegments.List(directory));

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(directory, name), text);

    private static void Append(FileStream file, string text)
    {
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush();
    }

    private static string? Next(AuditSegmentReader reader) => reader.TryReadLine(out var line) ? Encoding.UTF8.GetString(line.Span) : null;

    private static List<string> Lines(AuditSegment segment)
    {
        using var reader = AuditSegments.TryOpen(segment)!;
        var lines = new List<string>();
        while (Next(reader) is { } line)
            lines.Add(line);
        return lines;
    }
}
