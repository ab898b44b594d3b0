using Npgsql;

namespace Strongroom.Storage.Postgres;

/// <summary>How connections to the database are set up, and how its schema is brought up to date.</summary>
internal sealed class PostgresServer
{
    private readonly string connectionString;
    private readonly string lockConnectionString;

    /// <exception cref="StoreRefusedException">The text is not a connection string. The message does not repeat it: it may hold a password.</exception>
    public PostgresServer(string text)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(text)
            {
                Pooling = false, // the engine keeps its own connections, with their prepared statements
                IncludeErrorDetail = false, // details quote rows
                PersistSecurityInfo = false,
                ApplicationName = "strongroom",
            };
            if (string.IsNullOrEmpty(settings.Host) || string.IsNullOrEmpty(settings.Database))
                throw new ArgumentException("Host and Database are required.");

            Place = $"{settings.Host}:{settings.Port}/{settings.Database}";
            MaxConnections = Math.Clamp(settings.MaxPoolSize, 1, 32);
            connectionString = settings.ConnectionString;
            settings.KeepAlive = 10; // seconds: how late a vanished network is noticed
            lockConnectionString = settings.ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            // No inner exception: its message may quote a part of the string.
            throw new StoreRefusedException(
                "The PostgreSQL connection string can't be read. It has the form \"Host=db.example.com;Database=strongroom;Username=strongroom;Password=…\".");
        }
    }

    /// <summary>Whether somebody on the network could pass for the database: it is on another machine, and its certificate is not verified.</summary>
    /// <exception cref="StoreRefusedException">The text is not a connection string.</exception>
    public static bool IsUnverified(string text)
    {
        var settings = new NpgsqlConnectionStringBuilder(new PostgresServer(text).connectionString);
        // VerifyCA asks for no name: with the system's authorities anybody's certificate would do.
        var isVerified = settings.SslMode == SslMode.VerifyFull || (settings.SslMode == SslMode.VerifyCA && !string.IsNullOrEmpty(settings.RootCertificate));
        return !isVerified && !settings.Host!.Split(',').All(host => IsThisMachine(host.Trim()));
    }

    // Also a socket: a directory, or an abstract name.
    private static bool IsThisMachine(string host) =>
        host.StartsWith('/') || host.StartsWith('@')
        || (Uri.TryCreate("tcp://" + (host.Contains("::", StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host), UriKind.Absolute, out var uri) && uri.IsLoopback);

    /// <summary>Host, port and database, for messages.</summary>
    public string Place { get; }

    /// <summary>How many connections serve requests; one more holds the lock.</summary>
    public int MaxConnections { get; }

    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken ct)
    {
        // A server that is set to answer before its disk does would break the promise that an acknowledged write survives.
        var connection = await ConnectAsync(connectionString, ct);
        await ExecuteAsync(connection, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'", ct);
        return connection;
    }

    public Task<NpgsqlConnection> ConnectForLockAsync(CancellationToken ct) => ConnectAsync(lockConnectionString, ct);

    /// <summary>Brings the schema up to date, all steps in one transaction. A backup is the administrator's, with pg_dump.</summary>
    public async Task MigrateAsync(NpgsqlConnection connection, IReadOnlyList<Migration> migrations, TimeProvider time, CancellationToken ct)
    {
        if (await ScalarAsync(connection, "SHOW server_encoding", ct) is not "UTF8")
            throw new StoreRefusedException($"The PostgreSQL database {Place} is not in UTF-8. Create one with ENCODING 'UTF8'.");

        await using var transaction = await connection.BeginTransactionAsync(ct);
        var exists = await ScalarAsync(connection, "SELECT to_regclass('schema_version')::text", ct) is string;
        var found = exists && await ScalarAsync(connection, "SELECT max(version) FROM schema_version", ct) is long version ? (int)version : 0;
        Migration.RefuseNewer(found, migrations[^1].Version);

        await ApplyAsync(connection, [.. migrations.Where(migration => migration.Version > found)], time, ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Applies steps in the transaction that is open.</summary>
    public async Task ApplyAsync(NpgsqlConnection connection, IReadOnlyList<Migration> steps, TimeProvider time, CancellationToken ct)
    {
        foreach (var migration in steps)
        {
            await ExecuteAsync(connection, migration.Sql, ct);
            await using var note = new NpgsqlCommand("INSERT INTO schema_version (version, applied_at_ms) VALUES (@version, @now)", connection);
            note.Parameters.AddWithValue("version", (long)migration.Version);
            note.Parameters.AddWithValue("now", time.GetUtcNow().ToMilliseconds());
            await note.ExecuteNonQueryAsync(ct);
        }
    }

    private static async Task<NpgsqlConnection> ConnectAsync(string settings, CancellationToken ct)
    {
        var connection = new NpgsqlConnection(settings);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(ct);
    }
}
