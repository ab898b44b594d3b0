using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>The environment by which every AWS client is pointed at a server, and kept from the machine's own configuration.</summary>
internal static class ClientEnvironment
{
    public static void Apply(ProcessStartInfo start, ServerProcess server, string home)
    {
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("AWS_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        var config = Path.Combine(home, "config");
        if (!File.Exists(config))
            File.WriteAllText(config, "[default]\ncli_timestamp_format = iso8601\ncli_pager =\nretry_mode = standard\nmax_attempts = 1\n");
        start.Environment["AWS_CONFIG_FILE"] = config;
        start.Environment["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(server.DataDirectory, "credentials");
        start.Environment["AWS_ENDPOINT_URL"] = server.Endpoint.ToString();
        start.Environment["AWS_REGION"] = Answer.DefaultRegion;
        start.Environment["AWS_DEFAULT_REGION"] = Answer.DefaultRegion;
        start.Environment["AWS_EC2_METADATA_DISABLED"] = "true";
        start.Environment["NO_PROXY"] = "127.0.0.1";
    }
}
