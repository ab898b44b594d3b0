namespace Strongroom.Conformance.Tests.Server;

/// <summary>One server with one of each client for all tests that need no server of their own; each test uses secrets of its own.</summary>
public sealed class SharedServer : IAsyncLifetime
{
    private readonly Dictionary<string, IClient> clients = [];

    internal Issuer Issuer { get; } = new();

    // Null only while, or after, the start has failed.
    internal ServerProcess Process { get; private set; } = null!;

    internal RawClient Raw { get; private set; } = null!;

    internal IClient Client(string name) => clients[name];

    /// <summary>The same SDK, called as somebody else than the root.</summary>
    /// <param name="credentials">An <c>AccessKey</c> or <c>Credentials</c> as IAM and STS answer them.</param>
    internal IClient Client(string name, JsonObject credentials) => ((ScriptClient)clients[name]).As(credentials);

    public async ValueTask InitializeAsync()
    {
        Process = await ServerProcess.StartAsync(environment: new(Issuer.Environment) { ["STRONGROOM_FUNCTIONS"] = "process", ["STRONGROOM_FUNCTIONS_USER"] = "nobody" });
        Raw = new RawClient(Process.Endpoint, Process.Key);
        clients.Add(ClientNames.Cli, new CommandLineClient(Process));
        clients.Add(ClientNames.Boto3, new ScriptClient(Process, "python3", "driver.py"));
        clients.Add(ClientNames.JavaScript, new ScriptClient(Process, "node", "driver.mjs"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients.Values)
            await client.DisposeAsync();
        Raw?.Dispose();
        if (Process is not null)
            await Process.DisposeAsync();
        Issuer.Dispose();
    }
}
