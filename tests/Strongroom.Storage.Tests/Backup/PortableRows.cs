using System.Buffers.Binary;
using System.Text;

namespace Strongroom.Storage.Tests.Backup;

/// <summary>Reads rows in the portable form from docs/formats/backup.md alone, without the code that the program reads them with.</summary>
internal static class PortableRows
{
    /// <returns>By table: the last number of its sequence, and its rows as text in no order.</returns>
    public static Dictionary<string, (long Sequence, string[] Columns, List<string[]> Rows)> Parse(byte[] bytes)
    {
        var at = 0;
        var tables = new Dictionary<string, (long, string[], List<string[]>)>();
        while (bytes[at++] == 1)
        {
            var name = Encoding.UTF8.GetString(Field());
            var sequence = Number();
            var columns = Enumerable.Range(0, (int)Number()).Select(_ => Encoding.UTF8.GetString(Field())).ToArray();
            var rows = new List<string[]>();
            while (bytes[at++] == 2)
                rows.Add([.. columns.Select(_ => Value())]);
            Assert.Equal(3, bytes[at - 1]);
            Assert.Equal(rows.Count, Number());
            tables.Add(name, (sequence, columns, rows));
        }

        Assert.Equal(0, bytes[at - 1]);
        Assert.Equal(tables.Count, Number());
        Assert.Equal(bytes.Length, at);
        return tables;

        byte[] Field()
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            at += 4 + length;
            return bytes[(at - length)..at];
        }

        long Number()
        {
            at += 8;
            return BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at - 8));
        }

        string Value() => bytes[at++] switch
        {
            0 => "null",
            1 => "i" + Number(),
            2 => "t" + Encoding.UTF8.GetString(Field()),
            3 => "b" + Convert.ToHexString(Field()),
            var other => throw new InvalidOperationException($"No kind of value: {other}"),
        };
    }

    /// <summary>All rows as text, in order, for comparison.</summary>
    public static string[] Text(byte[] bytes) =>
        [.. Parse(bytes).SelectMany(table => table.Value.Rows.Select(row => $"{table.Key}: {string.Join(" | ", row)}")).Order(StringComparer.Ordinal)];
}
