using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>An SDK in a process of its own that makes one call after the other; starting it is the dear part.</summary>
internal sealed class ScriptClient(ServerProcess server, string interpreter, string script) : IClient
{
    private readonly string home = Directory.CreateTempSubdirectory("strongroom-sdk-").FullName;
    private readonly SemaphoreSlim turn = new(1);
    private Process? process;

    public async Task<Answer> CallAsync(string operation, JsonObject parameters, string region, string service)
    {
        var request = new JsonObject { ["service"] = service, ["region"] = region, ["operation"] = operation, ["parameters"] = parameters.DeepClone() };
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
        return Process.Start(start)!;
    }
}
