using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Walkthrough;

/// <summary>Runs shell commands as a person would type them, in an empty directory, against a server of their own, as its root.</summary>
internal static class WalkthroughShell
{
    /// <returns>What the commands wrote to standard output.</returns>
    public static async Task<string> RunAsync(string script, Dictionary<string, string>? settings = null)
    {
        var ct = TestContext.Current.CancellationToken;
        var home = Directory.CreateTempSubdirectory("strongroom-walkthrough-").FullName;
        var oidc = Directory.CreateDirectory(Path.Combine(home, "oidc")).FullName;
        File.CreateSymbolicLink(Path.Combine(home, "strongroom"), Repository.Executable);
        await using var server = await ServerProcess.StartAsync(environment: new(settings ?? []) { ["STRONGROOM_OIDC_DIRECTORY"] = oidc });
        await File.WriteAllTextAsync(Path.Combine(home, "script.sh"), script, ct);
        var start = new ProcessStartInfo("bash", ["script.sh"]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = home };
        ClientEnvironment.Apply(start, server, home);
        start.Environment["AWS_ACCESS_KEY_ID"] = server.Key.Id;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = server.Key.Secret;
        start.Environment["STRONGROOM"] = Repository.Executable;
        start.Environment["STRONGROOM_DATA"] = server.DataDirectory;
        start.Environment["OIDC_DIRECTORY"] = oidc;

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(ct);
        var output = await process.StandardOutput.ReadToEndAsync(ct);
        await process.WaitForExitAsync(ct);

        Assert.True(process.ExitCode == 0, $"{output}{await error}");
        Directory.Delete(home, recursive: true);
        return output;
    }
}
