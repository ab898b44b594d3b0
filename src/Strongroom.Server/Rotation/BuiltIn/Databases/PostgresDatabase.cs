using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>PostgreSQL, and Redshift for as far as it speaks the same. Source of the statements: API fact sheet 4.9.</summary>
internal sealed class PostgresDatabase(IReadOnlyList<string> engines, int defaultPort, string defaultDatabase, string excludedCharacters) : IDatabase
{
    public IReadOnlyList<string> Engines => engines;

    public int DefaultPort => defaultPort;

    public string DefaultDatabase => defaultDatabase;

    public string ExcludedCharacters => excludedCharacters;

    /// <remarks>The server cuts longer names and says so in a notice: they would be other users.</remarks>
    public int UserNameLimit(IReadOnlyDictionary<string, string> environment) => 63;

    public async Task<IDatabaseSession> ConnectAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = login.Host,
            Port = login.Port,
            Username = login.Username,
            Password = login.Password,
            Database = login.Database,
            SslMode = tls ? SslMode.VerifyFull : SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
            Timeout = TimeLimits.ConnectSeconds,
            CommandTimeout = TimeLimits.CommandSeconds,
            Pooling = false,
            Enlist = false,
            ApplicationName = "strongroom rotation",
        };
        // A source of its own: a connection made from a string would leave the string, with the password, in a table of the driver's for good.
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        // No other types are needed, and Redshift has not the tables that tell of them.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        if (tls)
        {
            builder.UseSslClientAuthenticationOptionsCallback(options =>
            {
                if (ServerTrust.PolicyOf(login) is { } policy)
                    options.CertificateChainPolicy = policy;
            });
        }

        var source = builder.Build();
        try
        {
            return new Session(login, source, await source.OpenConnectionAsync(ct));
        }
        catch (Exception failure)
        {
            await source.DisposeAsync();
            throw Login(login, tls, failure) ?? failure;
        }
    }

    private static Exception? Login(DatabaseLogin login, bool tls, Exception failure) => failure switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword } refused => DatabaseException.LoginRefused(login, $"SQLSTATE {refused.SqlState}"),
        // No rule of pg_hba.conf lets the user in this way; another may, without TLS.
        PostgresException refused => DatabaseException.Refused(login, $"let user {login.Username} in {(tls ? "with" : "without")} TLS", $"SQLSTATE {refused.SqlState}"),
        NpgsqlException { InnerException: AuthenticationException } when tls => DatabaseException.TlsFailed(login),
        NpgsqlException { InnerException: null } when tls => DatabaseException.NoTls(login),
        NpgsqlException or TimeoutException or SocketException or IOException => DatabaseException.Unreachable(login),
        _ => null,
    };

    private sealed class Session(DatabaseLogin login, NpgsqlDataSource source, NpgsqlConnection connection) : IDatabaseSession
    {
        public Task TestAsync(CancellationToken ct) => GuardAsync("tell the time", async () => await ScalarAsync("SELECT NOW()", ct));

        public Task SetPasswordAsync(DatabaseLogin user, string newPassword, CancellationToken ct) =>
            GuardAsync($"change the password of user {user.Username}", async () =>
            {
                var (name, password) = (await IdentifierAsync(user.Username, ct), await LiteralAsync(newPassword, ct));
                await ScalarAsync($"ALTER USER {name} WITH PASSWORD {password}", ct);
            });

        public Task SetCloneAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct) =>
            GuardAsync($"make or change user {clone.Username}", async () =>
            {
                var (name, password) = (await IdentifierAsync(clone.Username, ct), await LiteralAsync(clone.Password, ct));
                if (await ScalarAsync("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1", ct, clone.Username) is not null)
                {
                    await ScalarAsync($"ALTER USER {name} WITH PASSWORD {password}", ct);
                    return;
                }

                var rights = await IdentifierAsync(original.Username, ct);
                // Both or none: a role that was made and got no rights would be taken for finished by the next attempt.
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await ScalarAsync($"CREATE ROLE {name} WITH LOGIN PASSWORD {password}", ct);
                await ScalarAsync($"GRANT {rights} TO {name}", ct);
                await transaction.CommitAsync(ct);
            });

        public async ValueTask DisposeAsync()
        {
            await connection.DisposeAsync();
            await source.DisposeAsync();
        }

        private async Task<string> IdentifierAsync(string name, CancellationToken ct) => (string)(await ScalarAsync("SELECT pg_catalog.quote_ident($1)", ct, name))!;

        private async Task<string> LiteralAsync(string text, CancellationToken ct) => (string)(await ScalarAsync("SELECT pg_catalog.quote_literal($1)", ct, text))!;

        private async Task<object?> ScalarAsync(string sql, CancellationToken ct, string? parameter = null)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            if (parameter is not null)
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parameter, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
            return await command.ExecuteScalarAsync(ct);
        }

        private async Task GuardAsync(string what, Func<Task> work)
        {
            try
            {
                await work();
            }
            catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                throw DatabaseException.Forbidden(login, what, $"SQLSTATE {failure.SqlState}");
            }
            catch (PostgresException failure)
            {
                throw DatabaseException.Refused(login, what, $"SQLSTATE {failure.SqlState}");
            }
            catch (Exception failure) when (failure is NpgsqlException or TimeoutException or IOException)
            {
                throw DatabaseException.Lost(login, what);
            }
        }
    }
}
