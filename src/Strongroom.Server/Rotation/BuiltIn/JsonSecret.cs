using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>A value that is a JSON object: what a rotator reads of it, and the same object with other members.</summary>
/// <remarks>Read by hand, because a document would leave copies of the value in memory that nobody zeroes.</remarks>
internal sealed class JsonSecret : IDisposable
{
    private readonly SecretValue value;

    private JsonSecret(SecretValue value) => this.value = value;

    /// <summary>Reads the value, and owns it from here on.</summary>
    /// <param name="what">For messages: which secret, or which of its values.</param>
    /// <exception cref="RotationException">There is none, or it is no JSON object.</exception>
    public static JsonSecret Read(SecretValue? value, string what)
    {
        if (value is null)
            throw new RotationException($"{what} has no value.");
        var secret = new JsonSecret(value);
        if (secret.IsObject())
            return secret;
        secret.Dispose();
        throw new RotationException($"The value of {what} is not a JSON object.");
    }

    /// <summary>A member that is text; null when it is absent or null.</summary>
    /// <exception cref="RotationException">It is something else.</exception>
    public string? Find(string name)
    {
        var reader = Seek(name);
        return reader.TokenType switch
        {
            JsonTokenType.None or JsonTokenType.Null => null,
            JsonTokenType.String => reader.GetString(),
            _ => throw new RotationException($"The member {name} of the secret must be text."),
        };
    }

    /// <exception cref="RotationException">It is absent, empty, or no text.</exception>
    public string Require(string name) =>
        Find(name) is { Length: > 0 } text ? text : throw new RotationException($"The secret has no member {name}, or an empty one.");

    /// <summary>A member that is a whole number; null when it is absent or null.</summary>
    public int? FindNumber(string name)
    {
        var reader = Seek(name);
        return reader.TokenType is JsonTokenType.None or JsonTokenType.Null ? null
            : reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? number
            : throw new RotationException($"The member {name} of the secret must be a whole number.");
    }

    /// <summary>A member that is an array of texts; empty when it is absent or null.</summary>
    public IReadOnlyList<string> FindTexts(string name)
    {
        var reader = Seek(name);
        if (reader.TokenType is JsonTokenType.None or JsonTokenType.Null)
            return [];
        var texts = new List<string>();
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.String)
                texts.Add(reader.GetString()!);
        }

        return reader.TokenType == JsonTokenType.EndArray ? texts : throw new RotationException($"The member {name} of the secret must be an array of texts.");
    }

    /// <summary>The same object with members replaced, or added at its end.</summary>
    /// <param name="members">UTF-8 texts by name.</param>
    public SecretValue With(params IReadOnlyList<(string Name, ReadOnlyMemory<byte> Text)> members)
    {
        var source = value.Bytes.Reveal();
        using var output = new ScrubbedBuffer((2 * source.Length) + members.Sum(member => 6 * member.Text.Length) + 256);
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            var reader = new Utf8JsonReader(source);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (members.Any(member => member.Name == name))
                    continue;
                writer.WritePropertyName(name);
                writer.WriteRawValue(source[start..(int)reader.BytesConsumed]);
            }

            foreach (var (name, text) in members)
                writer.WriteString(name, text.Span);
            writer.WriteEndObject();
        }

        return SecretValue.Text(output.Written.Span);
    }

    public void Dispose() => value.Dispose();

    private bool IsObject()
    {
        if (value.Kind != SecretKind.String)
            return false;
        try
        {
            var reader = new Utf8JsonReader(value.Bytes.Reveal());
            var isObject = reader.Read() && reader.TokenType == JsonTokenType.StartObject;
            while (reader.Read())
            {
            }

            return isObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <returns>At the value of a member; at nothing when there is none. Of a member that stands twice the last counts, as in Python.</returns>
    private Utf8JsonReader Seek(string name)
    {
        var reader = new Utf8JsonReader(value.Bytes.Reveal());
        Utf8JsonReader found = default;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            if (isIt)
                found = reader;
            reader.Skip();
        }

        return found;
    }
}
