using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Strongroom.Bench;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Hosting;

switch (args)
{
    case ["bare", var port, var answer]:
        await Bare.RunAsync(int.Parse(port, CultureInfo.InvariantCulture), await File.ReadAllBytesAsync(answer));
        return 0;
    case ["serve", var directory, var url, .. var rest]:
    {
        var options = new ServerOptions { DataDirectory = directory, Listen = url };
        if (rest is ["forget-records"])
            options = options with { AuditLog = AuditLogOptions.Default with { Open = path => new ForgetfulSegment(path) } };
        else if (rest is [var cache])
            options = options with { CacheBytes = long.Parse(cache, CultureInfo.InvariantCulture) };
        await using var server = await StrongroomServer.StartAsync(
            options, TimeProvider.System, SystemEntropy.Instance,
            l => l.AddConsole().SetMinimumLevel(LogLevel.Warning), default);
        await server.WaitForStopAsync(default);
        return 0;
    }

    case ["load", var port, var seconds]:
        // For a profiler: reads against a server started by hand with `serve`.
        Console.WriteLine(Measures.Load(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(seconds, CultureInfo.InvariantCulture)));
        Workplace.CleanUp();
        return 0;
    case ["load-put", var port, var seconds]:
        // The same with changes; the server's directory is one that `seed 2000` made, or a copy of it.
        Console.WriteLine(PutMeasure.Load(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(seconds, CultureInfo.InvariantCulture)));
        Workplace.CleanUp();
        return 0;
    case ["seed", var count]:
        Console.WriteLine(await Seed.DirectoryAsync(int.Parse(count, CultureInfo.InvariantCulture)));
        return 0;
}

// For development: this build against an earlier one in the same run, `compare DIRECTORY-OF-ITS-BENCH`.
if (args is ["compare", var other])
{
    Console.WriteLine(await Measures.CompareAsync(other));
    Workplace.CleanUp();
    return 0;
}

var asJson = args.Contains("--json");
var chosen = args.Where(a => a != "--json").ToList();
if (chosen.FirstOrDefault(c => !Measures.All.ContainsKey(c)) is { } unknown)
{
    Console.Error.WriteLine($"No measure '{unknown}'. There are: {string.Join(", ", Measures.All.Keys)}.");
    return 2;
}

try
{
    var found = new List<Measure>();
    foreach (var (name, run) in Measures.All.Where(m => chosen.Count == 0 || chosen.Contains(m.Key)))
    {
        Console.Error.WriteLine(name);
        found.AddRange(await run());
    }

    if (asJson)
    {
        using var writer = new Utf8JsonWriter(Console.OpenStandardOutput(), new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        foreach (var measure in found)
            measure.Write(writer);
        writer.WriteEndObject();
    }
    else
    {
        Console.WriteLine($"{"measure",-20} {"value",12} {"baseline",12} {"ratio",8}  target");
        foreach (var measure in found)
            Console.WriteLine(measure);
    }

    return found.All(m => m.IsMet) ? 0 : 1;
}
finally
{
    Workplace.CleanUp();
}
