using System.Diagnostics;
using System.Security.Cryptography;
using Strongroom.Storage;
using Strongroom.Tests.Server.Backup;

namespace Strongroom.Tests.Server.Faults;

/// <summary>A data directory that can be read and not written: at a start, and under a running server. Source: issue 4, "Fault tests".</summary>
public sealed class ReadOnlyTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("strongroom-read-only-").FullName;

    private string Data => Path.Combine(place, "data");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Theory]
    [InlineData("stopped")]
    [InlineData("killed")]
    [InlineData("empty")]
    public async Task A_start_on_a_read_only_disk_is_refused_with_the_reason_and_changes_nothing(string before)
    {
        Directory.CreateDirectory(Data);
        Run("mount", "-t", "tmpfs", "-o", "size=20m,mode=0700", "tmpfs", Data);
        try
        {
            if (before != "empty")
            {
                await using (var server = await RunningServer.StartAsync(Data))
                    await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Guid.NewGuid(), SecretString = "x" });
            }

            // A half-written line, which a start would remove.
            if (before == "killed")
                await File.AppendAllTextAsync(Path.Combine(Data, "audit", "audit-00000001.jsonl"), """{"eventVersion":"1.""", Ct);
            var files = Contents();
            Run("mount", "-o", "remount,ro", Data);

            var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => RunningServer.StartAsync(Data));

            Assert.Contains(Data, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("ead-only", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("Make it writable", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(files, Contents());
            var (code, output, error) = await Typed.RunAsync("serve", "--data", Data, "--listen", "http://127.0.0.1:0");
            Assert.Equal((1, true), (code, error.Contains("ead-only", StringComparison.Ordinal)));
            Assert.DoesNotContain("   at ", output + error, StringComparison.Ordinal);

            Run("mount", "-o", "remount,rw", Data);
            await using var again = await RunningServer.StartAsync(Data);
            if (before != "empty")
                await again.CallAsync("GetSecretValue", new { SecretId = "s" });
        }
        finally
        {
            Run("umount", Data);
        }
    }

    /// <summary>
    /// The kernel makes no file system read-only while a file is open for writing, other than after a fault, which <see cref="FaultyDiskTests"/> has. What is
    /// open stays writable here, and nothing can be made, renamed or opened for writing any more.
    /// </summary>
    [Fact]
    public async Task A_directory_that_becomes_read_only_under_a_running_server_refuses_calls_until_it_is_writable_again()
    {
        Directory.CreateDirectory(Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (acknowledged, refused) = (new List<string>(), new List<string>());
        await using (var server = await RunningServer.StartAsync(Data, configure: o => o with { AuditLog = o.AuditLog with { SegmentBytes = 4000 } }))
        {
            await CreateAsync(server, "before", acknowledged);
            // A second mount over the directory, so that paths lead there.
            Run("mount", "--bind", Data, Data);
            Run("mount", "-o", "remount,bind,ro", Data);
            try
            {
                // The open segment takes some more; the next one can't be made.
                for (var i = 0; refused.Count < 3; i++)
                {
                    Assert.True(i < 100, "No call was refused.");
                    if (!await CreateAsync(server, $"while{i}", acknowledged))
                        refused.Add($"while{i}");
                }

                Assert.Equal(500, (await server.SendAsync("GetSecretValue", """{"SecretId":"before"}""")).Status);
                var (status, reason) = await HealthAsync(server);
                Assert.Equal(503, status);
                Assert.Contains("writable", reason, StringComparison.Ordinal);
            }
            finally
            {
                Run("umount", Data);
            }

            Assert.Equal((200, "ok\n"), await HealthAsync(server));
            Assert.True(await CreateAsync(server, "after", acknowledged));
            foreach (var name in acknowledged)
                await server.CallAsync("GetSecretValue", new { SecretId = name });
        }

        await using var again = await RunningServer.StartAsync(Data);
        Assert.Empty(again.Server.AuditFindings);
        foreach (var name in acknowledged)
            await again.CallAsync("GetSecretValue", new { SecretId = name });
        // The first one's record met the trouble after its commit. From then on a change is refused before it happens.
        foreach (var name in refused.Skip(1))
            await again.FailAsync("DescribeSecret", new { SecretId = name }, "ResourceNotFoundException");
        var (code, output, error) = await Typed.RunAsync("verify", "--data", Data);
        Assert.True(code == 0, output + error);
    }

    private static async Task<bool> CreateAsync(RunningServer server, string name, List<string> acknowledged)
    {
        var (status, body) = await server.SendAsync("CreateSecret", $$"""{"Name":"{{name}}","ClientRequestToken":"{{Guid.NewGuid()}}","SecretString":"x"}""");
        Assert.True(status == 200 || (status == 500 && body.Contains("InternalServiceError", StringComparison.Ordinal)), body);
        if (status == 200)
            acknowledged.Add(name);
        return status == 200;
    }

    private static async Task<(int Status, string Reason)> HealthAsync(RunningServer server)
    {
        using var answer = await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, server.Url("/health")));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private List<string> Contents() => [.. Directory.EnumerateFileSystemEntries(Data, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(
        path => $"{path} {File.GetUnixFileMode(path)} {File.GetLastWriteTimeUtc(path):O} {(File.Exists(path) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : "")}")];

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} failed; these tests mount a small file system and need root.");
    }
}
