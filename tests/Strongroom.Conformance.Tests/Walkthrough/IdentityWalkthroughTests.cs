using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Walkthrough;

/// <summary>Users, roles, web identities, keys, accounts, simulations and explanations as a person meets them: a script of stock <c>aws</c> commands.</summary>
public sealed class IdentityWalkthroughTests
{
    [Fact]
    public async Task Least_privilege_works_from_the_stock_AWS_CLI()
    {
        var home = Directory.CreateTempSubdirectory("strongroom-walkthrough-").FullName;
        var oidc = Directory.CreateDirectory(Path.Combine(home, "oidc")).FullName;
        await using var server = await ServerProcess.StartAsync(environment: new() { ["STRONGROOM_OIDC_DIRECTORY"] = oidc });
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "tests", "Strongroom.Conformance.Tests", "Walkthrough", "identity.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        ClientEnvironment.Apply(start, server, home);
        start.Environment["AWS_ACCESS_KEY_ID"] = server.Key.Id;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = server.Key.Secret;
        start.Environment["STRONGROOM"] = Repository.Executable;
        start.Environment["STRONGROOM_DATA"] = server.DataDirectory;
        start.Environment["OIDC_DIRECTORY"] = oidc;

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, $"{output}{await error}");
        Assert.EndsWith("== done\n", output, StringComparison.Ordinal);
        Directory.Delete(home, recursive: true);
    }
}
