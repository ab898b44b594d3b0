using System.Globalization;
using Strongroom.Server.Rotation.BuiltIn.Databases;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>A Redis server of the tests' own, in memory but for its users, on loopback, with a port for each kind of line.</summary>
public sealed class RedisServer : IAsyncLifetime
{
    public const string Administrator = "administrator";
    public const string AdministratorPassword = "canary-administrator-4Z";

    private static readonly string User = ServerProcess.UserOf("redis", "nobody");

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-rotated-redis-").FullName;
    private readonly TestAuthority authority = new();
    private ServerProcess? server;

    public int Port { get; } = ServerProcess.FreePort();

    public int TlsPort { get; } = ServerProcess.FreePort();

    public string AuthorityFile => authority.AuthorityFile;

    /// <summary>Where it keeps its users, where it does.</summary>
    public string UsersFile => Path.Combine(directory, "users.acl");

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(UsersFile, $"user default off\nuser {Administrator} on >{AdministratorPassword} ~* &* +@all\n");
        var (certificate, key) = ServerProcess.WriteCertificate(authority, directory);
        var program = FindProgram();
        await ServerProcess.GiveAsync(User, directory);
        server = ServerProcess.Start(User, program,
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--tls-port", TlsPort.ToString(CultureInfo.InvariantCulture),
            "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--aclfile", UsersFile,
            "--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no");
        await server.WaitAsync(() => ServerProcess.IsOpenAsync(Port));
    }

    /// <summary>Runs a command as the administrator.</summary>
    internal async Task<object?> AskAsync(params string[] words)
    {
        await using var connection = await LogInAsync(Administrator, AdministratorPassword);
        return await connection.AskAsync(TestContext.Current.CancellationToken, words);
    }

    internal async Task<RedisConnection> LogInAsync(string username, string password)
    {
        var connection = await RedisConnection.OpenAsync(
            new DatabaseLogin("127.0.0.1", Port, username, password, "", null), tls: false, TestContext.Current.CancellationToken);
        await connection.AskAsync(TestContext.Current.CancellationToken, "AUTH", username, password);
        return connection;
    }

    /// <summary>Whether the server lets this user in with this password.</summary>
    public async Task<bool> AcceptsAsync(string username, string password)
    {
        try
        {
            await using var connection = await LogInAsync(username, password);
            return true;
        }
        catch (RedisException refused) when (refused.Code == "WRONGPASS")
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
        authority.Dispose();
    }

    // One program, which is a server when it is called so; the package without the service has it under its other name.
    private string FindProgram()
    {
        var paths = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        if (paths.Select(path => Path.Combine(path, "redis-server")).FirstOrDefault(File.Exists) is { } found)
            return found;
        var other = paths.Select(path => Path.Combine(path, "redis-check-rdb")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("These tests need a Redis server: install the package redis-tools.");
        return File.CreateSymbolicLink(Path.Combine(directory, "redis-server"), other).FullName;
    }
}
