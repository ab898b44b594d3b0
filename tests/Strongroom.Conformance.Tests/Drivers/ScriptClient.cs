using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>An SDK in a process of its own that makes one call after the other; starting it is the dear part.</summary>
/// <param name="attempts">How often it makes a call that fails in a way that may pass.</param>
internal sealed class ScriptClient(ServerProcess server, string interpreter, string script, int attempts = 1) : IClient
{
    private readonly string home = Directory.CreateTempSubdirectory("strongroom-sdk-").FullName;
    private readonly SemaphoreSlim turn = new(1);
    private Process? process;

    public Task<Answer> CallAsync(string operation, JsonObject parameters, string region, string service) => CallAsync(operation, parameters, region, service, null);

    /// <summary>The same process, signing with other credentials than those of its environment.</summary>
    public IClient As(JsonObject credentials) => new Other(this, credentials);

    private async Task<Answer> CallAsync(string operation, JsonObject parameters, string region, string service, JsonObject? credentials)
    {
        var request = new JsonObject { ["service"] = service, ["region"] = region, ["operation"] = operation, ["parameters"] = parameters.DeepClone() };
        if (credentials is not null)
            request["credentials"] = new JsonArray(credentials.Text("AccessKeyId"), credentials.Text("SecretAccessKey"), credentials["SessionToken"]?.DeepClone());
        await turn.WaitAsync();
        try
        {
            process ??= Start();
            await process.StandardInput.WriteLineAsync(request.ToJsonString());
            await process.StandardInput.FlushAsync();
            var line = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"{interpreter} {script} has ended.");
            var answer = JsonNode.Parse(line)!.AsObject();
            return answer["result"] is JsonObject result
                ? new Answer(result, null, null, 200)
                : new Answer(null, answer["code"]!.GetValue<string>(), answer["message"]?.GetValue<string>(), answer["status"]?.GetValue<int>() ?? 0);
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
        }

        turn.Dispose();
        Directory.Delete(home, recursive: true);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(interpreter, [Path.Combine(Repository.ClientScripts, script)]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        ClientEnvironment.Apply(start, server, home);
        start.Environment["DRIVER_ATTEMPTS"] = attempts.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return Process.Start(start)!;
    }

    private sealed class Other(ScriptClient client, JsonObject credentials) : IClient
    {
        public Task<Answer> CallAsync(string operation, JsonObject parameters, string region, string service) =>
            client.CallAsync(operation, parameters, region, service, credentials);

        public ValueTask DisposeAsync() => default; // The process is its owner's.
    }
}
