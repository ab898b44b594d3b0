using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Strongroom.Server.Audit.Lookup;

/// <summary>
/// The index of a closed segment as a file, which is searched where it lies: nothing of it is kept in memory. Whatever the file holds, reading it ends
/// within its bounds. Format: docs/formats/audit-index.md.
/// </summary>
internal sealed class SegmentIndexFile : ISegmentIndex
{
    public const string Suffix = ".index";

    private const int HeaderBytes = 64;
    private const int PlaceBytes = 12;
    private const int EventIdBytes = 8;
    private const int TermBytes = 24;
    private const int BlockBytes = 8;
    private const int BlockNumbers = 128;
    private const int HashBytes = SHA256.HashSizeInBytes;
    private const int MaxVarintBytes = 5;
    private const int MaxEvents = 1 << 28;
    private const int MaxScopeBytes = 1 << 20;
    private const uint MaxSameIds = 1000;

    private readonly SafeFileHandle file;
    private readonly long eventIdsAt;
    private readonly long termsAt;
    private readonly int termCount;
    private readonly long postingsAt;
    private readonly long postingsEnd;

    private SegmentIndexFile(SafeFileHandle file, int segment)
    {
        this.file = file;
        Span<byte> header = stackalloc byte[HeaderBytes];
        ReadExactly(header, 0);
        if (!header[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != segment)
            throw Damaged();
        Count = ReadCount(header[12..]);
        TextLength = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        Times = (BinaryPrimitives.ReadUInt32LittleEndian(header[24..]), BinaryPrimitives.ReadUInt32LittleEndian(header[28..]));
        termCount = ReadCount(header[32..]);
        var scopeBytes = ReadCount(header[36..]);
        var postingBytes = BinaryPrimitives.ReadInt64LittleEndian(header[40..]);
        eventIdsAt = HeaderBytes + (long)PlaceBytes * Count;
        termsAt = eventIdsAt + (long)EventIdBytes * Count;
        postingsAt = termsAt + (long)TermBytes * termCount;
        if (postingBytes < 0 || postingBytes > RandomAccess.GetLength(file))
            throw Damaged();
        postingsEnd = postingsAt + postingBytes;
        if (scopeBytes > MaxScopeBytes || postingsEnd + scopeBytes + HashBytes != RandomAccess.GetLength(file) || TextLength < 0)
            throw Damaged();
        Scopes = ReadScopes(postingsEnd, scopeBytes);
    }

    public int Count { get; }

    public (uint Min, uint Max) Times { get; }

    /// <summary>How long the segment's text was when it was indexed.</summary>
    public long TextLength { get; }

    public IReadOnlyList<TrailScope> Scopes { get; }

    private static ReadOnlySpan<byte> Magic => "SRINDEX\u0001"u8;

    public static string PathOf(AuditSegment segment) => AuditSegments.PathOf(segment.Directory, segment.Number, Suffix);

    /// <returns>Null when there is none, or one that is damaged or of another version.</returns>
    public static SegmentIndexFile? TryOpen(AuditSegment segment)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(PathOf(segment), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return new SegmentIndexFile(file, segment.Number);
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            file?.Dispose();
            return null;
        }
    }

    /// <summary>Whether every byte is as it was written. Reads the whole file.</summary>
    public bool IsIntact()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var chunk = new byte[64 << 10];
        var end = RandomAccess.GetLength(file) - HashBytes;
        for (var at = 0L; at < end;)
        {
            var read = RandomAccess.Read(file, chunk.AsSpan(0, (int)Math.Min(chunk.Length, end - at)), at);
            if (read == 0)
                return false;
            hash.AppendData(chunk, 0, read);
            at += read;
        }

