using System.Buffers.Binary;
using System.Text;

namespace Strongroom.Storage.Backup;

/// <summary>Writes rows in the portable form. Format: docs/formats/backup.md, "Rows".</summary>
internal sealed class RowWriter(Stream output)
{
    private readonly byte[] buffer = new byte[64 << 10];
    private int length;

    public void Byte(byte value)
    {
        Reserve(1);
        buffer[length++] = value;
    }

    public void Count(long value)
    {
        Reserve(8);
        BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(length), value);
        length += 8;
    }

    public void Field(ReadOnlySpan<byte> bytes)
    {
        Reserve(4);
        BinaryPrimitives.WriteInt32BigEndian(buffer.AsSpan(length), bytes.Length);
        length += 4;
        if (bytes.Length > buffer.Length)
        {
            Flush();
            output.Write(bytes);
            return;
        }

        Reserve(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(length));
        length += bytes.Length;
    }

    public void Field(string text) => Field(Encoding.UTF8.GetBytes(text));

    /// <summary>A value as the drivers give it.</summary>
    public void Value(object value)
    {
        switch (value)
        {
            case DBNull:
                Byte(RowFormat.Null);
                break;
            case long number:
                Byte(RowFormat.Integer);
                Count(number);
                break;
            case string text:
                Byte(RowFormat.Text);
                Field(text);
                break;
            case byte[] bytes:
                Byte(RowFormat.Bytes);
                Field(bytes);
                break;
            default:
                throw new StoreRefusedException($"The database holds a value of a kind that Strongroom never writes ({value.GetType().Name}). Another program changed it.");
        }
    }

    public void Flush()
    {
        output.Write(buffer.AsSpan(0, length));
        length = 0;
    }

    private void Reserve(int more)
    {
        if (buffer.Length - length < more)
            Flush();
    }
}

/// <summary>The marks of the portable form.</summary>
internal static class RowFormat
{
    public const byte End = 0;
    public const byte Table = 1;
    public const byte Row = 2;
    public const byte TableEnd = 3;

    public const byte Null = 0;
    public const byte Integer = 1;
    public const byte Text = 2;
    public const byte Bytes = 3;

    /// <summary>Longer than any value that the operations admit; a length beyond it is damage, not a value.</summary>
    public const int MaxFieldBytes = 64 << 20;
}
