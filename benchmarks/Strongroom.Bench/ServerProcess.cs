using System.Diagnostics;
using System.Globalization;

namespace Strongroom.Bench;

/// <summary>A server in a process of its own, ended with this object by its process id.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;

    private ServerProcess(Process process, int port, TimeSpan startup) => (this.process, Port, Startup) = (process, port, startup);

    public int Port { get; }

    /// <summary>From the process's start to its first answer.</summary>
    public TimeSpan Startup { get; }

    /// <summary>Resident memory in MiB.</summary>
    public double ResidentMiB
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / 1048576.0;
        }
    }

    /// <summary>Processor time used so far, of all threads, in the kernel too.</summary>
    public TimeSpan Processor
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>The published server on a data directory.</summary>
    /// <param name="program">Another build's bench; null for this one.</param>
    /// <param name="cacheBytes">Null for the server's default.</param>
    /// <param name="forgetsRecords">Records are made, chained and dropped in memory instead of written.</param>
    public static ServerProcess Strongroom(string dataDirectory, string firstSecret, string? program = null, long? cacheBytes = null, bool forgetsRecords = false)
    {
        var port = Workplace.FreePort();
        var url = "http://127.0.0.1:" + port.ToString(CultureInfo.InvariantCulture);
        string[] cache = forgetsRecords ? ["forget-records"] : cacheBytes is { } bytes ? [bytes.ToString(CultureInfo.InvariantCulture)] : [];
        return Start(program ?? Environment.ProcessPath!, ["serve", dataDirectory, url, .. cache], port, Seed.Get(firstSecret));
    }

    /// <summary>Kestrel alone: reads the request and writes the bytes of an answer.</summary>
    public static ServerProcess Bare(byte[] answer)
    {
        var port = Workplace.FreePort();
        var file = Path.Combine(Workplace.Temporary, Path.GetRandomFileName() + ".answer");
        File.WriteAllBytes(file, answer);
        return Start(Environment.ProcessPath!, ["bare", port.ToString(CultureInfo.InvariantCulture), file], port, "{}");
    }

    /// <summary>moto's server with secrets of the same names; null where it is not installed.</summary>
    public static ServerProcess? Moto()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "moto_server"))))
            return null;
        var port = Workplace.FreePort();
        try
        {
            return Start("moto_server", ["-H", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture)], port, "{}");
        }
        catch (InvalidOperationException)
        {
            // A launcher without the package behind it.
            return null;
        }
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    private static ServerProcess Start(string program, string[] arguments, int port, string probe)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var request = RequestFile.Sign("GetSecretValue", probe, port, DateTimeOffset.UtcNow);
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        var errors = new List<string>();
        process.ErrorDataReceived += (_, line) => { lock (errors) errors.Add(line.Data ?? ""); };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        while (clock.Elapsed < Patience && !process.HasExited)
        {
            if (Exchange.TrySend(port, request) is not null)
                return new ServerProcess(process, port, clock.Elapsed);
            Thread.Sleep(2);
        }

        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        process.WaitForExit();
        lock (errors)
            throw new InvalidOperationException($"{program} {arguments[0]} did not start: {string.Join('\n', errors)}");
    }
}
