using System.Globalization;
using System.Net.Sockets;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>MongoDB, and DocumentDB for as far as it is the same. Commands run on the database that <c>dbname</c> names. Source: API fact sheet 4.9.</summary>
/// <remarks>Spoken to directly: the host must be the one that takes writes. Finding it from another would send passwords to where a server says.</remarks>
internal sealed class MongoDatabase : IDatabase
{
    public IReadOnlyList<string> Engines { get; } = ["mongo"];

    public int DefaultPort => 27017;

    public string DefaultDatabase => "admin";

    public string ExcludedCharacters => """/@"'\""";

    public int UserNameLimit(IReadOnlyDictionary<string, string> environment) => int.MaxValue;

    public async Task<IDatabaseSession> ConnectAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        var patience = TimeSpan.FromSeconds(TimeLimits.ConnectSeconds);
        var settings = new MongoClientSettings
        {
            Server = new MongoServerAddress(login.Host, login.Port),
            DirectConnection = true,
            Credential = MongoCredential.CreateCredential(login.Database, login.Username, login.Password),
            UseTls = tls,
            SslSettings = new SslSettings { CheckCertificateRevocation = false, ServerCertificateValidationCallback = ServerTrust.CallbackFor(login) },
            ConnectTimeout = patience,
            ServerSelectionTimeout = patience,
            SocketTimeout = TimeSpan.FromSeconds(TimeLimits.CommandSeconds),
            MaxConnectionPoolSize = 1,
            RetryReads = false,
            RetryWrites = false,
            ApplicationName = "strongroom rotation",
        };
        var client = new MongoClient(settings);
        try
        {
            var database = client.GetDatabase(login.Database);
            await database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: ct);
            return new Session(login, client, database);
        }
        catch (Exception failure)
        {
            var reason = Login(login, tls, failure, client);
            client.Dispose();
            throw reason ?? failure;
        }
    }

    private static DatabaseException? Login(DatabaseLogin login, bool tls, Exception failure, MongoClient client) => failure switch
    {
        MongoAuthenticationException => DatabaseException.LoginRefused(login, "AuthenticationFailed"),
        MongoServerException refused => DatabaseException.Refused(login, $"let user {login.Username} in", StateOf(refused)),
        // The driver tries for as long as it may, and then says that it found no server; why is with the server's description.
        TimeoutException when tls && client.Cluster.Description.Servers.Any(server => IsTls(server.HeartbeatException)) => DatabaseException.TlsFailed(login),
        MongoConnectionException when tls && IsTls(failure) => DatabaseException.TlsFailed(login),
        TimeoutException or MongoException or SocketException or IOException => DatabaseException.Unreachable(login),
        _ => null,
    };

    /// <summary>Whether the server was there, and what failed came after.</summary>
    private static bool IsTls(Exception? failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: not SocketError.ConnectionReset } or TimeoutException)
                return false;
        }

        return failure is not null;
    }

    private static string StateOf(MongoServerException failure) =>
        failure is MongoCommandException command ? string.Create(CultureInfo.InvariantCulture, $"code {command.Code}") : failure.GetType().Name;

    private sealed class Session(DatabaseLogin login, MongoClient client, IMongoDatabase database) : IDatabaseSession
    {
        public Task TestAsync(CancellationToken ct) => GuardAsync("tell of its user", async () => await FindRolesAsync(login.Username, ct));

        public Task SetPasswordAsync(DatabaseLogin user, string newPassword, CancellationToken ct) =>
            GuardAsync($"change the password of user {user.Username}", () => RunAsync(new BsonDocument { ["updateUser"] = user.Username, ["pwd"] = newPassword }, ct));

        public Task SetCloneAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct) =>
            GuardAsync($"make or change user {clone.Username}", async () =>
            {
                if (await FindRolesAsync(clone.Username, ct) is not null)
                {
                    await RunAsync(new BsonDocument { ["updateUser"] = clone.Username, ["pwd"] = clone.Password }, ct);
                    return;
                }

                var roles = await FindRolesAsync(original.Username, ct)
                    ?? throw new DatabaseException(DatabaseFault.Refused, $"user {original.Username} is not in database {login.Database}, so that its roles can't be copied");
                await RunAsync(new BsonDocument { ["createUser"] = clone.Username, ["pwd"] = clone.Password, ["roles"] = roles }, ct);
            });

        public ValueTask DisposeAsync()
        {
            client.Dispose();
            return default;
        }

        /// <summary>Null when there is no such user in this database.</summary>
        private async Task<BsonArray?> FindRolesAsync(string username, CancellationToken ct)
        {
            var answer = await RunAsync(new BsonDocument("usersInfo", username), ct);
            return answer.TryGetValue("users", out var users) && users is BsonArray { Count: > 0 } list && list[0] is BsonDocument user
                ? user.GetValue("roles", new BsonArray()).AsBsonArray
                : null;
        }

        private Task<BsonDocument> RunAsync(BsonDocument command, CancellationToken ct) =>
            database.RunCommandAsync<BsonDocument>(command, cancellationToken: ct);

        private async Task GuardAsync(string what, Func<Task> work)
        {
            try
            {
                await work();
            }
            catch (MongoCommandException failure) when (failure.Code == 13)
            {
                throw DatabaseException.Forbidden(login, what, "code 13, Unauthorized");
            }
            catch (MongoServerException failure)
            {
                throw DatabaseException.Refused(login, what, StateOf(failure));
            }
            catch (Exception failure) when (failure is MongoException or TimeoutException or IOException)
            {
                throw DatabaseException.Lost(login, what);
            }
        }
    }
}
