using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Strongroom.Conformance.Tests.Server;

/// <summary>A server started as a user starts it, on loopback and a free port, with a data directory of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly StringBuilder output = new();

    private ServerProcess(string directory, Process process) => (DataDirectory, this.process) = (directory, process);

    public string DataDirectory { get; }

    public Uri Endpoint { get; private set; } = null!;

    public AccessKey Key { get; private set; } = null!;

    /// <summary>What the process has written to standard output and standard error.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public static async Task<ServerProcess> StartAsync(string? dataDirectory = null, Dictionary<string, string>? environment = null)
    {
        dataDirectory ??= Directory.CreateTempSubdirectory("strongroom-conformance-").FullName;
        var endpointFile = Path.Combine(dataDirectory, "endpoint.json");
        File.Delete(endpointFile);

        var start = new ProcessStartInfo(Repository.Executable) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in new[] { "serve", "--data", dataDirectory, "--listen", "http://127.0.0.1:0" })
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var server = new ServerProcess(dataDirectory, process);
        process.OutputDataReceived += (_, line) => server.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => server.Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        var waited = Stopwatch.StartNew();
        while (!await server.IsReadyAsync(endpointFile))
        {
            if (process.HasExited || waited.Elapsed > StartLimit)
            {
                process.Kill();
                throw new InvalidOperationException($"The server did not start:\n{server.Output}");
            }

            await Task.Delay(50);
        }

        return server;
    }

    /// <summary>Ends the process as a crash would: nothing is flushed, nothing is closed.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Asks the process to stop, as a service manager does.</summary>
    public async Task StopAsync()
    {
        if (process.HasExited)
            return;
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        using var limit = new CancellationTokenSource(StopLimit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            throw new InvalidOperationException($"The server did not stop within {StopLimit.TotalSeconds} s:\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        finally
        {
            process.Dispose();
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    private void Keep(string? line)
    {
        lock (output)
            output.AppendLine(line);
    }

    private async Task<bool> IsReadyAsync(string endpointFile)
    {
        if (!File.Exists(endpointFile) || !File.Exists(Path.Combine(DataDirectory, "credentials")))
            return false;
        Endpoint = new Uri(JsonNode.Parse(await File.ReadAllTextAsync(endpointFile))!["url"]!.GetValue<string>());
        Key = AccessKey.Parse(await File.ReadAllLinesAsync(Path.Combine(DataDirectory, "credentials")));
        using var http = new HttpClient();
        try
        {
            using var answer = await http.GetAsync(new Uri(Endpoint, "/health"));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return false;
        }
    }
}

/// <summary>A key pair as the server writes it for its first user, in the AWS shared-credentials format.</summary>
internal sealed record AccessKey(string Id, string Secret)
{
    public static AccessKey Parse(IEnumerable<string> lines)
    {
        var values = lines.Select(l => l.Split('=', 2, StringSplitOptions.TrimEntries)).Where(p => p.Length == 2).ToDictionary(p => p[0], p => p[1]);
        return new AccessKey(values["aws_access_key_id"], values["aws_secret_access_key"]);
    }
}
