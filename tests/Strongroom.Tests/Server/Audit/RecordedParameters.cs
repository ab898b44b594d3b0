using System.Globalization;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Audit;

/// <summary>
/// What a record's <c>requestParameters</c> are to be: the request as it was sent, by the service model's types, names with a small first letter,
/// without what the model calls sensitive and without blobs. Source: IAM fact sheet 8.1, 8.3.
/// </summary>
internal static class RecordedParameters
{
    /// <summary>Kept out of records though the model does not call it sensitive: the code of a device, and a token that stands for a grant.</summary>
    private static readonly string[] Stricter = ["TokenCode", "GrantToken"];

    /// <param name="model">Members of the structure; null where there is no model: then all is shown.</param>
    public static JsonObject OfJson(JsonObject sent, JsonObject? model)
    {
        var shown = new JsonObject();
        foreach (var (name, value) in sent)
        {
            if (IsShown(name, model?[name]) && value is not null)
                shown[Camel(name)] = OfJson(value, model?[name]);
        }

        return shown;
    }

    private static JsonNode OfJson(JsonNode value, JsonNode? facts) => (value, (string?)facts?["type"]) switch
    {
        (JsonObject map, "map") => map.DeepClone(),
        (JsonObject structure, _) => OfJson(structure, facts?["members"]?.AsObject()),
        (JsonArray list, _) => new JsonArray([.. list.Select(item => OfJson(item!, facts?["element"]))]),
        _ => value.DeepClone(),
    };

    public static JsonObject OfForm((string Name, string Value)[] sent, JsonObject model) => Structure(sent, "", model);

    /// <param name="request">Method and target of a REST service's request.</param>
    /// <param name="template">The operation's path.</param>
    public static JsonObject OfRest(string request, string template, JsonObject? body, JsonObject model)
    {
        var target = request.Split(' ')[1].Split('?');
        var (values, names) = (target[0].Split('/'), template.Split('/'));
        var query = target.Length < 2 ? [] : target[1].Split('&').Select(pair => (Name: pair.Split('=')[0], Value: Uri.UnescapeDataString(pair.Split('=')[1]))).ToList();
        var shown = OfJson(new JsonObject((body ?? []).Where(member => model[member.Key]?["location"] is null).Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))), model);
        foreach (var (name, facts) in model)
        {
            var sent = (string?)facts!["location"] switch
            {
                "uri" => [Uri.UnescapeDataString(values[Array.IndexOf(names, $"{{{name}}}")])],
                "querystring" => query.Where(pair => pair.Name == (string?)facts["locationName"]).Select(pair => pair.Value).ToList(),
                _ => [],
            };
            if (sent.Count > 0 && IsShown(name, facts))
            {
                shown[Camel(name)] = (string)facts["type"]! switch
                {
                    "list" => new JsonArray([.. sent.Select(value => JsonValue.Create(value))]),
                    "integer" => JsonValue.Create(long.Parse(sent[0], CultureInfo.InvariantCulture)),
                    _ => JsonValue.Create(sent[0]),
                };
            }
        }

        return shown;
    }

    private static JsonObject Structure((string Name, string Value)[] sent, string prefix, JsonObject model)
    {
        var shown = new JsonObject();
        foreach (var (name, facts) in model)
        {
            if (IsShown(name, facts) && Value(sent, prefix + name, facts!) is { } value)
                shown[Camel(name)] = value;
        }

        return shown;
    }

    private static JsonNode? Value((string Name, string Value)[] sent, string path, JsonNode facts)
    {
        var text = sent.FirstOrDefault(p => p.Name == path).Value;
        switch ((string)facts["type"]!)
        {
            case "list":
                var items = Enumerable.Range(1, 50).Select(i => $"{path}.member.{i}").TakeWhile(item => sent.Any(p => p.Name == item || p.Name.StartsWith(item + ".", StringComparison.Ordinal)))
                    .Select(item => Value(sent, item, facts["element"]!)).ToArray();
                return items.Length == 0 ? null : new JsonArray(items);
            case "structure":
                return Structure(sent, path + ".", facts["members"]!.AsObject());
            case "integer" or "long":
                return text is null ? null : JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture));
            case "boolean":
                return text is null ? null : JsonValue.Create(text == "true");
            default:
                return text is null ? null : JsonValue.Create(text);
        }
    }

    private static bool IsShown(string name, JsonNode? facts) =>
        facts?["sensitive"] is null && (string?)facts?["type"] != "blob" && !Stricter.Contains(name);

    private static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];
}
