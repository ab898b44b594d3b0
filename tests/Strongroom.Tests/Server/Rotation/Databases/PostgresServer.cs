using System.Globalization;
using Npgsql;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>
/// A PostgreSQL server of the tests' own: a fresh cluster in a temporary directory, on loopback, with TLS for who asks for it.
/// A machine without PostgreSQL fails the tests that need it; it does not skip them.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    public const string Administrator = "administrator";
    public const string AdministratorPassword = "canary-administrator-4Z";

    private static readonly string User = ServerProcess.UserOf("postgres", "nobody");

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-rotated-postgres-").FullName;
    private readonly TestAuthority authority = new();
    private ServerProcess? server;

    public int Port { get; } = ServerProcess.FreePort();

    /// <summary>PEM file with the authority behind the server's certificate.</summary>
    public string AuthorityFile => authority.AuthorityFile;

    /// <summary>Logins with this user's name are refused with TLS, with the other's refused without.</summary>
    public const string UserWithoutTls = "without_tls", UserWithTls = "with_tls";

    public async ValueTask InitializeAsync()
    {
        var data = Path.Combine(directory, "data");
        var passwordFile = Path.Combine(directory, "password");
        await File.WriteAllTextAsync(passwordFile, AdministratorPassword);
        var (certificate, key) = ServerProcess.WriteCertificate(authority, directory);
        await ServerProcess.GiveAsync(User, directory);

        var binaries = FindBinaries();
        await ServerProcess.RunAsync(User, Path.Combine(binaries, "initdb"),
            "-D", data, "-U", Administrator, "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--no-sync", "-E", "UTF8", "--locale=C");
        await File.WriteAllTextAsync(Path.Combine(data, "pg_hba.conf"), $"""
            hostnossl all {UserWithoutTls} 127.0.0.1/32 scram-sha-256
            hostssl all {UserWithoutTls} 127.0.0.1/32 reject
            hostssl all {UserWithTls} 127.0.0.1/32 scram-sha-256
            hostnossl all {UserWithTls} 127.0.0.1/32 reject
            host all all 127.0.0.1/32 scram-sha-256

            """);
        // SIGINT cuts connections; SIGTERM would wait for them.
        server = ServerProcess.Start(User, "INT", Path.Combine(binaries, "postgres"),
        [
            "-D", data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", "fsync=off", "-c", "max_connections=100", "-c", "log_min_error_statement=panic",
            "-c", "ssl=on", "-c", $"ssl_cert_file={certificate}", "-c", $"ssl_key_file={key}",
        ]);
        await server.WaitAsync(async () =>
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return true;
            }
            catch (NpgsqlException)
            {
                return false;
            }
        });
    }

    /// <summary>Runs a statement as the administrator.</summary>
    public Task<object?> ExecuteAsync(string sql) => ExecuteAsync(Administrator, AdministratorPassword, sql);

    public async Task<object?> ExecuteAsync(string username, string password, string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1", Port = Port, Username = username, Password = password, Database = "postgres", Pooling = false, Timeout = 10,
        };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Whether the server lets this user in with this password.</summary>
    public async Task<bool> AcceptsAsync(string username, string password)
    {
        try
        {
            return await ExecuteAsync(username, password, "SELECT 1") is not null;
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            return false;
        }
    }

    /// <summary>Makes a user; the name and the password may be anything.</summary>
    public async Task CreateUserAsync(string username, string password, string options = "")
    {
        var sql = (string)(await ExecuteAsync($"SELECT format('CREATE ROLE %I LOGIN PASSWORD %L {options}', {Literal(username)}, {Literal(password)})"))!;
        await ExecuteAsync(sql);
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        authority.Dispose();
    }

    // Bytes as hexadecimal digits, so that no rule of quoting is needed to test quoting.
    private static string Literal(string text) => $"convert_from('\\x{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(text))}'::bytea, 'UTF8')";

    private static string FindBinaries()
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(Debian) ? Directory.GetDirectories(Debian) : [];
        var candidates = versions.OrderByDescending(d => int.TryParse(Path.GetFileName(d), out var v) ? v : 0).Select(d => Path.Combine(d, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'));
        return candidates.FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")))
            ?? throw new InvalidOperationException("These tests need a PostgreSQL server: install the package postgresql.");
    }
}
