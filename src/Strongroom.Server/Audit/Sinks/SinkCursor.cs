using System.Globalization;
using System.Text;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>How far a sink has got: the segment, and the byte of its uncompressed text where the next line begins.</summary>
internal readonly record struct SinkCursor(int Segment, long Offset)
{
    /// <summary>What a file says; null when there is none.</summary>
    /// <exception cref="InvalidDataException">Something else is in it.</exception>
    public static SinkCursor? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        var parts = File.ReadAllText(path).Split(' ', '\n');
        return parts.Length >= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var segment)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? new SinkCursor(segment, offset)
            : throw new InvalidDataException($"{path} is no cursor. Remove it, and the sink begins anew.");
    }

    public void Write(string path) =>
        DataDirectory.WritePrivate(path, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Segment} {Offset}\n")));
}
