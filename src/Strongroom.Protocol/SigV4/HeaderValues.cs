namespace Strongroom.Protocol.SigV4;

/// <summary>
/// The values of one header name in arrival order: none, one string, or an array. Wraps what a server already holds, so a lookup allocates nothing.
/// </summary>
public readonly struct HeaderValues
{
    private readonly object? _value; // null, string or string?[]: the same trick StringValues plays, without its package

    /// <param name="value">The only value; null means that the header is absent.</param>
    public HeaderValues(string? value) => _value = value;

    /// <param name="values">Every value in arrival order. Kept, not copied.</param>
    public HeaderValues(string?[] values) => _value = values.Length == 1 ? values[0] ?? "" : values;

    /// <summary>How many fields of that name arrived; 0 when the header is absent.</summary>
    public int Count => _value switch { null => 0, string => 1, string?[] many => many.Length, _ => 0 };

    /// <summary>The value at <paramref name="index"/>, which must be below <see cref="Count"/>.</summary>
    public string this[int index] => _value is string?[] many ? many[index] ?? "" : (string)_value!;

    /// <summary>All values as SigV4 reads them: joined with a comma. Allocates only when there are several.</summary>
    public string Joined() => _value switch { null => "", string one => one, string?[] many => string.Join(',', many), _ => "" };
}
