using System.Diagnostics;

namespace Strongroom.Tests.Server;

/// <summary>A disk that fills up under a running server: calls are refused, nothing acknowledged is lost, service resumes by itself.</summary>
public sealed class FullDiskTests
{
    [Fact]
    public async Task A_full_disk_refuses_calls_until_there_is_room_again()
    {
        var mount = Directory.CreateTempSubdirectory("strongroom-small-").FullName;
        Run("mount", "-t", "tmpfs", "-o", "size=6m,mode=0700", "tmpfs", mount);
        try
        {
            await using (var server = await RunningServer.StartAsync(mount))
            {
                var acknowledged = await FillAsync(server);
                Assert.NotEmpty(acknowledged);
                FillToTheLastByte(server);
                Assert.Equal(500, (await server.SendAsync("GetSecretValue", """{"SecretId":"s0"}""")).Status);
                Assert.Equal(503, await HealthAsync(server));

                File.Delete(Path.Combine(mount, "filler"));
                Assert.Equal(200, await HealthAsync(server));
                await server.CallAsync("CreateSecret", new { Name = "after", ClientRequestToken = Token(9999), SecretString = "x" });
                foreach (var name in acknowledged)
                    await server.CallAsync("GetSecretValue", new { SecretId = name });
            }

            await using (var again = await RunningServer.StartAsync(mount))
            {
                await again.CallAsync("GetSecretValue", new { SecretId = "after" });
                var created = again.Records().Where(r => (string?)r["eventName"] == "CreateSecret" && r["errorCode"] is null).ToList();
                Assert.Equal(created.Count, created.Select(r => (string?)r["eventID"]).Distinct().Count());
            }
        }
        finally
        {
            Run("umount", mount);
            Directory.Delete(mount);
        }
    }

    // Takes nearly all room, then writes until the server says that it can't.
    private static async Task<List<string>> FillAsync(RunningServer server)
    {
        var room = new DriveInfo(server.Data).AvailableFreeSpace;
        await File.WriteAllBytesAsync(Path.Combine(server.Data, "filler"), new byte[room - 300_000], TestContext.Current.CancellationToken);
        var acknowledged = new List<string>();
        for (var i = 0; i < 200; i++)
        {
            var body = $$"""{"Name":"s{{i}}","ClientRequestToken":"{{Token(i)}}","SecretString":"{{new string('x', 8000)}}"}""";
            var (status, text) = await server.SendAsync("CreateSecret", body);
            if (status == 200)
            {
                acknowledged.Add($"s{i}");
                continue;
            }

            Assert.Equal(500, status);
            Assert.Contains("InternalServiceError", text, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
            return acknowledged;
        }

        Assert.Fail("The disk never filled up.");
        return acknowledged;
    }

    private static void FillToTheLastByte(RunningServer server)
    {
        using var filler = new FileStream(Path.Combine(server.Data, "filler"), FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                filler.Write(new byte[512]);
            }
        }
        catch (IOException)
        {
            // Full: that is what was wanted.
        }

        // The log's last page has room of its own; reads use it up.
        for (var i = 0; i < 20; i++)
            server.SendAsync("ListSecrets", "{}").GetAwaiter().GetResult();
    }

    private static async Task<int> HealthAsync(RunningServer server)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url("/health"));
        using var response = await server.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} failed; these tests mount a small file system and need root.");
    }

    private static string Token(int i) => $"00000000-0000-4000-8000-{i:D12}";
}
