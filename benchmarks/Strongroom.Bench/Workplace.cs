using System.Net;
using System.Net.Sockets;

namespace Strongroom.Bench;

/// <summary>Where a run keeps its files, all below the system's temporary directory.</summary>
internal static class Workplace
{
    /// <summary>Kept between runs: published programs and seeded data.</summary>
    public static string Root { get; } =
        Environment.GetEnvironmentVariable("STRONGROOM_BENCH_WORK") ?? Path.Combine(Path.GetTempPath(), "strongroom-bench");

    /// <summary>This run's own; removed at its end.</summary>
    public static string Temporary { get; } = Directory.CreateTempSubdirectory("strongroom-bench-").FullName;

    /// <summary>A port that nobody listens on, on the loopback address.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>A copy of a data directory that a measure may write to.</summary>
    public static string Copy(string directory)
    {
        var target = Directory.CreateDirectory(
            Path.Combine(Temporary, Path.GetRandomFileName()), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        foreach (var file in Directory.EnumerateFiles(directory))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        return target;
    }

    public static void CleanUp() => Directory.Delete(Temporary, recursive: true);
}
