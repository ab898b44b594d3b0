using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Functions;

/// <summary>How much a process may use.</summary>
/// <param name="DataMegabytes">Private memory that it writes to.</param>
/// <param name="CpuSeconds">In its whole life.</param>
internal sealed record ProcessLimits(int DataMegabytes, int CpuSeconds)
{
    // As in Lambda. Source: AWS Lambda Developer Guide, "Lambda quotas": file descriptors, processes and threads, /tmp.
    public const int OpenFiles = 1024;
    public const int Processes = 1024;
    public const int FileBytes = 512 << 20;
}

/// <summary>
/// Starts programs as another user, in a session of their own, with limits, without privileges to regain, and bound to the life of this server. Uses
/// setsid, prlimit and setpriv of util-linux, which every distribution has; without them nothing is started.
/// </summary>
internal sealed partial class Confinement : IDisposable
{
    // What the dynamic linker and the C library read from the environment must not reach programs that still run as the server's user: the function's
    // variables come over standard input, once it is the function's user who reads them.
    private const string Entry = "eval \"$(cat)\"; exec \"$@\" </dev/null";
    private const string PlainPath = "/usr/bin:/bin:/usr/sbin:/sbin";

    private readonly FunctionUser user;
    private readonly string setsid;
    private readonly string prlimit;
    private readonly string setpriv;
    private readonly StartThread starter = new();

    private Confinement(FunctionUser user)
    {
        this.user = user;
        (setsid, prlimit, setpriv) = (Tool("setsid"), Tool("prlimit"), Tool("setpriv"));
    }

    public FunctionUser User => user;

    /// <exception cref="SettingsException">This machine or this user can't; the message says what to do.</exception>
    public static Confinement Open(FunctionOptions options)
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/proc/self/net/tcp"))
            throw new SettingsException("Functions run as processes on Linux only, with /proc: set functions to off.");
        return new Confinement(FunctionUser.Resolve(options.User!));
    }

    /// <summary>Starts a program. Its standard output and error are the caller's to read.</summary>
    /// <param name="environment">All of its variables.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    public Process Start(IReadOnlyList<string> command, string workingDirectory, IReadOnlyDictionary<string, string> environment, ProcessLimits limits)
    {
        var start = new ProcessStartInfo(setsid)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingDirectory,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = PlainPath;
        foreach (var argument in (IEnumerable<string>)[prlimit, .. Limits(limits), "--", setpriv, .. Privileges(), "--", "/bin/sh", "-c", Entry, "sh", .. command])
            start.ArgumentList.Add(argument);
        var process = starter.Run(() =>
        {
            Posix.KeepFilesFromChildren();
            return Process.Start(start);
        }) ?? throw new IOException("The process could not be started.");
        try
        {
            using var input = process.StandardInput.BaseStream;
            input.Write(Encoding.UTF8.GetBytes(Exports(environment)));
        }
        catch (IOException)
        {
            // It ended at once; its exit code and output say why.
        }

        return process;
    }

    /// <summary>Runs a program of this machine as the functions' user, to its end.</summary>
    /// <returns>What it wrote; empty when it failed.</returns>
    public async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken ct)
    {
        var environment = new Dictionary<string, string> { ["PATH"] = PlainPath };
        using var process = Start(command, "/", environment, new ProcessLimits(256, 60));
        try
        {
            var errors = process.StandardError.ReadToEndAsync(ct);
            var output = await process.StandardOutput.ReadToEndAsync(ct);
            await errors;
            await process.WaitForExitAsync(ct);
            return process.ExitCode == 0 ? output : "";
        }
        catch (OperationCanceledException)
        {
            Posix.SignalGroup(process.Id, Posix.Kill);
            throw;
        }
    }

    public void Dispose() => starter.Dispose();

    /// <summary>Whether a variable can have this name. Source: Lambda API reference, Environment: <c>[a-zA-Z]([a-zA-Z0-9_])+</c>.</summary>
    public static bool IsVariableName(string name) => VariableName().IsMatch(name);

    private static string Exports(IReadOnlyDictionary<string, string> environment)
    {
        var script = new StringBuilder();
        foreach (var (name, value) in environment)
            script.Append(CultureInfo.InvariantCulture, $"export {name}='{value.Replace("'", "'\\''", StringComparison.Ordinal)}'\n");
        return script.ToString();
    }

    private IEnumerable<string> Limits(ProcessLimits limits)
    {
        yield return "--core=0";
        yield return Limit("nofile", ProcessLimits.OpenFiles);
        yield return Limit("fsize", ProcessLimits.FileBytes);
        yield return Limit("data", (long)limits.DataMegabytes << 20);
        yield return Limit("cpu", limits.CpuSeconds);
        // It counts all processes and threads of the user, so it is for a user of the functions alone.
        if (user.IsOther)
            yield return Limit("nproc", ProcessLimits.Processes);
    }

    private static string Limit(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"--{name}={value}");

    private IEnumerable<string> Privileges()
    {
        if (user.IsOther)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"--reuid={user.Id}");
            yield return string.Create(CultureInfo.InvariantCulture, $"--regid={user.Group}");
            yield return "--clear-groups";
        }

        yield return "--inh-caps=-all";
        yield return "--ambient-caps=-all";
        yield return "--no-new-privs";
        yield return "--pdeathsig=KILL";
    }

    private static string Tool(string name) =>
        PlainPath.Split(':').Select(directory => Path.Combine(directory, name)).FirstOrDefault(File.Exists)
        ?? throw new SettingsException($"Functions as processes need {name}, which util-linux has. Install it, or set functions to off.");

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex VariableName();

    /// <summary>
    /// One thread that starts everything and lives as long: the kernel's "signal me when my parent dies" means the thread that started the process, and
    /// threads of the pool end when they please.
    /// </summary>
    private sealed class StartThread : IDisposable
    {
        private readonly System.Collections.Concurrent.BlockingCollection<Action> work = [];

        public StartThread() => new Thread(Run) { IsBackground = true, Name = "function starter" }.Start();

        public T Run<T>(Func<T> start)
        {
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            work.Add(() =>
            {
                try
                {
                    done.SetResult(start());
                }
                catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
                {
                    done.SetException(new IOException(e.Message, e));
                }
            });
            return done.Task.GetAwaiter().GetResult();
        }

        public void Dispose() => work.CompleteAdding();

        private void Run()
        {
            foreach (var start in work.GetConsumingEnumerable())
                start();
            work.Dispose();
        }
    }
}
