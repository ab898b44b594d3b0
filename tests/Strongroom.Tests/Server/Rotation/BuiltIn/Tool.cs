using System.Diagnostics;

namespace Strongroom.Tests.Server.Rotation.BuiltIn;

/// <summary>Runs a program of the machine, such as openssl, that decides about what a rotator made. ./test installs what is missing.</summary>
internal static class Tool
{
    /// <returns>Its exit code and what it wrote.</returns>
    public static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await error);
    }
}

/// <summary>A directory for files that a program of the machine reads.</summary>
internal sealed class TemporaryFiles : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("strongroom-test-").FullName;

    public string Write(string name, string content)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
