using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Strongroom.Server.Endpoint;

/// <summary>Lends JSON writers: making one costs as much as writing a small answer with it.</summary>
internal static class JsonWriters
{
    // As on AWS: only what JSON demands is escaped. Nothing written here is ever embedded in HTML.
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static Utf8JsonWriter? spare;

    /// <summary>Text ready to be written as a name or a value by any of these writers, which then neither look for escapes nor transcode.</summary>
    public static JsonEncodedText Encode(string text) => JsonEncodedText.Encode(text, Options.Encoder);

    public static Rental Rent(IBufferWriter<byte> output)
    {
        var writer = spare ?? new Utf8JsonWriter(output, Options);
        if (spare is not null)
        {
            spare = null;
            writer.Reset(output);
        }

        return new Rental(writer);
    }

    /// <summary>A writer on loan; give it back on the thread that took it, without awaiting in between.</summary>
    public readonly ref struct Rental(Utf8JsonWriter writer) : IDisposable
    {
        public Utf8JsonWriter Writer => writer;

        public void Dispose()
        {
            writer.Reset(Stream.Null);
            spare = writer;
        }
    }
}
