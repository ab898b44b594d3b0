using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Strongroom.Conformance.Tests.Hardening;

/// <summary>Kills the server while it rotates the password of a PostgreSQL user. Each time the next start must bring the rotation to its end.</summary>
public sealed class RotationKillTests : IAsyncLifetime
{
    private const int Rounds = 8;
    private const string Administrator = "administrator-password";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-rotation-kill-").FullName;
    private readonly string port = FreePort();
    private Process? postgres;

    public async ValueTask InitializeAsync()
    {
        // PostgreSQL refuses to run as root.
        if (Environment.UserName == "root")
            await RunAsync("chown", "nobody", directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "password"), Administrator);
        await RunAsync(As("initdb", "-D", Path.Combine(directory, "data"), "-U", "postgres", "--auth=scram-sha-256", $"--pwfile={Path.Combine(directory, "password")}", "--no-sync"));
        postgres = Process.Start(With(As(
            "postgres", "-D", Path.Combine(directory, "data"), "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")))!;
        postgres.OutputDataReceived += (_, _) => { };
        postgres.ErrorDataReceived += (_, _) => { };
        postgres.BeginOutputReadLine();
        postgres.BeginErrorReadLine();
        await UntilAsync(() => LogsInAsync("postgres", Administrator), "PostgreSQL answers");
        await SqlAsync("postgres", Administrator, "CREATE ROLE app LOGIN PASSWORD 'first'");
    }

    public async ValueTask DisposeAsync()
    {
        if (postgres is { HasExited: false })
        {
            using var stop = Process.Start("kill", ["-INT", postgres.Id.ToString(CultureInfo.InvariantCulture)]);
            await stop.WaitForExitAsync();
            await postgres.WaitForExitAsync();
        }

        postgres?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Whenever_it_is_killed_the_rotation_ends_with_a_current_password_that_works()
    {
        var server = await ServerProcess.StartAsync();
        var data = server.DataDirectory;
        try
        {
            using (var client = new RawClient(server.Endpoint, server.Key))
            {
                _ = (await client.CallAsync("CreateSecret", new()
                {
                    ["Name"] = "app",
                    ["ClientRequestToken"] = Guid.NewGuid().ToString(),
                    ["SecretString"] = $$"""{"engine":"postgres","host":"127.0.0.1","port":{{port}},"username":"app","password":"first","dbname":"postgres","ssl":false}""",
                })).Ok;
            }

            for (var round = 0; round < Rounds; round++)
            {
                var token = Guid.NewGuid().ToString();
                using (var client = new RawClient(server.Endpoint, server.Key))
                {
                    var arn = (await client.CallAsync("DescribeSecret", new() { ["SecretId"] = "app" })).Ok.Text("ARN");
                    var answer = await client.CallAsync("RotateSecret", new()
                    {
                        ["SecretId"] = "app",
                        ["ClientRequestToken"] = token,
                        ["RotationLambdaARN"] = $"arn:aws:lambda:us-east-1:{arn.Split(':')[4]}:function:SecretsManagerRDSPostgreSQLRotationSingleUser",
                    });
                    Assert.Null(answer.Code);
                }

                // A rotation takes some tenths of a second: the kill comes at another place each time.
                await Task.Delay(round * 60, TestContext.Current.CancellationToken);
                await server.KillAsync();
                server = await ServerProcess.StartAsync(data);

                using var reader = new RawClient(server.Endpoint, server.Key);
                await UntilAsync(
                    async () => (await reader.CallAsync("DescribeSecret", new() { ["SecretId"] = "app" })).Ok["VersionIdsToStages"]![token]?.ToJsonString() == """["AWSCURRENT"]""",
                    $"the rotation of round {round} ends");
                var value = JsonNode.Parse((await reader.CallAsync("GetSecretValue", new() { ["SecretId"] = "app" })).Ok.Text("SecretString"))!;
                Assert.True(await LogsInAsync("app", (string)value["password"]!), $"The current password of round {round} was refused.");
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private async Task<bool> LogsInAsync(string user, string password)
    {
        using var process = Process.Start(Psql(user, password, "SELECT 1"))!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }

    private Task SqlAsync(string user, string password, string sql) => RunAsync(Psql(user, password, sql));

    private ProcessStartInfo Psql(string user, string password, string sql)
    {
        var start = With(["psql", "-h", "127.0.0.1", "-p", port, "-U", user, "-d", "postgres", "-Atc", sql]);
        start.Environment["PGPASSWORD"] = password;
        return start;
    }

    private static string[] As(string program, params string[] arguments)
    {
        var path = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", program)).LastOrDefault(File.Exists) ?? program
            : program;
        return Environment.UserName == "root" ? ["setpriv", "--reuid", "nobody", "--clear-groups", path, .. arguments] : [path, .. arguments];
    }

    private static ProcessStartInfo With(string[] command) =>
        new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath() };

    private static Task RunAsync(params string[] command) => RunAsync(With(command));

    private static async Task RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{start.FileName}: {await output}{error}");
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(waited.Elapsed < Patience, $"Waited in vain until {what}.");
            await Task.Delay(50);
        }
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
