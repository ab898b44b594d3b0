using System.Buffers.Binary;
using System.Text;

namespace Strongroom.Storage.Backup;

/// <summary>Reads what <see cref="RowWriter"/> wrote, and believes nothing of it.</summary>
internal sealed class RowReader(Stream input)
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] number = new byte[8];

    public byte Byte()
    {
        input.ReadExactly(number, 0, 1);
        return number[0];
    }

    public long Count()
    {
        input.ReadExactly(number, 0, 8);
        return BinaryPrimitives.ReadInt64BigEndian(number);
    }

    public byte[] Field()
    {
        input.ReadExactly(number, 0, 4);
        var length = BinaryPrimitives.ReadInt32BigEndian(number);
        if (length is < 0 or > RowFormat.MaxFieldBytes)
            throw Malformed();
        var bytes = new byte[length];
        input.ReadExactly(bytes);
        return bytes;
    }

    public string Text()
    {
        try
        {
            return Utf8.GetString(Field());
        }
        catch (DecoderFallbackException)
        {
            throw Malformed();
        }
    }

    public object Value() => Byte() switch
    {
        RowFormat.Null => DBNull.Value,
        RowFormat.Integer => Count(),
        RowFormat.Text => Text(),
        RowFormat.Bytes => Field(),
        _ => throw Malformed(),
    };

    /// <summary>Reads one table's head and expects it to be this one.</summary>
    /// <returns>The last number that the table's sequence gave; 0 when it has none.</returns>
    public long Table(StoreTable table)
    {
        if (Byte() != RowFormat.Table || Text() != table.Name)
            throw Malformed();
        var sequence = Count();
        if (Count() != table.Columns.Count || table.Columns.Any(column => Text() != column))
            throw Malformed();
        return sequence;
    }

    /// <summary>Whether another row follows; the end of the table otherwise, whose count must agree.</summary>
    public bool NextRow(long rows) => Byte() switch
    {
        RowFormat.Row => true,
        RowFormat.TableEnd when Count() == rows => false,
        _ => throw Malformed(),
    };

    public void End(int tables)
    {
        if (Byte() != RowFormat.End || Count() != tables || input.ReadByte() >= 0)
            throw Malformed();
    }

    public static StoreRefusedException Malformed() =>
        new("The rows in the backup are not in the form that their schema asks for. The backup is damaged, or a newer program wrote it.");
}
