using System.Net.Sockets;
using System.Security.Authentication;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>
/// Users of Redis 6 and later, by its ACL. AWS has a template for ElastiCache's users alone, which works through ElastiCache's API; as there, the password
/// that is replaced stays valid beside the new one until the next rotation.
/// </summary>
internal sealed class RedisDatabase : IDatabase
{
    public IReadOnlyList<string> Engines { get; } = ["redis"];

    public int DefaultPort => 6379;

    public string DefaultDatabase => "";

    public string ExcludedCharacters => """/@"'\""";

    /// <summary>Whoever may change passwords in Redis may change any user's: not what a user of an application should be able to.</summary>
    public bool MasterServesSingleUser => true;

    public int UserNameLimit(IReadOnlyDictionary<string, string> environment) => int.MaxValue;

    public async Task<IDatabaseSession> ConnectAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(TimeSpan.FromSeconds(TimeLimits.ConnectSeconds));
        RedisConnection? connection = null;
        try
        {
            connection = await RedisConnection.OpenAsync(login, tls, limit.Token);
            await connection.AskAsync(limit.Token, "AUTH", login.Username, login.Password);
            return new Session(login, connection);
        }
        catch (Exception failure)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            throw failure switch
            {
                _ when ct.IsCancellationRequested => new OperationCanceledException(ct),
                RedisException { Code: "WRONGPASS" } => DatabaseException.LoginRefused(login, "WRONGPASS"),
                RedisException refused => DatabaseException.Refused(login, $"let user {login.Username} in", refused.Code),
                AuthenticationException => DatabaseException.TlsFailed(login),
                SocketException or IOException => DatabaseException.Unreachable(login),
                OperationCanceledException => DatabaseException.Unreachable(login),
                _ => failure,
            };
        }
    }

    private sealed class Session(DatabaseLogin login, RedisConnection connection) : IDatabaseSession
    {
        public Task TestAsync(CancellationToken ct) => GuardAsync("answer", ct, async limit =>
        {
            try
            {
                await connection.AskAsync(limit, "PING");
            }
            catch (RedisException refused) when (refused.Code == "NOPERM")
            {
                // A user need not be allowed even this; that it could log in was the test.
            }
        });

        public Task SetPasswordAsync(DatabaseLogin user, string newPassword, CancellationToken ct) =>
            GuardAsync($"change the password of user {user.Username}", ct, async limit =>
            {
                await KeepAsync(limit); // who may not keep users is told before anything has changed
                await connection.AskAsync(limit, "ACL", "SETUSER", user.Username, "resetpass", ">" + newPassword, ">" + user.Password);
                await KeepAsync(limit);
            });

        public Task SetCloneAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct) =>
            GuardAsync($"make or change user {clone.Username}", ct, async limit =>
            {
                await KeepAsync(limit);
                var rules = RedisRules.Of(await connection.AskAsync(limit, "ACL", "GETUSER", original.Username));
                // One command: all of it happens, or nothing.
                await connection.AskAsync(limit, ["ACL", "SETUSER", clone.Username, .. rules, ">" + clone.Password]);
                await KeepAsync(limit);
            });

        public ValueTask DisposeAsync() => connection.DisposeAsync();

        /// <summary>Has the server write its users where it will read them when it starts. One without such a file forgets them, as it is set up to.</summary>
        private async Task KeepAsync(CancellationToken ct)
        {
            try
            {
                await connection.AskAsync(ct, "ACL", "SAVE");
            }
            catch (RedisException refused) when (refused.Answer.Contains("not configured to use an ACL file", StringComparison.Ordinal))
            {
                try
                {
                    await connection.AskAsync(ct, "CONFIG", "REWRITE");
                }
                catch (RedisException without) when (without.Answer.Contains("running without a config file", StringComparison.Ordinal))
                {
                    // In memory alone, as everything else there.
                }
            }
        }

        private async Task GuardAsync(string what, CancellationToken ct, Func<CancellationToken, Task> work)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(TimeSpan.FromSeconds(TimeLimits.CommandSeconds));
            try
            {
                await work(limit.Token);
            }
            catch (RedisException refused) when (refused.Code == "NOPERM")
            {
                throw DatabaseException.Forbidden(login, what, "NOPERM");
            }
            catch (RedisException refused)
            {
                throw DatabaseException.Refused(login, what, refused.Code);
            }
            catch (Exception failure) when (failure is IOException or SocketException || (failure is OperationCanceledException && !ct.IsCancellationRequested))
            {
                throw DatabaseException.Lost(login, what);
            }
        }
    }
}
