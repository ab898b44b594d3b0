using System.Text.Json;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Aws;

/// <summary>What an AWS tool on this machine must know to use the server of a data directory as root.</summary>
internal sealed record ClientConfiguration(string Endpoint, string Region, string? CaBundle, string AccessKeyId, string SecretAccessKey)
{
    // The secret stays out of whatever prints this.
    public override string ToString() => $"{AccessKeyId} at {Endpoint}";

    /// <exception cref="CommandException">No server was started there, or its credentials file is gone.</exception>
    public static ClientConfiguration Read(string data)
    {
        EndpointFile? endpoint;
        try
        {
            endpoint = EndpointFile.Read(data);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            throw new CommandException($"{DataDirectory.EndpointIn(data)} is damaged. Start the server again, which writes it anew.");
        }

        if (endpoint is null)
            throw new CommandException($"No server has been started on {data} yet. Run: strongroom serve --data {data}");

        var path = DataDirectory.CredentialsIn(data);
        if (!File.Exists(path))
        {
            throw new CommandException(
                $"{path} is not there. It was written on the first start; put it back, or set AWS_ENDPOINT_URL={endpoint.Url} and a key of your own.");
        }

        var lines = File.ReadAllLines(path);
        return new(endpoint.Url, endpoint.Region, endpoint.CaBundle, Value("aws_access_key_id"), Value("aws_secret_access_key"));

        string Value(string key) =>
            lines.Select(l => l.Split('=', 2, StringSplitOptions.TrimEntries)).FirstOrDefault(p => p.Length == 2 && p[0] == key)?[1]
            ?? throw new CommandException($"{path} has no {key}. Put the file back as the first start wrote it.");
    }
}
