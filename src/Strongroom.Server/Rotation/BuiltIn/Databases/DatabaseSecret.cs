using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>The JSON of a database secret: what AWS's templates read of it, and the text itself, so that a new value changes nothing else.</summary>
/// <remarks>Drivers take passwords as strings, which nobody can zero: they live until they are collected. Source: API fact sheet 4.8.</remarks>
internal sealed class DatabaseSecret : IDisposable
{
    private readonly SecretValue value;
    private readonly List<Place> places = [];

    private DatabaseSecret(SecretValue value) => this.value = value;

    public string Engine { get; private set; } = "";

    public string Host { get; private set; } = "";

    public int? Port { get; private set; }

    public string Username { get; private set; } = "";

    public string Password { get; private set; } = "";

    /// <summary>Null when it is absent or empty.</summary>
    public string? DatabaseName { get; private set; }

    /// <summary>True or false: exactly that. Null, absent or unusable: TLS first, then without.</summary>
    public bool? Tls { get; private set; }

    /// <summary>The secret of the administrator; null when it is absent.</summary>
    public string? MasterArn { get; private set; }

    /// <summary>Reads the value, and owns it from here on.</summary>
    /// <param name="database">Whose <c>engine</c> it must have.</param>
    /// <exception cref="RotationException">It is not the JSON of such a secret. Says which member, never its value.</exception>
    public static DatabaseSecret Read(SecretValue value, IDatabase database)
    {
        var secret = new DatabaseSecret(value);
        try
        {
            if (value.Kind != SecretKind.String)
                throw new RotationException("The secret is binary; a database secret is JSON in SecretString.");
            secret.Parse(value.Bytes.Reveal());
            secret.Check(database);
            return secret;
        }
        catch (JsonException)
        {
            secret.Dispose();
            throw new RotationException("The value of the secret is not a JSON object.");
        }
        catch (InvalidOperationException)
        {
            secret.Dispose();
            throw new RotationException("The value of the secret is not valid Unicode.");
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>The same text with another password, and another user name where one is given.</summary>
    public SecretValue With(string? username, SecretBytes password)
    {
        using var output = new ScrubbedBuffer(value.Bytes.Length + (6 * password.Length) + 64);
        var source = value.Bytes.Reveal();
        var copied = 0;
        foreach (var place in places)
        {
            if (!place.IsPassword && username is null)
                continue;
            output.Write(source[copied..place.Start]);
            // Of its own writer, because one that has begun a document would set a comma.
            using (var writer = new Utf8JsonWriter(output, Plain))
            {
                if (place.IsPassword)
                    writer.WriteStringValue(password.Reveal());
                else
                    writer.WriteStringValue(username);
            }

            copied = place.End;
        }

        output.Write(source[copied..]);
        return SecretValue.Text(output.Written.Span);
    }

    public void Dispose() => value.Dispose();

    private void Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            // Of a member that stands twice the last counts, as in Python; the new value goes to each.
            switch (name)
            {
                case "engine":
                    Engine = Text(ref reader, name);
                    break;
                case "host":
                    Host = Text(ref reader, name);
                    break;
                case "port":
                    Port = PortOf(ref reader);
                    break;
                case "username":
                    Username = Text(ref reader, name);
                    places.Add(new Place(false, (int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                    break;
                case "password":
                    Password = Text(ref reader, name);
                    places.Add(new Place(true, (int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                    break;
                case "dbname":
                    DatabaseName = reader.TokenType == JsonTokenType.Null || Text(ref reader, name) is not { Length: > 0 } given ? null : given;
                    break;
                case "ssl":
                    Tls = TlsOf(ref reader);
                    break;
                case "masterarn":
                    MasterArn = Text(ref reader, name);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (reader.Read())
            throw new JsonException();
    }

    private void Check(IDatabase database)
    {
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)[("engine", Engine), ("host", Host), ("username", Username), ("password", Password)])
        {
            if (text.Length == 0)
                throw new RotationException($"{name} key is missing from secret JSON");
        }

        if (!database.Engines.Contains(Engine))
        {
            throw new RotationException(database.Engines is [var only]
                ? $"Database engine must be set to '{only}' in order to use this rotation lambda"
                : $"Database engine must be set to one of '{string.Join("', '", database.Engines)}' in order to use this rotation lambda");
        }

        // Drivers give meaning to more than names: a slash begins a socket's path, a comma the next host, a backslash an instance, a prefix a transport.
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
            throw new RotationException("host in the secret JSON is neither a host name nor an address");
        if (Password.AsSpan().ContainsAny('\0', '\r', '\n'))
            throw new RotationException("password in the secret JSON holds a NUL or a line break");
        // These are also written to logs, where an escape would speak to the terminal.
        if (Username.Any(char.IsControl) || DatabaseName?.Any(char.IsControl) == true)
            throw new RotationException("username or dbname in the secret JSON holds a control character");
    }

    private static string Text(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
            throw new RotationException($"{name} in the secret JSON is not a string");
        return reader.GetString()!;
    }

    private static int PortOf(ref Utf8JsonReader reader)
    {
        var port = 0;
        var good = reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetInt32(out port),
            JsonTokenType.String => int.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out port),
            _ => false,
        };
        return good && port is > 0 and <= 65535 ? port : throw new RotationException("port in the secret JSON is not a port");
    }

    private static bool? TlsOf(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True:
                return true;
            case JsonTokenType.False:
                return false;
            case JsonTokenType.String:
                return bool.TryParse(reader.GetString(), out var given) ? given : null;
            default:
                reader.Skip();
                return null;
        }
    }

    private readonly record struct Place(bool IsPassword, int Start, int End);

    // As a person would write it: escapes only where JSON demands them.
    private static readonly JsonWriterOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
