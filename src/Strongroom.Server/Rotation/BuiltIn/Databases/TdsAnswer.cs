using System.Buffers.Binary;
using System.Text;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>What a server answered: the stream of tokens, read whole. Source: [MS-TDS] 2.2.7.</summary>
internal sealed class TdsAnswer
{
    private const byte ColumnMetadata = 0x81, Order = 0xA9, ErrorToken = 0xAA, Info = 0xAB, LoginAck = 0xAD, Row = 0xD1, RowWithNulls = 0xD2,
        EnvironmentChange = 0xE3, ReturnStatus = 0x79, Done = 0xFD, DoneProcedure = 0xFE, DoneInProcedure = 0xFF, NVarChar = 0xE7;

    private readonly List<string?[]> rows = [];
    private int columns;

    public IReadOnlyList<string?[]> Rows => rows;

    public bool LoggedIn { get; private set; }

    /// <summary>Number of the first error; null when there was none.</summary>
    public int? Error { get; private set; }

    /// <exception cref="IOException">It holds what is not asked for.</exception>
    /// <exception cref="ArgumentException">It is shorter than it says.</exception>
    public static TdsAnswer Parse(ReadOnlySpan<byte> bytes)
    {
        var answer = new TdsAnswer();
        while (bytes.Length > 0)
            bytes = answer.Take(bytes[0], bytes[1..]);
        return answer;
    }

    private ReadOnlySpan<byte> Take(byte token, ReadOnlySpan<byte> rest)
    {
        switch (token)
        {
            case ErrorToken:
                // Numbers up to class 10 are notices, and come as Info.
                Error ??= BinaryPrimitives.ReadInt32LittleEndian(rest[2..]);
                return Skip(rest);
            case LoginAck:
                LoggedIn = true;
                return Skip(rest);
            case EnvironmentChange:
                // "Go on at another address": that would take the password to where the server says.
                if (rest[2] == 20)
                    throw new IOException();
                return Skip(rest);
            case Info or Order:
                return Skip(rest);
            case ReturnStatus:
                return rest[4..];
            case Done or DoneProcedure or DoneInProcedure:
                return rest[12..];
            case ColumnMetadata:
                return TakeColumns(rest);
            case Row or RowWithNulls:
                return TakeRow(rest, token == RowWithNulls);
            default:
                throw new IOException();
        }
    }

    private static ReadOnlySpan<byte> Skip(ReadOnlySpan<byte> rest) => rest[(2 + BinaryPrimitives.ReadUInt16LittleEndian(rest))..];

    private ReadOnlySpan<byte> TakeColumns(ReadOnlySpan<byte> rest)
    {
        columns = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        rest = rest[2..];
        if (columns == 0xFFFF)
        {
            columns = 0;
            return rest;
        }

        for (var i = 0; i < columns; i++)
        {
            // User type, flags, type, longest value, collation, name. A longest value of 0xFFFF is "max", which comes in another form.
            if (rest[6] != NVarChar || BinaryPrimitives.ReadUInt16LittleEndian(rest[7..]) == 0xFFFF)
                throw new IOException();
            rest = rest[(15 + (2 * rest[14]))..];
        }

        return rest;
    }

    private ReadOnlySpan<byte> TakeRow(ReadOnlySpan<byte> rest, bool hasNulls)
    {
        var nulls = hasNulls ? rest[..((columns + 7) / 8)] : default;
        rest = rest[nulls.Length..];
        var row = new string?[columns];
        for (var i = 0; i < columns; i++)
        {
            if (hasNulls && (nulls[i / 8] & 1 << (i % 8)) != 0)
                continue;
            var length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
            rest = rest[2..];
            if (length == 0xFFFF)
                continue;
            row[i] = Encoding.Unicode.GetString(rest[..length]);
            rest = rest[length..];
        }

        rows.Add(row);
        return rest;
    }
}
