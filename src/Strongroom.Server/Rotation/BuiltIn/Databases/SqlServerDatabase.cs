using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>SQL Server: logins, or the users of a contained database. Source of the statements: API fact sheet 4.9.</summary>
internal sealed class SqlServerDatabase : IDatabase
{
    public IReadOnlyList<string> Engines { get; } = ["sqlserver"];

    public int DefaultPort => 1433;

    public string DefaultDatabase => "master";

    public string ExcludedCharacters => """/@"'\""";

    public int UserNameLimit(IReadOnlyDictionary<string, string> environment) => 128;

    public async Task<IDatabaseSession> ConnectAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(TimeLimits.ConnectSeconds));
        try
        {
            return new Session(login, await TdsConnection.OpenAsync(login, tls, limit.Token));
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            throw failure switch
            {
                TdsException { Number: 18456 } => DatabaseException.LoginRefused(login, "error 18456"),
                TdsException refused => DatabaseException.Refused(login, $"let user {login.Username} in", refused.Message),
                NotSupportedException => DatabaseException.NoTls(login),
                AuthenticationException => tls ? DatabaseException.TlsFailed(login) : DatabaseException.Refused(login, "speak without TLS", "encryption is demanded"),
                SocketException or IOException or OperationCanceledException => DatabaseException.Unreachable(login),
                _ => failure,
            };
        }
    }

    private sealed class Session(DatabaseLogin login, TdsConnection connection) : IDatabaseSession
    {
        public Task TestAsync(CancellationToken ct) =>
            GuardAsync("tell its version", ct, limit => connection.RunAsync("SELECT CAST(@@VERSION AS nvarchar(1000))", limit));

        public Task SetPasswordAsync(DatabaseLogin user, string newPassword, CancellationToken ct) =>
            GuardAsync($"change the password of user {user.Username}", ct, async limit =>
            {
                var kind = await IsContainedAsync(limit) ? "USER" : "LOGIN";
                var (name, password, old) = (await NameAsync(user.Username, limit), await LiteralAsync(newPassword, limit), await LiteralAsync(user.Password, limit));
                await connection.RunAsync($"ALTER {kind} {name} WITH PASSWORD = {password} OLD_PASSWORD = {old}", limit);
            });

        public Task SetCloneAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct) =>
            GuardAsync($"make or change user {clone.Username}", ct, async limit =>
            {
                var contained = await IsContainedAsync(limit);
                var kind = contained ? "USER" : "LOGIN";
                var (name, password) = (await NameAsync(clone.Username, limit), await LiteralAsync(clone.Password, limit));

                // Not yet with its password: a user that can log in as the new value says is taken for finished by the next attempt.
                var principals = contained ? "sys.database_principals" : "sys.server_principals";
                if (await FirstAsync($"SELECT CAST(name AS nvarchar(256)) FROM {principals} WHERE name = {Text(clone.Username)}", limit) is null)
                    await connection.RunAsync($"CREATE {kind} {name} WITH PASSWORD = {await LiteralAsync(clone.Password + "-unfinished", limit)}", limit);

                if (contained)
                    await CopyDatabaseRightsAsync(original.Username, clone.Username, limit);
                else if (await FirstAsync("SELECT CAST(DB_NAME() AS nvarchar(256))", limit) == "master")
                    await CopyAsync(SqlServerRights.OfServer, original.Username, clone.Username, limit);
                else
                    await CopyUserAsync(original.Username, clone.Username, name, limit);

                await connection.RunAsync($"ALTER {kind} {name} WITH PASSWORD = {password}", limit);
            });

        public ValueTask DisposeAsync() => connection.DisposeAsync();

        private async Task<bool> IsContainedAsync(CancellationToken ct) =>
            await FirstAsync("SELECT CAST(containment AS nvarchar(10)) FROM sys.databases WHERE name = DB_NAME()", ct) is not (null or "0");

        /// <summary>The user that a login is in this database, for the other login.</summary>
        private async Task CopyUserAsync(string original, string clone, string cloneName, CancellationToken ct)
        {
            const string ByLogin = "SELECT CAST(name AS nvarchar(256)) FROM sys.database_principals WHERE sid = SUSER_SID({0})";
            var originalUser = await FirstAsync(string.Format(CultureInfo.InvariantCulture, ByLogin, Text(original)), ct)
                ?? throw new DatabaseException(DatabaseFault.Refused, $"login {original} is no user of the database at {login.Server}, so that its rights can't be copied");
            var cloneUser = await FirstAsync(string.Format(CultureInfo.InvariantCulture, ByLogin, Text(clone)), ct);
            if (cloneUser is null)
                await connection.RunAsync($"CREATE USER {cloneName} FOR LOGIN {cloneName}", ct);
            await CopyDatabaseRightsAsync(originalUser, cloneUser ?? clone, ct);
        }

        private async Task CopyDatabaseRightsAsync(string original, string clone, CancellationToken ct)
        {
            await CopyAsync(SqlServerRights.Roles, original, clone, ct);
            await CopyAsync(SqlServerRights.OfDatabase, original, clone, ct);
        }

        /// <summary>Runs the statements that the server itself writes, names quoted.</summary>
        private async Task CopyAsync(string query, string original, string clone, CancellationToken ct)
        {
            var rows = await connection.RunAsync($"DECLARE @original sysname = {Text(original)}, @clone sysname = {Text(clone)};\n{query}", ct);
            if (rows.Any(row => row[0] is null))
                throw new DatabaseException(DatabaseFault.Refused, $"user {original} has a right at {login.Server} of a kind that can't be copied: {rows.First(row => row[0] is null)[1]}");
            foreach (var row in rows)
                await connection.RunAsync(row[0]!, ct);
        }

        private async Task<string> NameAsync(string name, CancellationToken ct) =>
            await FirstAsync($"SELECT CAST(QUOTENAME({Text(name)}) AS nvarchar(4000))", ct)
            ?? throw new DatabaseException(DatabaseFault.Refused, $"{login.Server} takes no user name of more than 128 characters");

        private async Task<string> LiteralAsync(string text, CancellationToken ct) =>
            await FirstAsync($"SELECT CAST(N'N' + QUOTENAME({Text(text)}, '''') AS nvarchar(4000))", ct)
            ?? throw new DatabaseException(DatabaseFault.Refused, $"{login.Server} takes no password of more than 128 characters");

        private async Task<string?> FirstAsync(string sql, CancellationToken ct) => (await connection.RunAsync(sql, ct)).FirstOrDefault()?[0];

        // In Transact-SQL a quote is doubled inside quotes, and nothing else means anything there but a backslash before a line break, which no value has.
        private static string Text(string text) => $"N'{text.Replace("'", "''", StringComparison.Ordinal)}'";

        private async Task GuardAsync(string what, CancellationToken ct, Func<CancellationToken, Task> work)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(TimeSpan.FromSeconds(TimeLimits.CommandSeconds));
            try
            {
                await work(limit.Token);
            }
            catch (TdsException refused) when (refused.Number is 229 or 230 or 262 or 297 or 300 or 4613 or 15151 or 15247)
            {
                throw DatabaseException.Forbidden(login, what, refused.Message);
            }
            catch (TdsException refused)
            {
                throw DatabaseException.Refused(login, what, refused.Message);
            }
            catch (Exception failure) when (failure is IOException or SocketException || (failure is OperationCanceledException && !ct.IsCancellationRequested))
            {
                throw DatabaseException.Lost(login, what);
            }
        }
    }
}
