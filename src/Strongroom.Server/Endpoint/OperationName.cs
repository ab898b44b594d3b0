using System.Text.Json;

namespace Strongroom.Server.Endpoint;

/// <summary>An operation as AWS names it in each place.</summary>
/// <param name="Service">Signing name, such as <c>secretsmanager</c>; also the action's vendor.</param>
internal sealed record OperationName(string Service, string Name, bool ReadOnly)
{
    /// <summary>As policies and denials name it; some operations are not permitted under their own name.</summary>
    public string Action { get; init; } = $"{Service}:{Name}";

    /// <summary>As records name its service; encoded once, because every call writes it.</summary>
    public JsonEncodedText EventSource { get; } = JsonWriters.Encode($"{Service}.amazonaws.com");

    /// <summary>As records name it.</summary>
    public JsonEncodedText EventName { get; init; } = JsonWriters.Encode(Name);
}
