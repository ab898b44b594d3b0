using System.Globalization;
using MySqlConnector;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>A MariaDB server of the tests' own: fresh data in a temporary directory, on loopback, with TLS for who asks for it.</summary>
public sealed class MariaDbServer : IAsyncLifetime
{
    public const string Administrator = "administrator";
    public const string AdministratorPassword = "canary-administrator-4Z";

    private static readonly string User = ServerProcess.UserOf("mysql", "nobody");

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-rotated-mariadb-").FullName;
    private readonly TestAuthority authority = new();
    private ServerProcess? server;

    public int Port { get; } = ServerProcess.FreePort();

    /// <summary>PEM file with the authority behind the server's certificate.</summary>
    public string AuthorityFile => authority.AuthorityFile;

    /// <summary>Without TLS the server would have none to offer.</summary>
    internal bool OffersTls { get; init; } = true;

    public async ValueTask InitializeAsync()
    {
        var data = Path.Combine(directory, "data");
        var first = Path.Combine(directory, "first.sql");
        Directory.CreateDirectory(data);
        await File.WriteAllTextAsync(first, $"""
            CREATE USER '{Administrator}'@'%' IDENTIFIED BY '{AdministratorPassword}';
            GRANT ALL PRIVILEGES ON *.* TO '{Administrator}'@'%' WITH GRANT OPTION;
            CREATE DATABASE shop;
            CREATE TABLE shop.orders (id int);
            CREATE TABLE shop.`a TO b` (id int);

            """);
        var (certificate, key) = ServerProcess.WriteCertificate(authority, directory);
        await ServerProcess.GiveAsync(User, directory);

        await ServerProcess.RunAsync(User, "mariadb-install-db",
            "--no-defaults", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M");
        string[] tls = OffersTls ? [$"--ssl-cert={certificate}", $"--ssl-key={key}"] : ["--skip-ssl"];
        server = ServerProcess.Start(User, "/usr/sbin/mariadbd",
        [
            "--no-defaults", $"--datadir={data}", $"--port={Port.ToString(CultureInfo.InvariantCulture)}", "--bind-address=127.0.0.1",
            $"--socket={Path.Combine(directory, "s")}", $"--pid-file={Path.Combine(directory, "pid")}", $"--init-file={first}", "--skip-name-resolve",
            "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=off", .. tls,
        ]);
        await server.WaitAsync(async () =>
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return true;
            }
            catch (MySqlException)
            {
                return false;
            }
        });
    }

    /// <summary>Runs a statement as the administrator.</summary>
    public Task<object?> ExecuteAsync(string sql, params string[] parameters) => ExecuteAsAsync(Administrator, AdministratorPassword, sql, parameters);

    /// <param name="parameters">For <c>@p0</c>, <c>@p1</c> …</param>
    public async Task<object?> ExecuteAsAsync(string username, string password, string sql, params string[] parameters)
    {
        var settings = new MySqlConnectionStringBuilder
        {
            Server = "127.0.0.1", Port = (uint)Port, UserID = username, Password = password, Pooling = false, ConnectionTimeout = 10, SslMode = MySqlSslMode.Preferred,
        };
        await using var connection = new MySqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        for (var i = 0; i < parameters.Length; i++)
            command.Parameters.AddWithValue("@p" + i, parameters[i]);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Whether the server lets this user in with this password.</summary>
    public async Task<bool> AcceptsAsync(string username, string password)
    {
        try
        {
            return await ExecuteAsAsync(username, password, "SELECT 1") is not null;
        }
        catch (MySqlException refused) when (refused.ErrorCode == MySqlErrorCode.AccessDenied)
        {
            return false;
        }
    }

    /// <summary>Makes a user; the name and the password may be anything.</summary>
    public Task CreateUserAsync(string username, string password, string options = "") =>
        ExecuteAsync($"CREATE USER @p0 IDENTIFIED BY @p1 {options}", username, password);

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        authority.Dispose();
    }
}
