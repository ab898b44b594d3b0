using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Audit;

/// <summary>
/// What is signed about a segment: which records it holds up to a point, and the hash that they end with. One JSON object in a file beside
/// the segment; the last one says that it is closed. Format: docs/formats/audit-log.md.
/// </summary>
/// <param name="Log">The log's id.</param>
/// <param name="Segment">The segment's number.</param>
/// <param name="IsClosed">Nothing comes after <paramref name="Last"/> in this segment.</param>
/// <param name="Bytes">The segment's length, uncompressed, with the record <paramref name="Last"/>.</param>
/// <param name="Time">When it was signed, UTC.</param>
internal sealed record AuditDigest(
    [property: JsonPropertyName("log")] Guid Log,
    [property: JsonPropertyName("segment")] int Segment,
    [property: JsonPropertyName("closed")] bool IsClosed,
    [property: JsonPropertyName("first")] long First,
    [property: JsonPropertyName("last")] long Last,
    [property: JsonPropertyName("change")] long Change,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("previous")] string Previous,
    [property: JsonPropertyName("hash")] string Hash,
    [property: JsonPropertyName("time")] DateTime Time)
{
    public static AuditDigest Of(Guid log, LogHead head, bool isClosed, DateTimeOffset now) =>
        new(log, head.Segment, isClosed, head.First, head.Last, head.Change, head.Bytes, head.Previous, head.Hash, now.UtcDateTime);

    public static string PathOf(string directory, int segment) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"audit-{segment:D8}.digest"));

    /// <summary>The digest of a segment as it stands in its file, whoever signed it; null when there is none or it can't be read as one.</summary>
    public static AuditDigest? Find(string directory, int segment) => SignedStatement.TryRead(PathOf(directory, segment))?.Digest;

    /// <summary>The digest that the store knows, whoever signed it; null when it knows none.</summary>
    /// <param name="setting">The value of <see cref="AuditDigests.KnownSetting"/>.</param>
    public static AuditDigest? Known(byte[]? setting) => setting is null ? null : SignedStatement.TryParse(Encoding.UTF8.GetString(setting))?.Digest;

    public static void Write(string directory, int segment, SignedStatement statement) =>
        DataDirectory.WritePrivate(PathOf(directory, segment), Encoding.UTF8.GetBytes(statement.Text + "\n"));
}

/// <summary>Which segments were removed because they were older than is kept. Without it, a missing segment is a finding.</summary>
/// <param name="Through">This segment and all before it.</param>
/// <param name="Last">The number of the last record that was removed.</param>
/// <param name="Hash">The hash of that record's line.</param>
internal sealed record AuditRemoval(
    [property: JsonPropertyName("log")] Guid Log,
    [property: JsonPropertyName("removedThrough")] int Through,
    [property: JsonPropertyName("last")] long Last,
    [property: JsonPropertyName("hash")] string Hash,
    [property: JsonPropertyName("time")] DateTime Time)
{
    public static string PathOf(string directory) => Path.Combine(directory, "audit-removed.digest");
}

/// <summary>A JSON object whose last members are the id of a key and a signature over everything before the signature.</summary>
internal sealed record SignedStatement(string Text)
{
    private const string SignatureMember = ",\"signature\":\"";
    private const string KeyMember = ",\"key\":\"";

    public static SignedStatement Sign(AuditDigest what, DigestKey key) => Sign(JsonSerializer.Serialize(what, StatementJson.Plain.AuditDigest), key);

    public static SignedStatement Sign(AuditRemoval what, DigestKey key) => Sign(JsonSerializer.Serialize(what, StatementJson.Plain.AuditRemoval), key);

    private static SignedStatement Sign(string json, DigestKey key)
    {
        var signed = $"{json[..^1]}{KeyMember}{key.Id}\"";
        return new SignedStatement($"{signed}{SignatureMember}{Convert.ToBase64String(key.Sign(Encoding.UTF8.GetBytes(signed)))}\"}}");
    }

    /// <summary>Null when there is no such file, or nothing like a statement in it.</summary>
    public static SignedStatement? TryRead(string path)
    {
        try
        {
            return TryParse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static SignedStatement? TryParse(string text)
    {
        text = text.EndsWith('\n') ? text[..^1] : text;
        return text.StartsWith('{') && text.EndsWith("\"}", StringComparison.Ordinal) && text.Contains(SignatureMember, StringComparison.Ordinal)
            ? new SignedStatement(text)
            : null;
    }

    /// <summary>Whether the owner of the key signed it, as it stands.</summary>
    public bool IsSignedWith(DigestVerifier key)
    {
        var at = Text.LastIndexOf(SignatureMember, StringComparison.Ordinal);
        var encoded = Text[(at + SignatureMember.Length)..^2];
        var signature = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, signature, out var length)
            && key.Verify(Encoding.UTF8.GetBytes(Text[..at]), signature.AsSpan(0, length));
    }

    /// <summary>The digest that it is, which is worth nothing before <see cref="IsSignedWith"/>. Null when members are missing or have other types.</summary>
    public AuditDigest? Digest => Read(StatementJson.Plain.AuditDigest);

    /// <summary>As <see cref="Digest"/>, of removed segments.</summary>
    public AuditRemoval? Removal => Read(StatementJson.Plain.AuditRemoval);

    private T? Read<T>(JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(Text, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(AuditDigest))]
[JsonSerializable(typeof(AuditRemoval))]
internal sealed partial class StatementJson : JsonSerializerContext
{
    // Base64 as it is: these texts go into files, never into a page.
    public static StatementJson Plain { get; } = new(new JsonSerializerOptions
    {
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
