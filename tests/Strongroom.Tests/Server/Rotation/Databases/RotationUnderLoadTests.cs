using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>An application that reads its secret for each new connection, while the secret is rotated again and again.</summary>
public sealed class RotationUnderLoadTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const int Clients = 2;

    // A new connection costs both sides some milliseconds of processor: the test is not to measure those.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // Three times more than a day's versions would be too many for a secret. Source: API fact sheet 2.5.
    private const int Days = 3;
    private const int RotationsADay = 67;

    [Fact]
    public async Task With_alternating_users_no_login_is_refused_in_two_hundred_rotations()
    {
        await postgres.CreateUserAsync("shop", "first-1");
        await using var server = await RunningServer.StartAsync(ownFunctions: true);
        await server.CallAsync("CreateSecret", new
        {
            Name = "master", ClientRequestToken = Guid.NewGuid(), SecretString = Value(PostgresServer.Administrator, PostgresServer.AdministratorPassword),
            Tags = new[] { new { Key = "strongroom:rotation-master", Value = "app/shop" } },
        });
        await server.CallAsync("CreateSecret", new { Name = "app/shop", ClientRequestToken = Guid.NewGuid(), SecretString = Value("shop", "first-1", "master") });

        var users = new HashSet<string>();
        var logins = await RotateUnderLoadAsync(server, "app/shop", "SecretsManagerRDSPostgreSQLRotationMultiUser", Days, RotationsADay, async () =>
        {
            var (username, password) = await ReadAsync(server, "app/shop");
            users.Add(username);
            Assert.True(await postgres.AcceptsAsync(username, password), $"The login of {username} was refused.");
        });

        Assert.Equal(["shop", "shop_clone"], users.Order(StringComparer.Ordinal));
        Assert.True(logins >= Days * RotationsADay, $"Only {logins} logins were tried.");
    }

    [Fact]
    public async Task With_a_single_user_a_refused_login_succeeds_once_the_secret_was_read_again()
    {
        await postgres.CreateUserAsync("single", "first-1");
        await using var server = await RunningServer.StartAsync(ownFunctions: true);
        await server.CallAsync("CreateSecret", new { Name = "app/single", ClientRequestToken = Guid.NewGuid(), SecretString = Value("single", "first-1") });

        await RotateUnderLoadAsync(server, "app/single", "SecretsManagerRDSPostgreSQLRotationSingleUser", days: 1, rotations: 20, async () =>
        {
            // Between setSecret and finishSecret the password is changed and not yet told.
            for (var attempt = 0; attempt < 200; attempt++)
            {
                var (username, password) = await ReadAsync(server, "app/single");
                if (await postgres.AcceptsAsync(username, password))
                    return;
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }

            Assert.Fail("The login was refused however often the secret was read again.");
        });
    }

    /// <returns>How often the application did its work.</returns>
    private static async Task<int> RotateUnderLoadAsync(RunningServer server, string secret, string rotator, int days, int rotations, Func<Task> connectAsync)
    {
        var logins = 0;
        for (var day = 0; day < days; day++)
        {
            using var evening = new CancellationTokenSource();
            var clients = Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
            {
                while (!evening.IsCancellationRequested)
                {
                    await connectAsync();
                    Interlocked.Increment(ref logins);
                    await Task.Delay(Pause);
                }
            })).ToList();
            for (var rotation = 0; rotation < rotations; rotation++)
            {
                // So that no rotation waits for its turn in the second.
                server.Time.Advance(TimeSpan.FromMilliseconds(100));
                var token = Guid.NewGuid().ToString();
                await server.CallAsync("RotateSecret", new
                {
                    SecretId = secret, ClientRequestToken = token, RotationLambdaARN = $"arn:aws:lambda:us-east-1:{RunningServer.Account}:function:{rotator}",
                });
                await server.Server.RotateAsync();
                var described = await server.CallAsync("DescribeSecret", new { SecretId = secret });
                Assert.Equal("""["AWSCURRENT"]""", described["VersionIdsToStages"]![token]?.ToJsonString());
                if (clients.FirstOrDefault(client => client.IsFaulted) is { } failed)
                    await failed;
            }

            await evening.CancelAsync();
            await Task.WhenAll(clients);
            await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromHours(25));
        }

        return logins;
    }

    private static async Task<(string Username, string Password)> ReadAsync(RunningServer server, string secret)
    {
        var value = JsonNode.Parse((string)(await server.CallAsync("GetSecretValue", new { SecretId = secret }))["SecretString"]!)!;
        return ((string)value["username"]!, (string)value["password"]!);
    }

    private string Value(string username, string password, string? master = null)
    {
        var value = new JsonObject
        {
            ["engine"] = "postgres", ["host"] = "127.0.0.1", ["port"] = postgres.Port, ["username"] = username, ["password"] = password, ["dbname"] = "postgres",
        };
        if (master is not null)
            value["masterarn"] = master;
        return value.ToJsonString();
    }
}
