using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Strongroom.Protocol.AwsQuery;

namespace Strongroom.Protocol.AwsJson;

/// <summary>Reads scalars with AWS's words for a wrong type. Source: API fact sheet 1.5.</summary>
internal static class Scalars
{
    internal static string ReadString(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw WrongType(reader.TokenType, "a String");

    internal static long ReadLong(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.Number)
            throw WrongType(reader.TokenType, "a Long");
        if (reader.TryGetInt64(out var value))
            return value;
        // 30.0 is an integer to AWS's parser; 30.5 and 1e99 are not values of any member here.
        return reader.TryGetDecimal(out var exact) && decimal.Truncate(exact) == exact && Math.Abs(exact) <= long.MaxValue
            ? (long)exact
            : throw FrameworkErrors.Serialization("NUMBER_VALUE can not be converted to a Long");
    }

    internal static double ReadDouble(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) ? value : throw WrongType(reader.TokenType, "a Double");

    /// <summary>Epoch seconds, with a fraction or without.</summary>
    internal static DateTimeOffset ReadTime(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.Number)
            throw WrongType(reader.TokenType, "a Timestamp");
        var seconds = reader.TryGetDouble(out var value) ? value : double.NaN;
        return seconds <= DateTimeOffset.MinValue.ToUnixTimeSeconds() ? DateTimeOffset.MinValue
            : seconds < DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(seconds * 1000))
            : DateTimeOffset.MaxValue;
    }

    internal static bool ReadBool(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw WrongType(reader.TokenType, "a Boolean"),
    };

    internal static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType == type)
            return;
        throw reader.TokenType switch
        {
            JsonTokenType.StartObject => FrameworkErrors.Serialization("Start of structure or map found where not expected."),
            JsonTokenType.StartArray => FrameworkErrors.Serialization("Start of list found where not expected"),
            _ => FrameworkErrors.Serialization("Unexpected field type"),
        };
    }

    /// <summary>Hands a string's bytes to the setter without ever making a string of them; scratch memory is zeroed.</summary>
    internal static void ReadSecret<T>(ref Utf8JsonReader reader, bool base64, T target, SecretSetter<T> set)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw WrongType(reader.TokenType, base64 ? "a Blob" : "a String");

        var scratch = ArrayPool<byte>.Shared.Rent(Math.Max(1, reader.ValueSpan.Length));
        try
        {
            var length = reader.CopyString(scratch);
            if (base64)
            {
                if (Base64.DecodeFromUtf8InPlace(scratch.AsSpan(0, length), out var decoded) != OperationStatus.Done)
                    throw FrameworkErrors.Serialization("The value of a blob member is not valid base64");
                length = decoded;
            }

            set(target, scratch.AsSpan(0, length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scratch);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    internal static long ReadLong(QueryForm form, string name) =>
        long.TryParse(form.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : throw Malformed(name, "an integer");

    internal static bool ReadBool(QueryForm form, string name) => form.Value?.ToUpperInvariant() switch
    {
        "TRUE" => true,
        "FALSE" => false,
        _ => throw Malformed(name, "true or false"),
    };

    internal static void ReadSecret<T>(QueryForm form, bool base64, T target, SecretSetter<T> set)
    {
        var bytes = Encoding.UTF8.GetBytes(form.Value ?? "");
        var length = bytes.Length;
        if (base64 && Base64.DecodeFromUtf8InPlace(bytes, out length) != OperationStatus.Done)
            throw new ServiceException("MalformedInput", "The value of a blob parameter is not valid base64") { IsFrameworkError = true };
        set(target, bytes.AsSpan(0, length));
        CryptographicOperations.ZeroMemory(bytes);
    }

    // Names the parameter and not its value, which may be anything.
    private static ServiceException Malformed(string name, string wanted) =>
        new("MalformedInput", $"The value of {name} must be {wanted}.") { IsFrameworkError = true };

    private static ServiceException WrongType(JsonTokenType found, string wanted) => FrameworkErrors.Serialization(found switch
    {
        JsonTokenType.StartObject => "Start of structure or map found where not expected.",
        JsonTokenType.StartArray => "Start of list found where not expected",
        JsonTokenType.Number => $"NUMBER_VALUE can not be converted to {wanted}",
        JsonTokenType.True => $"TRUE_VALUE can not be converted to {wanted}",
        JsonTokenType.False => $"FALSE_VALUE can not be converted to {wanted}",
        JsonTokenType.Null => "Unexpected null in a list",
        _ => $"STRING_VALUE can not be converted to {wanted}",
    });
}
