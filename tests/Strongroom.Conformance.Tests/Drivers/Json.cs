namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>Short ways into JSON.</summary>
internal static class Json
{
    public static string Text(this JsonObject json, string name) => json[name]!.GetValue<string>();

    public static JsonArray Array(params IEnumerable<string> items) => [.. items.Select(i => (JsonNode)i)];

    public static JsonObject Blob(byte[] bytes) => new() { ["base64"] = Convert.ToBase64String(bytes) };

    public static JsonArray Tags(params IEnumerable<(string Key, string Value)> tags) =>
        [.. tags.Select(t => new JsonObject { ["Key"] = t.Key, ["Value"] = t.Value })];

    /// <summary>The texts of an array, ordered, in one line.</summary>
    public static string Sorted(this JsonNode? array) => string.Join(' ', array!.AsArray().Select(i => i!.GetValue<string>()).Order(StringComparer.Ordinal));

    public static string Names(this JsonObject json) => string.Join(' ', json.Select(m => m.Key).Order(StringComparer.Ordinal));
}