        var written = chunk.AsSpan(0, HashBytes);
        return RandomAccess.Read(file, written, end) == HashBytes && written.SequenceEqual(hash.GetHashAndReset());
    }

    public EventPlace PlaceOf(uint number)
    {
        if (number >= Count)
            throw Damaged();
        Span<byte> place = stackalloc byte[PlaceBytes];
        ReadExactly(place, HeaderBytes + (long)PlaceBytes * number);
        var offset = BinaryPrimitives.ReadInt64LittleEndian(place[4..]);
        return offset >= 0 && offset < TextLength ? new EventPlace(BinaryPrimitives.ReadUInt32LittleEndian(place), offset) : throw Damaged();
    }

    public IPostings Find(ulong term)
    {
        Span<byte> entry = stackalloc byte[TermBytes];
        var (low, high) = (0, termCount);
        while (low < high)
        {
            var middle = (low + high) / 2;
            ReadExactly(entry, termsAt + (long)TermBytes * middle);
            var found = BinaryPrimitives.ReadUInt64LittleEndian(entry);
            if (found == term)
                return Postings(ReadCount(entry[8..]), BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]), BinaryPrimitives.ReadInt64LittleEndian(entry[16..]));
            (low, high) = found < term ? (middle + 1, high) : (low, middle);
        }

        return ArrayPostings.None;
    }

    public IPostings FindEventId(uint term)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = EventIdAt(middle).Term < term ? (middle + 1, high) : (low, middle);
        }

        var numbers = new List<uint>();
        for (; low < Count && numbers.Count < MaxSameIds && EventIdAt(low) is var (found, number) && found == term; low++)
            numbers.Add(number);
        return new ArrayPostings([.. numbers]);
    }

    public void Dispose() => file.Dispose();

    /// <param name="places">In the order of the log.</param>
    /// <param name="eventIds">The hash of each event's id, in the same order.</param>
    /// <param name="terms">By their hashes; the numbers of each by time and then by number.</param>
    internal static byte[] Render(
        int segment, long textLength, IReadOnlyList<EventPlace> places, IReadOnlyList<uint> eventIds, IReadOnlyList<TrailScope> scopes,
        IReadOnlyList<KeyValuePair<ulong, uint[]>> terms)
    {
        using var postings = new MemoryStream();
        var entries = new byte[TermBytes * terms.Count];
        for (var i = 0; i < terms.Count; i++)
        {
            var start = postings.Length;
            var entry = entries.AsSpan(TermBytes * i);
            WritePostings(postings, terms[i].Value);
            BinaryPrimitives.WriteUInt64LittleEndian(entry, terms[i].Key);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], (uint)terms[i].Value.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], checked((uint)(postings.Length - start)));
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], start);
        }

        var trails = RenderScopes(scopes);
        var file = new byte[HeaderBytes + (PlaceBytes + EventIdBytes) * places.Count + entries.Length + postings.Length + trails.Length + HashBytes];
        var rest = file.AsSpan();
        Magic.CopyTo(rest);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[8..], (uint)segment);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[12..], (uint)places.Count);
        BinaryPrimitives.WriteInt64LittleEndian(rest[16..], textLength);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[24..], places.Count == 0 ? uint.MaxValue : places.Min(place => place.Time));
        BinaryPrimitives.WriteUInt32LittleEndian(rest[28..], places.Count == 0 ? 0 : places.Max(place => place.Time));
        BinaryPrimitives.WriteUInt32LittleEndian(rest[32..], (uint)terms.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[36..], (uint)trails.Length);
        BinaryPrimitives.WriteInt64LittleEndian(rest[40..], postings.Length);
        rest = rest[HeaderBytes..];
        foreach (var place in places)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, place.Time);
            BinaryPrimitives.WriteInt64LittleEndian(rest[4..], place.Offset);
            rest = rest[PlaceBytes..];
        }

        foreach (var (id, number) in eventIds.Select((id, number) => (id, number)).OrderBy(pair => pair.id).ThenBy(pair => places[pair.number].Time).ThenBy(pair => pair.number))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest, id);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], (uint)number);
            rest = rest[EventIdBytes..];
        }

        entries.CopyTo(rest);
        rest = rest[entries.Length..];
        postings.GetBuffer().AsSpan(0, (int)postings.Length).CopyTo(rest);
        rest = rest[(int)postings.Length..];
        trails.CopyTo(rest);
        SHA256.HashData(file.AsSpan(0, file.Length - HashBytes), rest[trails.Length..]);
        return file;
    }

    // A directory of blocks, so that a search need not begin at the start, then the differences within each.
    private static void WritePostings(MemoryStream output, uint[] numbers)
    {
        using var differences = new MemoryStream();
        Span<byte> block = stackalloc byte[BlockBytes];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (i % BlockNumbers == 0)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(block, numbers[i]);
                BinaryPrimitives.WriteUInt32LittleEndian(block[4..], (uint)differences.Length);
                output.Write(block);
                continue;
            }

            var difference = (long)numbers[i] - numbers[i - 1];
            var zigzag = (ulong)((difference << 1) ^ (difference >> 63));
            for (; zigzag >= 0x80; zigzag >>= 7)
                differences.WriteByte((byte)(zigzag & 0x7f | 0x80));
            differences.WriteByte((byte)zigzag);
        }

        differences.WriteTo(output);
    }

    private static byte[] RenderScopes(IReadOnlyList<TrailScope> scopes)
    {
        using var output = new MemoryStream();
        foreach (var text in scopes.SelectMany(scope => new[] { scope.Account, scope.Region }).Select(Encoding.UTF8.GetBytes))
        {
            output.WriteByte((byte)Math.Min(text.Length, byte.MaxValue));
            output.Write(text, 0, Math.Min(text.Length, byte.MaxValue));
        }

        return output.ToArray();
    }

    private List<TrailScope> ReadScopes(long at, int length)
    {
        var bytes = new byte[length];
        ReadExactly(bytes, at);
        var texts = new List<string>();
        for (var i = 0; i < length; i += 1 + bytes[i])
        {
            if (i + 1 + bytes[i] > length)
                throw Damaged();
            texts.Add(Encoding.UTF8.GetString(bytes, i + 1, bytes[i]));
        }

        return texts.Count % 2 == 0 ? [.. texts.Chunk(2).Select(pair => new TrailScope(pair[0], pair[1]))] : throw Damaged();
    }

    private (uint Term, uint Number) EventIdAt(int index)
    {
        Span<byte> entry = stackalloc byte[EventIdBytes];
        ReadExactly(entry, eventIdsAt + (long)EventIdBytes * index);
        return (BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]));
    }

    private FilePostings Postings(int count, uint length, long offset)
    {
        var blocks = (count + BlockNumbers - 1) / BlockNumbers;
        return count <= Count && offset >= 0 && offset <= postingsEnd - postingsAt - length && length >= (long)blocks * BlockBytes
            ? new FilePostings(this, count, blocks, postingsAt + offset, (int)length)
            : throw Damaged();
    }

    private void ReadExactly(Span<byte> bytes, long at)
    {
        if (RandomAccess.Read(file, bytes, at) != bytes.Length)
            throw Damaged();
    }

    private static int ReadCount(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes) is var count and <= MaxEvents ? (int)count : throw Damaged();

    private static InvalidDataException Damaged() => new("An index of the audit log is damaged.");

    /// <summary>Reads a block of numbers at a time.</summary>
    private sealed class FilePostings(SegmentIndexFile index, int count, int blocks, long at, int length) : IPostings
    {
        private readonly uint[] numbers = new uint[BlockNumbers];
        private int current = -1;

        public int Count => count;

        public uint this[int number]
        {
            get
            {
                if (number / BlockNumbers != current)
                    Load(number / BlockNumbers);
                return numbers[number % BlockNumbers];
            }
        }

        private void Load(int block)
        {
            // This entry of the directory and the next, where there is one: the block's differences lie between the two.
            Span<byte> entry = stackalloc byte[2 * BlockBytes];
            entry = block + 1 < blocks ? entry : entry[..BlockBytes];
            index.ReadExactly(entry, at + (long)BlockBytes * block);
            var total = (uint)(length - BlockBytes * blocks);
            var start = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            var end = block + 1 < blocks ? BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]) : total;
            if (start > end || end > total || end - start > BlockNumbers * MaxVarintBytes)
                throw Damaged();

            Span<byte> differences = stackalloc byte[BlockNumbers * MaxVarintBytes];
            differences = differences[..(int)(end - start)];
            index.ReadExactly(differences, at + (long)BlockBytes * blocks + start);
            current = -1;
            numbers[0] = BinaryPrimitives.ReadUInt32LittleEndian(entry);
            var filled = Math.Min(BlockNumbers, count - block * BlockNumbers);
            for (var i = 1; i < filled; i++)
                numbers[i] = unchecked((uint)(numbers[i - 1] + ReadDifference(ref differences)));
            current = block;
        }

        private static long ReadDifference(ref Span<byte> bytes)
        {
            ulong value = 0;
            for (var i = 0; i < MaxVarintBytes; i++)
            {
                if (i >= bytes.Length)
                    throw Damaged();
                value |= (ulong)(bytes[i] & 0x7f) << (7 * i);
                if (bytes[i] >= 0x80)
                    continue;
                bytes = bytes[(i + 1)..];
                return (long)(value >> 1) ^ -(long)(value & 1);
            }

            throw Damaged();
        }
    }
}
