using System.Runtime.CompilerServices;
using Strongroom.Server.Audit;

namespace Strongroom.Cli.Commands;

/// <summary>Reads the end of the audit log, and what is added to it, across segments.</summary>
internal sealed class LogFollower(string directory, TimeProvider time)
{
    private const int ChunkBytes = 64 << 10;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // Where following goes on: behind the last line returned.
    private (int Segment, long Offset) end;

    /// <summary>The newest lines, oldest first.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Last(int count)
    {
        var lines = new List<ReadOnlyMemory<byte>>();
        end = default;
        foreach (var segment in AuditSegments.List(directory).Reverse())
        {
            if (end != default && lines.Count >= count)
                break;
            lines.InsertRange(0, LastOf(segment, count - lines.Count));
        }

        return lines;
    }

    /// <summary>Lines as they are written, after those that <see cref="Last"/> returned. Ends when it is cancelled.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> FollowAsync([EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            // A segment that has a successor grows no more: what it has now is all of it.
            var segments = AuditSegments.List(directory);
            var next = segments.FirstOrDefault(s => s.Number > end.Segment);
            if (segments.FirstOrDefault(s => s.Number == end.Segment) is { } current)
            {
                using var reader = AuditSegments.TryOpen(current, end.Offset);
                while (reader?.TryReadLine(out var line) == true)
                {
                    end.Offset = reader.Offset;
                    yield return line.ToArray();
                }
            }

            if (next is not null)
                end = (next.Number, 0);
            else
                await Task.Delay(Interval, time, ct);
        }
    }

    private List<ReadOnlyMemory<byte>> LastOf(AuditSegment segment, int count)
    {
        var lines = new Queue<ReadOnlyMemory<byte>>();
        using var reader = AuditSegments.TryOpen(segment, segment.IsCompressed ? 0 : StartOf(segment.PlainPath, count));
        while (reader?.TryReadLine(out var line) == true)
        {
            lines.Enqueue(line.ToArray());
            if (lines.Count > count)
                lines.Dequeue();
        }

        if (end == default)
            end = (segment.Number, reader?.Offset ?? 0);
        return [.. lines];
    }

    // Where the last lines begin: behind the line feed before them. The whole log may be long, and its end is all that is asked for.
    private static long StartOf(string path, int count)
    {
        using var file = AuditSegments.TryOpenFile(path);
        var chunk = new byte[ChunkBytes];
        var feeds = 0;
        for (var at = file?.Length ?? 0; at > 0;)
        {
            var length = (int)Math.Min(ChunkBytes, at);
            at -= length;
            file!.Position = at;
            length = file.ReadAtLeast(chunk.AsSpan(0, length), length, throwOnEndOfStream: false);
            for (var i = length - 1; i >= 0; i--)
            {
                if (chunk[i] == (byte)'\n' && ++feeds > count)
                    return at + i + 1;
            }
        }

        return 0;
    }
}
