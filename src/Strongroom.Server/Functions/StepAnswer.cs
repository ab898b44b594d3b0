using System.Text;
using System.Text.Json;
using Strongroom.Server.Rotation;

namespace Strongroom.Server.Functions;

/// <summary>Tells from what a function answered whether its step succeeded. Source: IAM fact sheet 9.5.</summary>
internal static class StepAnswer
{
    private const int MaxErrorLength = 1024;

    /// <param name="isError">Whether something beside the payload says that it failed.</param>
    public static StepResult Read(ReadOnlySpan<byte> payload, bool isError, string output, Redaction redaction)
    {
        var error = FindError(payload, isError) ?? (isError ? "The function failed and does not say why." : null);
        return new StepResult(error is null ? null : Shown(error, redaction), output);
    }

    public static string Shown(string error, Redaction redaction) =>
        redaction.Apply(error) is var shown && shown.Length > MaxErrorLength ? shown[..MaxErrorLength] : shown;

    // Lambda's emulator says nothing in a header, so the body decides too.
    private static string? FindError(ReadOnlySpan<byte> payload, bool isError)
    {
        if (payload.StartsWith("Task timed out"u8))
            return Encoding.UTF8.GetString(payload);
        try
        {
            var reader = new Utf8JsonReader(payload);
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return null;
            using (document)
            {
                var root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("errorMessage", out var message))
                    return null;
                return root.TryGetProperty("errorType", out var type) ? $"{type}: {message}" : isError ? message.ToString() : null;
            }
        }
        catch (JsonException)
        {
            // Whatever it returns means nothing, so it need not be JSON.
            return null;
        }
    }
}
