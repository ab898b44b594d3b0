using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Strongroom.Storage;

/// <summary>The document column: compact JSON, nulls left out. Members that this program does not know are passed over.</summary>
[JsonSerializable(typeof(SecretDocument))]
internal sealed partial class DocumentJson : JsonSerializerContext
{
    // The text goes into a database column, never into a page, so quotes and letters need no escapes beyond JSON's own.
    private static readonly DocumentJson Lean = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static string Write(SecretDocument document) => JsonSerializer.Serialize(document, Lean.SecretDocument);

    /// <exception cref="StoreUnavailableException">The column does not hold a document.</exception>
    public static SecretDocument Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var document = JsonSerializer.Deserialize(utf8, Lean.SecretDocument)!;

            // The generated code sets init-only members that the text lacks to null.
            return document.Versions is null ? document with { Versions = [] } : document;
        }
        catch (JsonException)
        {
            // The parser's own message quotes what it read; descriptions and policies are the owner's business.
            throw new StoreUnavailableException("A secret's document in the database can't be read: it was changed by another program. Restore a backup.");
        }
    }
}
