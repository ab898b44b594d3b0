using Strongroom.Tests.Server.Hosting;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>What the drivers cost a server that rotates nothing.</summary>
public sealed class DriversTests : IDisposable
{
    private readonly string data = Directory.CreateTempSubdirectory("strongroom-drivers-").FullName;

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Fact]
    public async Task A_server_that_serves_has_loaded_no_driver_of_a_database()
    {
        using var process = StrongroomProcess.Start(new Dictionary<string, string>(), "serve", "--data", data, "--listen", "http://127.0.0.1:0");
        await process.SeeAsync("listens on");

        var loaded = await File.ReadAllTextAsync($"/proc/{process.Id}/maps", TestContext.Current.CancellationToken);

        Assert.Contains("Strongroom.Server.dll", loaded, StringComparison.Ordinal);
        foreach (var driver in (string[])["Npgsql", "MySqlConnector", "MongoDB.Driver", "MongoDB.Bson", "SharpCompress"])
        {
            Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, driver + ".dll")), $"{driver} is no part of the program.");
            Assert.DoesNotContain(driver, loaded, StringComparison.Ordinal);
        }

        await process.StopAsync();
    }
}
