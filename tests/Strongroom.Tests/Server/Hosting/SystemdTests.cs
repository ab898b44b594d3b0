using System.Diagnostics;
using Strongroom.Tests.Architecture;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>What the unit in deploy/systemd relies on. What the server says to systemd is in <see cref="StopTests"/>.</summary>
public sealed class SystemdTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("strongroom-systemd-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("0440", true, true)]
    [InlineData("0400", true, true)]
    [InlineData("0444", true, false)]
    [InlineData("0640", true, true)]
    [InlineData("0660", true, false)]
    [InlineData("0440", false, false)]
    public async Task A_key_file_that_is_a_credential_may_show_the_services_access_as_the_groups(string mode, bool isCredential, bool works)
    {
        var (data, credentials) = (Path.Combine(root, "data"), Directory.CreateDirectory(Path.Combine(root, "credentials")).FullName);
        var key = Path.Combine(credentials, "root.key");
        string[] serve = ["serve", "--data", data, "--listen", "http://127.0.0.1:0"];
        using (var first = StrongroomProcess.Start(new Dictionary<string, string>(), serve))
        {
            await first.SeeAsync("listens on");
            await first.StopAsync();
        }

        File.Move(Path.Combine(data, "root.key"), key);
        File.SetUnixFileMode(key, (UnixFileMode)Convert.ToInt32(mode, 8));
        var environment = new Dictionary<string, string> { ["STRONGROOM_SEAL_KEY_FILE"] = key };
        if (isCredential)
            environment["CREDENTIALS_DIRECTORY"] = credentials;
        using var process = StrongroomProcess.Start(environment, serve);
        if (works)
        {
            await process.SeeAsync("listens on");
            Assert.DoesNotContain("other users can read", process.Output, StringComparison.Ordinal);
            await process.StopAsync();
        }
        else
        {
            Assert.Equal(1, await process.WaitAsync());
            Assert.Contains("is open to other users of this machine", process.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Systemd_understands_the_unit()
    {
        // The program that it starts must exist for this.
        var unit = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "systemd", "strongroom.service")).Replace("/opt/strongroom/strongroom", "/bin/true", StringComparison.Ordinal);
        var path = Path.Combine(root, "strongroom.service");
        await File.WriteAllTextAsync(path, unit, TestContext.Current.CancellationToken);

        using var verify = Process.Start(new ProcessStartInfo("systemd-analyze", ["verify", path]) { RedirectStandardError = true })!;
        var said = await verify.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await verify.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, ""), (verify.ExitCode, string.Concat(said.Split('\n').Where(line => line.Contains("strongroom.service", StringComparison.Ordinal)))));
    }
}
