using System.Diagnostics;
using System.Globalization;

namespace Strongroom.Bench;

/// <summary>One round of wrk.</summary>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
internal sealed record WrkResult(long Requests, double Seconds, double P50, double P99)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>Runs wrk over a file of ready requests.</summary>
internal static class Wrk
{
    /// <param name="once">No request may be sent twice: the file must hold enough for the whole round.</param>
    /// <exception cref="InvalidOperationException">A request failed: a rate of failures is no result.</exception>
    public static WrkResult Run(int port, RequestFile requests, int connections, int threads, double seconds, bool once = false)
    {
        var start = new ProcessStartInfo("wrk") { RedirectStandardOutput = true };
        var duration = Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture) + "s";
        foreach (var argument in (string[])
            ["-t", Text(threads), "-c", Text(connections), "-d", duration, "-s", Path.Combine(AppContext.BaseDirectory, "requests.lua"),
             $"http://127.0.0.1:{Text(port)}/", requests.Path, Text(threads), once ? "once" : "again"])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var line = output.Split('\n').FirstOrDefault(l => l.StartsWith("RESULT ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException("wrk gave no result: " + output);
        var numbers = line.Split(' ').Skip(1).Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        if (numbers[4] > 0)
            throw new InvalidOperationException($"{numbers[4]} of {numbers[0]} requests failed.\n{output}");
        if (numbers[5] > 0)
            throw new InvalidOperationException("The server was faster than requests had been prepared for; prepare more.");
        return new WrkResult(numbers[0], numbers[1] / 1e6, numbers[2], numbers[3]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
