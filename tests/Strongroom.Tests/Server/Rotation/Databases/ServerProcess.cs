using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>A server from a package, run for the tests alone: as another user where the tests are root, and stopped by its process id.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly Queue<string> output = new();

    private ServerProcess(Process process) => this.process = process;

    /// <summary>What asks the server to end.</summary>
    private string StopSignal { get; init; } = "TERM";

    public bool HasExited => process.HasExited;

    /// <summary>The last lines that it wrote.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return string.Join('\n', output);
        }
    }

    /// <param name="user">Whom to run as when the tests are root, which such servers refuse to be.</param>
    public static ServerProcess Start(string user, string program, params string[] arguments) => Start(user, "TERM", program, arguments);

    public static ServerProcess Start(string user, string stopSignal, string program, string[] arguments)
    {
        // The process id is the program's own: setpriv becomes it.
        var start = Environment.UserName == "root"
            ? new ProcessStartInfo("setpriv", ["--reuid", user, "--regid", GroupOf(user), "--clear-groups", program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = Path.GetTempPath();
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var server = new ServerProcess(Process.Start(start)!) { StopSignal = stopSignal };
        server.process.OutputDataReceived += server.Keep;
        server.process.ErrorDataReceived += server.Keep;
        server.process.BeginOutputReadLine();
        server.process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Runs a program to its end and expects that it succeeds.</summary>
    public static async Task RunAsync(string user, string program, params string[] arguments)
    {
        await using var run = Start(user, program, arguments);
        await run.process.WaitForExitAsync();
        Assert.True(run.process.ExitCode == 0, $"{program}: {run.process.ExitCode}\n{run.Output}");
    }

    /// <summary>Gives what is in a directory to the user who will run the server.</summary>
    public static async Task GiveAsync(string user, string path)
    {
        if (Environment.UserName != "root")
            return;
        using var own = Process.Start("chown", ["-R", $"{user}:{GroupOf(user)}", path]);
        await own.WaitForExitAsync();
    }

    /// <summary>A certificate for 127.0.0.1 and its key, as files that the server's user may read once the directory is its own.</summary>
    public static (string Certificate, string Key) WriteCertificate(TestAuthority authority, string directory)
    {
        using var issued = authority.Issue("127.0.0.1");
        var (certificate, key) = authority.Write(issued);
        var (copy, keyCopy) = (Path.Combine(directory, "server.crt"), Path.Combine(directory, "server.key"));
        File.Copy(certificate, copy);
        File.Copy(key, keyCopy);
        File.SetUnixFileMode(keyCopy, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return (copy, keyCopy);
    }

    /// <summary>Asks again and again until the server answers, for a minute.</summary>
    public async Task WaitAsync(Func<Task<bool>> answers)
    {
        var patience = Stopwatch.StartNew();
        while (!await answers())
        {
            Assert.False(process.HasExited, $"The server ended.\n{Output}");
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(1), $"The server does not answer.\n{Output}");
            await Task.Delay(50);
        }
    }

    /// <summary>Whether anything listens there.</summary>
    public static async Task<bool> IsOpenAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>The first of these users that this machine has; the last may be had everywhere.</summary>
    public static string UserOf(params string[] candidates) =>
        candidates.FirstOrDefault(user => File.ReadLines("/etc/passwd").Any(line => line.StartsWith(user + ":", StringComparison.Ordinal))) ?? candidates[^1];

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            using (var kill = Process.Start("kill", ["-" + StopSignal, process.Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync();
            try
            {
                await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
            }
            catch (TimeoutException)
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }

        process.Dispose();
    }

    private static string GroupOf(string user) => user == "nobody" ? "nogroup" : user;

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null)
            return;
        lock (output)
        {
            output.Enqueue(line.Data);
            if (output.Count > 100)
                output.Dequeue();
        }
    }
}
