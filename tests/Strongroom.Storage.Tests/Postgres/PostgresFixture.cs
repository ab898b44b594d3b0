using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Strongroom.Storage.Tests.Postgres;

/// <summary>
/// A PostgreSQL server of the test run's own: a fresh cluster in a temporary directory, on loopback, stopped by its process id.
/// A machine without PostgreSQL fails the tests that need it; it does not skip them.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    public const string Password = "canary-password-7Q";

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-postgres-").FullName;
    private readonly SemaphoreSlim starting = new(1);
    private Process? server;
    private int databases;

    public int Port { get; private set; }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(directory, recursive: true);
        starting.Dispose();
    }

    /// <summary>An empty database whose own order of text is a language's, not that of bytes.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        await StartAsync();
        var name = $"store_{Interlocked.Increment(ref databases)}";
        await ExecuteAsync("postgres", $"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
        return name;
    }

    public string ConnectionString(string database, int? port = null) =>
        $"Host=127.0.0.1;Port={port ?? Port};Database={database};Username=strongroom;Password={Password};Timeout=5";

    public async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Starts the server if it does not run, on the port that it had before.</summary>
    public async Task StartAsync()
    {
        await starting.WaitAsync();
        try
        {
            if (server is not null)
                return;

            if (Port == 0)
                await InitializeClusterAsync();

            server = Run("postgres", "-D", DataDirectory, "-p", Port.ToString(CultureInfo.InvariantCulture),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=200");
            var patience = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    await ExecuteAsync("postgres", "SELECT 1");
                    return;
                }
                catch (NpgsqlException) when (patience.Elapsed < TimeSpan.FromSeconds(60) && !server.HasExited)
                {
                    await Task.Delay(50);
                }
            }
        }
        finally
        {
            starting.Release();
        }
    }

    /// <summary>Stops the server as an administrator would: connections are cut, data is kept.</summary>
    public async Task StopAsync()
    {
        if (server is null)
            return;

        using (var kill = Process.Start("kill", ["-INT", server.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();

        await server.WaitForExitAsync();
        server.Dispose();
        server = null;
    }

    private string DataDirectory => Path.Combine(directory, "data");

    private async Task InitializeClusterAsync()
    {
        var passwordFile = Path.Combine(directory, "password");
        await File.WriteAllTextAsync(passwordFile, Password);
        if (Environment.UserName == "root")
        {
            using var own = Process.Start("chown", ["-R", ServerUser, directory]);
            await own.WaitForExitAsync();
        }

        using (var initialize = Run("initdb", "-D", DataDirectory, "-U", "strongroom", "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--no-sync", "-E", "UTF8", "--locale=C"))
        {
            await initialize.WaitForExitAsync();
            Assert.Equal(0, initialize.ExitCode);
        }

        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Runs a program of PostgreSQL's, which refuses to be root. The process id is the program's own: setpriv becomes it.</summary>
    private static Process Run(string program, params string[] arguments)
    {
        var path = Path.Combine(FindBinaries(), program);
        var start = Environment.UserName == "root"
            ? new ProcessStartInfo("setpriv", ["--reuid", ServerUser, "--regid", ServerUser, "--clear-groups", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        start.WorkingDirectory = Path.GetTempPath();
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static string FindBinaries()
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        var candidates = versions.OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(d => Path.Combine(d, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'));
        return candidates.FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            ?? throw new InvalidOperationException("These tests need a PostgreSQL server: install the package postgresql.");
    }

    private static readonly string ServerUser = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
}
