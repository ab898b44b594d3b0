using System.Text.Json;

namespace Strongroom.Server.Hosting;

/// <summary>What a running server tells the command line on the same machine: where it listens, which CA signs for it.</summary>
public sealed record EndpointFile(string Url, string Region, string? CaBundle)
{
    internal static byte[] Write(Uri endpoint, ServerOptions options, DataDirectory directory)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("url", endpoint.ToString().TrimEnd('/'));
            writer.WriteString("region", options.DefaultRegion);
            if (endpoint.Scheme == "https" && options.TlsCertificate is null)
                writer.WriteString("caBundle", Path.Combine(directory.Tls, "ca.pem"));
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Null when no server has listened from this directory yet.</summary>
    public static EndpointFile? Read(string dataDirectory)
    {
        var path = DataDirectory.EndpointIn(dataDirectory);
        if (!File.Exists(path))
            return null;
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var root = document.RootElement;
        return new EndpointFile(
            root.GetProperty("url").GetString()!,
            root.GetProperty("region").GetString()!,
            root.TryGetProperty("caBundle", out var ca) ? ca.GetString() : null);
    }
}
