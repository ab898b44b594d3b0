using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Server.Audit;

/// <summary>
/// The member <c>chain</c> at the end of each line of the log: the record's number, the store's change sequence, and the hash of the line
/// before it. Format: docs/formats/audit-log.md.
/// </summary>
/// <param name="Number">1 for the first record of a log, then one more with each, across segments.</param>
/// <param name="Change">The highest change sequence that has reached the log with this record or before.</param>
/// <param name="Previous">SHA-256 of the line before without its line feed, in base64; 32 zero bytes for the first.</param>
internal readonly record struct ChainLink(long Number, long Change, string Previous)
{
    /// <summary>What the first record of a log names as the hash before it.</summary>
    public static readonly string Origin = Convert.ToBase64String(new byte[SHA256.HashSizeInBytes]);

    private const int HashChars = 44;

    private static ReadOnlySpan<byte> Opening => ",\"chain\":{\"number\":"u8;

    private static ReadOnlySpan<byte> ChangeMember => ",\"change\":"u8;

    private static ReadOnlySpan<byte> PreviousMember => ",\"previous\":\""u8;

    /// <summary>More than a link's text ever needs.</summary>
    public const int MaxBytes = 160;

    /// <summary>Writes a record with its link, without a line feed.</summary>
    /// <param name="record">A JSON object that has members.</param>
    /// <param name="line">At least <see cref="MaxBytes"/> longer than the record.</param>
    /// <param name="previous">Hash of the line before.</param>
    /// <returns>The length of the line.</returns>
    public static int Write(Span<byte> line, ReadOnlySpan<byte> record, long number, long change, ReadOnlySpan<byte> previous)
    {
        record[..^1].CopyTo(line);
        var at = record.Length - 1;
        Copy(Opening, line, ref at);
        Utf8Formatter.TryFormat(number, line[at..], out var digits);
        at += digits;
        Copy(ChangeMember, line, ref at);
        Utf8Formatter.TryFormat(change, line[at..], out digits);
        at += digits;
        Copy(PreviousMember, line, ref at);
        Base64.EncodeToUtf8(previous, line[at..], out _, out var written);
        at += written;
        Copy("\"}}"u8, line, ref at);
        return at;
    }

    /// <summary>Reads the link of a line. False when the line does not end with one.</summary>
    /// <param name="line">Without its line feed.</param>
    public static bool TryRead(ReadOnlySpan<byte> line, out ChainLink link)
    {
        link = default;
        // The last occurrence, though no text in a record looks like it: quotes in a caller's text are escaped.
        var start = line.LastIndexOf(Opening);
        if (start < 0)
            return false;
        var rest = line[(start + Opening.Length)..];
        if (!TakeNumber(ref rest, out var number) || !Take(ref rest, ChangeMember)
            || !TakeNumber(ref rest, out var change) || !Take(ref rest, PreviousMember) || rest.Length != HashChars + 3 || !rest.EndsWith("\"}}"u8))
            return false;
        link = new ChainLink(number, change, Encoding.Latin1.GetString(rest[..HashChars]));
        return true;
    }

    /// <summary>The record as CloudTrail would have it: the line without its link.</summary>
    public static string Strip(string line)
    {
        var start = line.LastIndexOf(",\"chain\":{\"number\":", StringComparison.Ordinal);
        return start < 0 ? line : string.Concat(line.AsSpan(0, start), "}");
    }

    private static bool Take(ref ReadOnlySpan<byte> rest, ReadOnlySpan<byte> text)
    {
        if (!rest.StartsWith(text))
            return false;
        rest = rest[text.Length..];
        return true;
    }

    // Digits only, as Write gives them: two spellings of one number would be two lines with one meaning.
    private static bool TakeNumber(ref ReadOnlySpan<byte> rest, out long number)
    {
        if (!Utf8Parser.TryParse(rest, out number, out var digits) || number < 0 || !char.IsAsciiDigit((char)rest[0]) || (rest[0] == '0' && digits > 1))
            return false;
        rest = rest[digits..];
        return true;
    }

    private static void Copy(ReadOnlySpan<byte> text, Span<byte> line, ref int at)
    {
        text.CopyTo(line[at..]);
        at += text.Length;
    }
}
