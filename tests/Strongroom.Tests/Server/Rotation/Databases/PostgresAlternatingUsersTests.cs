using System.Text.Json.Nodes;
using Strongroom.Server.Authentication;
using Strongroom.Server.Rotation;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>Two users in turn against a real PostgreSQL. Source: API fact sheet 4.8, 4.9.</summary>
public sealed class PostgresAlternatingUsersTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const string MultiUser = "SecretsManagerRDSPostgreSQLRotationMultiUser";

    [Fact]
    public async Task Two_users_take_turns_with_the_same_rights_and_the_last_one_goes_on_working()
    {
        await postgres.CreateUserAsync("app", "old-1");
        await postgres.ExecuteAsync("CREATE TABLE orders (id int); GRANT SELECT ON orders TO app");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("app", "old-1"), MultiUser);

        await secret.FinishAsync();

        var first = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("app_clone", (string?)first["username"]);
        Assert.True(await postgres.AcceptsAsync("app", "old-1"));
        await postgres.ExecuteAsync("app_clone", (string)first["password"]!, "SELECT count(*) FROM orders");

        await secret.BeginAsync();
        await secret.FinishAsync();

        var second = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("app", (string?)second["username"]);
        Assert.True(await postgres.AcceptsAsync("app", (string)second["password"]!));
        Assert.False(await postgres.AcceptsAsync("app", "old-1"));
        Assert.True(await postgres.AcceptsAsync("app_clone", (string)first["password"]!));

        await secret.BeginAsync();
        await secret.FinishAsync();

        Assert.Equal("app_clone", (string?)(await secret.ReadAsync("AWSCURRENT"))["username"]);
        Assert.False(await postgres.AcceptsAsync("app_clone", (string)first["password"]!));
        Assert.True(await postgres.AcceptsAsync("app", (string)second["password"]!));
    }

    [Theory]
    [InlineData("x\" SUPERUSER; --")]
    [InlineData("'; DROP ROLE administrator; --")]
    [InlineData(" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")]
    public async Task No_name_is_taken_for_a_part_of_a_statement(string username)
    {
        await postgres.CreateUserAsync(username, "old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret(username, "old-1"), MultiUser);
        var password = "'; ALTER ROLE administrator PASSWORD 'x'; -- \\' $$ E'";
        await secret.StageAsync(Secret(username + "_clone", password));

        await secret.FinishAsync();

        Assert.Equal(username + "_clone", await postgres.ExecuteAsync(username + "_clone", password, "SELECT current_user::text"));
        Assert.True((bool)(await postgres.ExecuteAsync(username + "_clone", password, "SELECT NOT rolsuper FROM pg_roles WHERE rolname = current_user"))!);
    }

    [Fact]
    public async Task A_rotation_cut_short_at_any_point_is_finished_by_running_it_again()
    {
        await postgres.CreateUserAsync("again", "old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "again");
        var secret = await RotatedDatabase.BeginAsync(server, "again", Secret("again", "old-1"), MultiUser);

        foreach (var step in Enum.GetValues<RotationStep>())
        {
            foreach (var repeated in Enum.GetValues<RotationStep>().Where(s => s <= step))
                Assert.Null(await secret.StepAsync(repeated));
        }

        var current = await secret.ReadAsync("AWSCURRENT");
        Assert.True(await postgres.AcceptsAsync((string)current["username"]!, (string)current["password"]!));
    }

    [Fact]
    public async Task A_clone_is_made_with_its_rights_or_not_at_all()
    {
        // May make users, and may not give them this role.
        await postgres.CreateUserAsync("maker", "maker-1", "CREATEROLE");
        await postgres.ExecuteAsync("CREATE ROLE mighty LOGIN SUPERUSER PASSWORD 'old-1'");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true", "maker", "maker-1");
        var secret = await RotatedDatabase.BeginAsync(server, "mighty", Secret("mighty", "old-1"), MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.Equal(
            $"The database could not be changed or tested: user maker lacks the permission to make or change user mighty_clone at 127.0.0.1:{postgres.Port} (SQLSTATE 42501)",
            await secret.StepAsync(RotationStep.SetSecret));
        Assert.Equal(0L, await postgres.ExecuteAsync("SELECT count(*) FROM pg_roles WHERE rolname = 'mighty_clone'"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("false")]
    [InlineData("other")]
    [InlineData("shares")]
    public async Task A_master_secret_is_used_for_the_secrets_alone_that_its_tag_names(string? tag)
    {
        await postgres.CreateUserAsync("tag_" + tag, "old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, tag);
        var secret = await RotatedDatabase.BeginAsync(server, "shares", Secret("tag_" + tag, "old-1"), MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        var error = await secret.StepAsync(RotationStep.SetSecret);

        if (tag == "shares")
            Assert.Null(error);
        else
            Assert.Contains($"AccessDeniedException: User: arn:aws:sts::{RunningServer.Account}:assumed-role/{ServiceRole.Name}/{MultiUser} is not authorized", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"engine":"postgres","host":"localhost","username":"a","password":"b"}""", "Current database host 127.0.0.1 is not the same host as/rds replica of master localhost")]
    [InlineData("""{"engine":"mysql","host":"127.0.0.1","username":"a","password":"b"}""", "Database engine must be set to one of 'postgres', 'aurora-postgresql' in order to use this rotation lambda")]
    [InlineData("""{"username":"a","password":"b"}""", "engine key is missing from secret JSON")]
    public async Task A_master_secret_of_another_server_is_not_used(string master, string message)
    {
        if (!await postgres.AcceptsAsync("elsewhere", "old-1"))
            await postgres.CreateUserAsync("elsewhere", "old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true", value: master);
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("elsewhere", "old-1"), MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.Equal(message, await secret.StepAsync(RotationStep.SetSecret));
    }

    [Fact]
    public async Task A_master_secret_is_needed_and_has_to_open_the_database()
    {
        await postgres.CreateUserAsync("masterless", "old-1");
        await using var server = await RunningServer.StartAsync();
        var without = Secret("masterless", "old-1");
        without.Remove("masterarn");
        var secret = await RotatedDatabase.BeginAsync(server, "without", without, MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));
        Assert.Equal("masterarn key is missing from secret JSON", await secret.StepAsync(RotationStep.SetSecret));

        var missing = await RotatedDatabase.BeginAsync(server, "missing", Secret("masterless", "old-1"), MultiUser);
        Assert.Null(await missing.StepAsync(RotationStep.CreateSecret));
        Assert.NotNull(await missing.StepAsync(RotationStep.SetSecret));

        await StoreMasterAsync(server, "true", "administrator", "canary-wrong");
        Assert.Equal(
            $"Unable to log into database using credentials in master secret master: 127.0.0.1:{postgres.Port} refused the login of user administrator (SQLSTATE 28P01)",
            await missing.StepAsync(RotationStep.SetSecret));
    }

    [Fact]
    public async Task A_current_user_that_does_not_work_is_not_copied()
    {
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("nobody_knows", "old-1"), MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.StartsWith($"Unable to log into database using current credentials for secret {secret.Arn}: ", await secret.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
        Assert.Equal(0L, await postgres.ExecuteAsync("SELECT count(*) FROM pg_roles WHERE rolname = 'nobody_knows_clone'"));
    }

    [Theory]
    [InlineData(57, null)]
    [InlineData(58, "Unable to clone user, username length with _clone appended would exceed 63 characters")]
    public async Task A_name_that_would_be_cut_is_not_cloned(int length, string? error)
    {
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret(new string('a', length), "old-1"), MultiUser);

        Assert.Equal(error, await secret.StepAsync(RotationStep.CreateSecret));
    }

    [Theory]
    [InlineData("someone", "127.0.0.1", "Attempting to modify user someone other than current user or clone pair")]
    [InlineData("pair", "127.0.0.1", "Attempting to modify user pair other than current user or clone pair")]
    [InlineData("pair_clone", "localhost", "Attempting to modify user for host localhost other than current host 127.0.0.1")]
    public async Task A_pending_value_for_another_user_or_host_is_not_brought_about(string username, string host, string message)
    {
        if (!await postgres.AcceptsAsync("pair", "old-1"))
            await postgres.CreateUserAsync("pair", "old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("pair", "old-1"), MultiUser);
        var pending = Secret(username, "new-1");
        pending["host"] = host;
        await secret.StageAsync(pending);

        Assert.Equal(message, await secret.StepAsync(RotationStep.SetSecret));
    }

    [Fact]
    public async Task A_KMS_key_that_does_not_let_rotators_in_keeps_them_out()
    {
        await using var server = await RunningServer.StartAsync();
        var role = $"arn:aws:iam::{RunningServer.Account}:role/aws-service-role/secretsmanager.amazonaws.com/{ServiceRole.Name}";
        var policy = $$"""
            {"Version":"2012-10-17","Statement":[
              {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{RunningServer.Account}}:root"},"Action":"kms:*","Resource":"*"},
              {"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"{{role}}" } } } ] }
            """;
        var key = await server.Root.JsonAsync("TrentService.CreateKey", new { Policy = policy, BypassPolicyLockoutSafetyCheck = true });
        var secret = await RotatedDatabase.BeginAsync(
            server, "prod/db", Secret("app", "old-1"), MultiUser, more: new { KmsKeyId = (string)key["KeyMetadata"]!["KeyId"]! });

        Assert.Equal("GetSecretValue: AccessDeniedException: Access to KMS is not allowed", await secret.StepAsync(RotationStep.CreateSecret));
    }

    private Task StoreMasterAsync(
        RunningServer server, string? tag, string username = PostgresServer.Administrator, string password = PostgresServer.AdministratorPassword, string? value = null) =>
        RotatedDatabase.StoreMasterAsync(server, value ?? new JsonObject
        {
            ["engine"] = "postgres", ["host"] = "127.0.0.1", ["port"] = postgres.Port, ["username"] = username, ["password"] = password,
        }.ToJsonString(), tag);

    private JsonObject Secret(string username, string password) => new()
    {
        ["engine"] = "postgres", ["host"] = "127.0.0.1", ["port"] = postgres.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["username"] = username, ["password"] = password, ["masterarn"] = RotatedDatabase.MasterName,
    };
}
