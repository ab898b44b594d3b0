using System.Data;
using System.Runtime.InteropServices;

namespace Strongroom.Storage;

/// <summary>A parameter's value with its type, because PostgreSQL wants to know what kind of null it is given.</summary>
internal readonly struct SqlValue
{
    private SqlValue(DbType type, object? value) => (Type, Value) = (type, value ?? DBNull.Value);

    public DbType Type { get; }

    /// <summary>A boxed value or <see cref="DBNull"/>, as ADO.NET takes it.</summary>
    public object Value { get; }

    public static implicit operator SqlValue(long value) => new(DbType.Int64, value);

    public static implicit operator SqlValue(long? value) => new(DbType.Int64, value);

    public static implicit operator SqlValue(string value) => new(DbType.String, value);

    public static implicit operator SqlValue(byte[]? value) => new(DbType.Binary, value);

    /// <summary>Passes the array behind the memory as it is when it holds nothing else, which is how values travel here.</summary>
    public static implicit operator SqlValue(ReadOnlyMemory<byte>? value) => value is not { } memory ? (byte[]?)null
        : MemoryMarshal.TryGetArray(memory, out var part) && part.Offset == 0 && part.Count == part.Array!.Length ? part.Array
        : memory.ToArray();

    /// <summary>Sixteen bytes in the order in which the text form shows them.</summary>
    public static implicit operator SqlValue(Guid value) => value.ToByteArray(bigEndian: true);
}
