using System.Globalization;
using System.Security.Authentication;
using MySqlConnector;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>MySQL and MariaDB: which of them it is, the server says. Source of the statements: API fact sheet 4.9.</summary>
/// <param name="limitSetting">Names the setting that may say how long user names are; null for none.</param>
internal sealed class MySqlDatabase(IReadOnlyList<string> engines, int userNameLimit, string? limitSetting) : IDatabase
{
    public IReadOnlyList<string> Engines => engines;

    public int DefaultPort => 3306;

    public string DefaultDatabase => "";

    public string ExcludedCharacters => """/@"'\""";

    public int UserNameLimit(IReadOnlyDictionary<string, string> environment)
    {
        if (limitSetting is null || !environment.TryGetValue(limitSetting, out var text))
            return userNameLimit;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : throw new RotationException($"{limitSetting} must be a number.");
    }

    public async Task<IDatabaseSession> ConnectAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        var settings = new MySqlConnectionStringBuilder
        {
            Server = login.Host,
            Port = (uint)login.Port,
            UserID = login.Username,
            Password = login.Password,
            Database = login.Database,
            ConnectionProtocol = MySqlConnectionProtocol.Tcp,
            // With verification of our own: its would also take a certificate that nobody vouches for from a MariaDB that knows the password.
            SslMode = tls ? MySqlSslMode.Required : MySqlSslMode.Disabled,
            // Without TLS the password is encrypted under a key that the server sends: no worse than the open line it is for.
            AllowPublicKeyRetrieval = !tls,
            // The driver doubles quotes and does nothing else; the session is told so below.
            NoBackslashEscapes = true,
            ConnectionTimeout = TimeLimits.ConnectSeconds,
            DefaultCommandTimeout = TimeLimits.CommandSeconds,
            Pooling = false,
            AutoEnlist = false,
            ApplicationName = "strongroom rotation",
        };
        // A source of its own: a connection made from a string would leave the string, with the password, in a table of the driver's for good.
        var builder = new MySqlDataSourceBuilder(settings.ConnectionString);
        if (tls)
            builder.UseRemoteCertificateValidationCallback(ServerTrust.CallbackFor(login));

        var source = builder.Build();
        Session? session = null;
        try
        {
            session = new Session(login, source, await source.OpenConnectionAsync(ct));
            await session.AgreeOnQuotingAsync(ct);
            return session;
        }
        catch (Exception failure)
        {
            if (session is not null)
                await session.DisposeAsync();
            else
                await source.DisposeAsync();
            throw Login(login, tls, failure) ?? failure;
        }
    }

    private static DatabaseException? Login(DatabaseLogin login, bool tls, Exception failure) => failure switch
    {
        MySqlException { ErrorCode: MySqlErrorCode.AccessDenied } => DatabaseException.LoginRefused(login, "error 1045"),
        MySqlException { InnerException: AuthenticationException } when tls => DatabaseException.TlsFailed(login),
        MySqlException { ErrorCode: MySqlErrorCode.UnableToConnectToHost } when tls && HasTlsWord(failure) => DatabaseException.NoTls(login),
        MySqlException { ErrorCode: MySqlErrorCode.UnableToConnectToHost or MySqlErrorCode.None } => DatabaseException.Unreachable(login),
        MySqlException { Number: > 0 } refused => DatabaseException.Refused(login, $"let user {login.Username} in {(tls ? "with" : "without")} TLS", StateOf(refused)),
        MySqlException or TimeoutException or IOException or OperationCanceledException { CancellationToken.IsCancellationRequested: false } => DatabaseException.Unreachable(login),
        _ => null,
    };

    // The driver's own words for it; there is no code.
    private static bool HasTlsWord(Exception failure) => failure.Message.Contains("does not support SSL", StringComparison.OrdinalIgnoreCase);

    private static string StateOf(MySqlException failure) => string.Create(CultureInfo.InvariantCulture, $"error {failure.Number}");

    private sealed class Session(DatabaseLogin login, MySqlDataSource source, MySqlConnection connection) : IDatabaseSession
    {
        /// <summary>
        /// Parameters are put into the text by the driver, because such statements take none. What a backslash means is up to the session's mode: it gets
        /// one in which it means nothing and quotes are doubled, and is asked whether it has, because proxies answer for servers.
        /// </summary>
        public async Task AgreeOnQuotingAsync(CancellationToken ct)
        {
            await RunAsync("SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'", ct);
            if (await ScalarAsync(@"SELECT CONCAT(@@SESSION.sql_mode, CHAR(10), '\\')", ct) is not "NO_BACKSLASH_ESCAPES\n\\\\")
                throw DatabaseException.Refused(login, "take a session mode for quoting", "sql_mode");
        }

        public Task TestAsync(CancellationToken ct) => GuardAsync("tell the time", () => ScalarAsync("SELECT NOW()", ct));

        public Task SetPasswordAsync(DatabaseLogin user, string newPassword, CancellationToken ct) =>
            GuardAsync($"change the password of user {user.Username}", () =>
                RunAsync($"SET PASSWORD = {PasswordAs("@password")}", ct, ("@password", newPassword)));

        public Task SetCloneAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct) =>
            GuardAsync($"make or change user {clone.Username}", async () =>
            {
                // Not yet with its password: a user that can log in as the new value says is taken for finished by the next attempt.
                if (await ScalarAsync("SELECT User FROM mysql.user WHERE User = @clone AND Host = '%'", ct, ("@clone", clone.Username)) is null)
                    await RunAsync("CREATE USER @clone IDENTIFIED BY @password", ct, ("@clone", clone.Username), ("@password", clone.Password + "-unfinished"));

                foreach (var statement in MySqlGrants.For(await ColumnAsync("SHOW GRANTS FOR @original", ct, ("@original", original.Username))))
                    await RunAsync(statement, ct, ("@clone", clone.Username));
                await CopyTlsDemandsAsync(original, clone, ct);
                await RunAsync($"SET PASSWORD FOR @clone = {PasswordAs("@password")}", ct, ("@clone", clone.Username), ("@password", clone.Password));
            });

        public async ValueTask DisposeAsync()
        {
            await connection.DisposeAsync();
            await source.DisposeAsync();
        }

        // MySQL has lost the function with version 8; MariaDB does not take the plain text.
        private string PasswordAs(string parameter)
        {
            var version = connection.ServerVersion;
            var major = version.AsSpan(0, Math.Max(version.IndexOf('.', StringComparison.Ordinal), 0));
            return version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase) || (int.TryParse(major, CultureInfo.InvariantCulture, out var number) && number < 8)
                ? $"PASSWORD({parameter})"
                : parameter;
        }

        private async Task CopyTlsDemandsAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct)
        {
            string type, cipher, issuer, subject;
            await using (var command = Command(
                "SELECT CONVERT(ssl_type USING utf8mb4), CONVERT(ssl_cipher USING utf8mb4), CONVERT(x509_issuer USING utf8mb4), CONVERT(x509_subject USING utf8mb4) "
                + "FROM mysql.user WHERE User = @original AND Host = '%'", ("@original", original.Username)))
            await using (var reader = await command.ExecuteReaderAsync(ct))
            {
                if (!await reader.ReadAsync(ct))
                    return;
                (type, cipher, issuer, subject) = (reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3));
            }

            List<(string Word, string Name, string Value)> demands = [("CIPHER", "@cipher", cipher), ("ISSUER", "@issuer", issuer), ("SUBJECT", "@subject", subject)];
            demands.RemoveAll(demand => demand.Value.Length == 0);
            var required = type switch
            {
                "" => "NONE",
                "ANY" => "SSL",
                "X509" => "X509",
                _ => string.Join(" AND ", demands.Select(demand => $"{demand.Word} {demand.Name}")),
            };
            await RunAsync($"ALTER USER @clone REQUIRE {required}", ct, [("@clone", clone.Username), .. demands.Select(demand => (demand.Name, demand.Value))]);
        }

        private async Task<List<string>> ColumnAsync(string sql, CancellationToken ct, params (string Name, string Value)[] parameters)
        {
            await using var command = Command(sql, parameters);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var rows = new List<string>();
            while (await reader.ReadAsync(ct))
                rows.Add(reader.GetString(0));
            return rows;
        }

        private async Task<object?> ScalarAsync(string sql, CancellationToken ct, params (string Name, string Value)[] parameters)
        {
            await using var command = Command(sql, parameters);
            return await command.ExecuteScalarAsync(ct);
        }

        private async Task RunAsync(string sql, CancellationToken ct, params (string Name, string Value)[] parameters)
        {
            await using var command = Command(sql, parameters);
            await command.ExecuteNonQueryAsync(ct);
        }

        private MySqlCommand Command(string sql, params (string Name, string Value)[] parameters)
        {
            var command = new MySqlCommand(sql, connection);
            foreach (var (name, value) in parameters)
                command.Parameters.AddWithValue(name, value);
            return command;
        }

        private async Task GuardAsync(string what, Func<Task> work)
        {
            try
            {
                await work();
            }
            catch (MySqlException failure) when (failure.ErrorCode is MySqlErrorCode.DatabaseAccessDenied or MySqlErrorCode.TableAccessDenied
                or MySqlErrorCode.SpecifiedAccessDeniedError or MySqlErrorCode.CannotCreateUserWithGrant or MySqlErrorCode.AccessDenied)
            {
                throw DatabaseException.Forbidden(login, what, StateOf(failure));
            }
            catch (MySqlException failure) when (failure.Number > 0 && failure.ErrorCode is not (MySqlErrorCode.CommandTimeoutExpired or MySqlErrorCode.UnableToConnectToHost))
            {
                throw DatabaseException.Refused(login, what, StateOf(failure));
            }
            catch (Exception failure) when (failure is MySqlException or TimeoutException or IOException)
            {
                throw DatabaseException.Lost(login, what);
            }
        }
    }
}
