using System.Text.Json.Nodes;
using MongoDB.Bson;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>The real driver against a stand-in for MongoDB. Source of the commands: API fact sheet 4.9.</summary>
public sealed class MongoRotationTests
{
    private const string SingleUser = "SecretsManagerMongoDBRotationSingleUser";
    private const string MultiUser = "SecretsManagerMongoDBRotationMultiUser";

    private static readonly string AllCharacters = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c));
    private static readonly BsonArray Roles = [new BsonDocument { ["role"] = "readWrite", ["db"] = "shop" }];

    [Theory]
    [InlineData(null, "app")]
    [InlineData("shop", "app")]
    [InlineData("shop", "=2C, n=admin,{$ne:1}.\"'")]
    public async Task A_single_user_changes_its_own_password_in_its_database(string? database, string username)
    {
        await using var mongo = new MongoStandIn();
        var id = $"{database ?? "admin"}.{username}";
        mongo.Users[id] = new("old-1", Roles, MayChangeItself: true);
        await using var server = await RunningServer.StartAsync();
        var value = Secret(mongo, username, "old-1");
        if (database is not null)
            value["dbname"] = database;
        var secret = await RotatedDatabase.BeginAsync(server, "prod/mongo", value, SingleUser);

        await secret.FinishAsync();

        var password = (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!;
        Assert.Equal(password, mongo.Users[id].Password);
        Assert.Matches("""^[^/@"'\\]{32}$""", password);
        BsonDocument[] expected = [new("ping", 1), new() { ["updateUser"] = username, ["pwd"] = password }, new("ping", 1), new("usersInfo", username)];
        Assert.Equal(string.Join('\n', expected.Select(command => command.ToJson())), string.Join('\n', mongo.Commands.Select(command => command.ToJson())));
    }

    [Fact]
    public async Task Two_users_take_turns_with_the_same_roles_and_the_last_one_goes_on_working()
    {
        await using var mongo = new MongoStandIn();
        mongo.Users["admin.app"] = new("old-1", Roles);
        mongo.Users["admin.root"] = new("canary-root", [], MayChangeUsers: true);
        await using var server = await RunningServer.StartAsync();
        await RotatedDatabase.StoreMasterAsync(server, Secret(mongo, "root", "canary-root").ToJsonString(), "prod/mongo");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/mongo", Secret(mongo, "app", "old-1"), MultiUser);

        await secret.FinishAsync();

        var first = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("app_clone", (string?)first["username"]);
        Assert.Equal(new MongoStandIn.MongoUser((string)first["password"]!, Roles), mongo.Users["admin.app_clone"]);
        Assert.Equal("old-1", mongo.Users["admin.app"].Password);

        await secret.BeginAsync();
        await secret.FinishAsync();

        var second = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("app", (string?)second["username"]);
        Assert.Equal((string?)second["password"], mongo.Users["admin.app"].Password);
        Assert.Equal((string?)first["password"], mongo.Users["admin.app_clone"].Password);
    }

    [Fact]
    public async Task A_password_of_all_characters_works_and_a_step_may_be_repeated()
    {
        await using var mongo = new MongoStandIn();
        mongo.Users["admin.app"] = new("old-1", Roles, MayChangeItself: true);
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "all", Secret(mongo, "app", "old-1"), SingleUser);
        await secret.StageAsync(Secret(mongo, "app", AllCharacters));

        Assert.Null(await secret.StepAsync(RotationStep.SetSecret));
        await secret.FinishAsync();

        Assert.Equal(AllCharacters, mongo.Users["admin.app"].Password);
        Assert.Single(mongo.Commands, command => command.Contains("updateUser"));
    }

    [Fact]
    public async Task What_goes_wrong_is_told_in_words_of_ours()
    {
        await using var mongo = new MongoStandIn();
        mongo.Users["admin.app"] = new("old-1", Roles);
        await using var server = await RunningServer.StartAsync();

        await AssertSaysAsync(server, Secret(mongo, "app", "canary-wrong"), $"127.0.0.1:{mongo.Port} refused the login of user app (AuthenticationFailed)");
        await AssertSaysAsync(
            server, Secret(mongo, "app", "old-1"), $"user app lacks the permission to change the password of user app at 127.0.0.1:{mongo.Port} (code 13, Unauthorized)");
        var gone = Secret(mongo, "app", "old-1");
        gone["port"] = ServerProcess.FreePort();
        await AssertSaysAsync(server, gone, $"cannot connect to 127.0.0.1:{gone["port"]} within 5 seconds");
    }

    [Fact]
    public async Task TLS_is_used_with_an_authority_that_is_trusted_and_not_without()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("127.0.0.1");
        await using var mongo = new MongoStandIn(certificate);
        mongo.Users["admin.app"] = new("old-1", Roles, MayChangeItself: true);
        await using var server = await RunningServer.StartAsync();
        var value = Secret(mongo, "app", "old-1");
        value["ssl"] = "true";
        await AssertSaysAsync(server, value, "or its certificate is not trusted or not for that host");

        var trusted = new Dictionary<string, string> { ["TLS_CA_FILE"] = authority.AuthorityFile };
        value["host"] = "localhost";
        await AssertSaysAsync(server, value, "or its certificate is not trusted or not for that host", trusted);

        value["host"] = "127.0.0.1";
        var secret = await RotatedDatabase.BeginAsync(server, "trusting", value, SingleUser, trusted);
        await secret.FinishAsync();
    }

    private static Task AssertSaysAsync(
        RunningServer server, JsonObject value, string end, IReadOnlyDictionary<string, string>? environment = null) =>
        RotatedDatabase.AssertSaysAsync(server, value, end, SingleUser, environment);

    private static JsonObject Secret(MongoStandIn mongo, string username, string password) => new()
    {
        ["engine"] = "mongo", ["host"] = "127.0.0.1", ["port"] = mongo.Port, ["username"] = username, ["password"] = password, ["ssl"] = false,
        ["masterarn"] = RotatedDatabase.MasterName,
    };
}
