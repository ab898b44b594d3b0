using System.Globalization;
using System.IO.Compression;

namespace Strongroom.Server.Audit;

/// <summary>The segment files of an audit directory: plain ones, and closed ones that were compressed.</summary>
internal static class AuditSegments
{
    private const string Prefix = "audit-";
    private const string Plain = ".jsonl";
    private const string Compressed = ".jsonl.gz";

    /// <summary>All segments, oldest first. Where one stands in both forms the plain one counts: the other may be unfinished.</summary>
    public static IReadOnlyList<AuditSegment> List(string directory) =>
    [
        .. Directory.EnumerateFiles(directory, Prefix + "*").Select(TryParse).OfType<AuditSegment>()
            .OrderBy(s => s.Number).ThenBy(s => s.IsCompressed).DistinctBy(s => s.Number),
    ];

    private static AuditSegment? TryParse(string path)
    {
        var name = Path.GetFileName(path);
        var ending = name.EndsWith(Plain, StringComparison.Ordinal) ? Plain : name.EndsWith(Compressed, StringComparison.Ordinal) ? Compressed : null;
        return ending is not null && int.TryParse(name.AsSpan()[Prefix.Length..^ending.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new AuditSegment(number, path, ending == Compressed)
            : null;
    }
}

/// <summary>One segment file.</summary>
internal sealed record AuditSegment(int Number, string Path, bool IsCompressed)
{
    /// <summary>Its lines. A compression that replaces the plain file meanwhile does no harm.</summary>
    /// <exception cref="FileNotFoundException">It was removed: its time of retention is over.</exception>
    public Stream OpenRead()
    {
        try
        {
            return IsCompressed ? Decompressed(Path) : Open(Path);
        }
        catch (FileNotFoundException) when (!IsCompressed && File.Exists(Path + ".gz"))
        {
            return Decompressed(Path + ".gz");
        }
    }

    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static GZipStream Decompressed(string path) => new(Open(path), CompressionMode.Decompress);
}
