using System.Diagnostics;
using System.Globalization;
using System.Text;
using Strongroom.Tests.Architecture;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>The real program in a process of its own.</summary>
internal sealed class StrongroomProcess : IDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> awaited = [];

    private StrongroomProcess(Process process) => this.process = process;

    public int Id => process.Id;

    /// <summary>What it has written to standard output and standard error.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    public static StrongroomProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        var executable = Path.Combine(Repository.Root, "src", "Strongroom.Cli", "bin", configuration, "net10.0", "strongroom");
        var start = new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var started = new StrongroomProcess(process);
        process.OutputDataReceived += (_, line) => started.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => started.Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return started;
    }

    /// <returns>The exit code, once all output is here.</returns>
    public static async Task<(int Code, string Output)> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        return (await process.WaitAsync(), process.Output);
    }

    public async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    public async Task SeeAsync(string text)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (output)
        {
            awaited.Add((text, seen));
            Look();
        }

        await Task.WhenAny(seen.Task, process.WaitForExitAsync(TestContext.Current.CancellationToken));
        Assert.True(seen.Task.IsCompleted || Output.Contains(text, StringComparison.Ordinal), Output);
    }

    public void Kill() => process.Kill();

    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        Assert.Equal(0, await WaitAsync());
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }

    private void Keep(string? line)
    {
        lock (output)
        {
            output.AppendLine(line);
            Look();
        }
    }

    private void Look()
    {
        foreach (var (text, seen) in awaited)
        {
            if (output.ToString().Contains(text, StringComparison.Ordinal))
                seen.TrySetResult();
        }
    }
}
