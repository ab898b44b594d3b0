using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>Against a real MariaDB. Source: API fact sheet 4.8, 4.9.</summary>
public sealed class MariaDbRotationTests(MariaDbServer mariadb) : IClassFixture<MariaDbServer>
{
    private const string SingleUser = "SecretsManagerRDSMariaDBRotationSingleUser";
    private const string MultiUser = "SecretsManagerRDSMariaDBRotationMultiUser";

    private static readonly string AllCharacters = string.Concat(Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c));

    [Theory]
    [InlineData(SingleUser, "mariadb")]
    [InlineData("SecretsManagerRDSMySQLRotationSingleUser", "mysql")]
    [InlineData("SecretsManagerRDSMySQLRotationSingleUser", "aurora-mysql")]
    public async Task A_single_user_gets_a_new_password_and_loses_the_old_one(string rotator, string engine)
    {
        await mariadb.CreateUserAsync("app-" + engine, "old-1");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("app-" + engine, "old-1", engine), rotator);

        await secret.FinishAsync();

        var password = (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!;
        Assert.True(await mariadb.AcceptsAsync("app-" + engine, password));
        Assert.False(await mariadb.AcceptsAsync("app-" + engine, "old-1"));
        Assert.Matches("""^[^/@"'\\]{32}$""", password);
        Assert.All(server.Records(), record => Assert.DoesNotContain(password, record.ToJsonString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("plain", "")]
    [InlineData("plain2", "NO_BACKSLASH_ESCAPES")]
    [InlineData("plain3", "ANSI_QUOTES")]
    [InlineData("'@'%' IDENTIFIED BY 'x'; -- ", "")]
    [InlineData("back\\' OR \\\\'", "NO_BACKSLASH_ESCAPES")]
    [InlineData("@password ? `x` \"", "ANSI_QUOTES")]
    public async Task No_name_and_no_password_is_taken_for_a_part_of_a_statement(string username, string mode)
    {
        await mariadb.ExecuteAsync($"SET GLOBAL sql_mode = '{mode}'");
        username = username.TrimEnd();
        await mariadb.ExecuteAsync("SET GLOBAL sql_mode = ''");
        await mariadb.CreateUserAsync(username, "old-1");
        await mariadb.ExecuteAsync($"SET GLOBAL sql_mode = '{mode}'");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret(username, "old-1"), SingleUser);
        var password = AllCharacters + "'; SET PASSWORD FOR 'administrator' = ''; -- \\' \\\\'' @username ? é😀 " + username;
        await secret.StageAsync(Secret(username, password));

        await secret.FinishAsync();

        await mariadb.ExecuteAsync("SET GLOBAL sql_mode = ''");
        Assert.True(await mariadb.AcceptsAsync(username, password));
    }

    [Fact]
    public async Task Names_of_all_characters_alternate()
    {
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server);
        // MariaDB's names have at most 80 characters.
        foreach (var username in (string[])[AllCharacters[..47], AllCharacters[47..], "'@'%'; DROP USER administrator; -- \\"])
        {
            await mariadb.CreateUserAsync(username, "old-1");
            await mariadb.ExecuteAsync("GRANT SELECT ON shop.orders TO @p0", username);
            var secret = await RotatedDatabase.BeginAsync(server, Guid.NewGuid().ToString(), Secret(username, "old-1"), MultiUser);

            await secret.FinishAsync();

            var current = await secret.ReadAsync("AWSCURRENT");
            Assert.Equal(username + "_clone", (string?)current["username"]);
            Assert.Equal(0L, await mariadb.ExecuteAsAsync(username + "_clone", (string)current["password"]!, "SELECT COUNT(*) FROM shop.orders"));
        }
    }

    [Theory]
    [InlineData(MultiUser, "mariadb")]
    [InlineData("SecretsManagerRDSMySQLRotationMultiUser", "mysql")]
    public async Task Two_users_take_turns_with_the_same_rights_and_the_last_one_goes_on_working(string rotator, string engine)
    {
        var app = "turn_" + engine;
        await mariadb.CreateUserAsync(app, "old-1", "REQUIRE SSL");
        await mariadb.ExecuteAsync("GRANT SELECT, INSERT ON shop.orders TO @p0 WITH GRANT OPTION", app);
        await mariadb.ExecuteAsync("GRANT SELECT ON shop.`a TO b` TO @p0", app);
        await mariadb.ExecuteAsync($"CREATE ROLE reader_{engine}; GRANT DELETE ON shop.orders TO reader_{engine}");
        await mariadb.ExecuteAsync($"GRANT reader_{engine} TO @p0", app);
        await mariadb.ExecuteAsync($"SET DEFAULT ROLE reader_{engine} FOR @p0", app);
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, engine);
        var value = Secret(app, "old-1", engine);
        value["ssl"] = true;
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", value, rotator, Trusting());

        await secret.FinishAsync();

        var first = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal(app + "_clone", (string?)first["username"]);
        var firstPassword = (string)first["password"]!;
        Assert.True(await mariadb.AcceptsAsync(app, "old-1"));
        await mariadb.ExecuteAsAsync(app + "_clone", firstPassword, "INSERT INTO shop.orders SELECT id FROM shop.`a TO b`; DELETE FROM shop.orders");
        Assert.Equal("ANY", await mariadb.ExecuteAsync("SELECT CONVERT(ssl_type USING utf8mb4) FROM mysql.user WHERE User = @p0", app + "_clone"));

        await secret.BeginAsync();
        await secret.FinishAsync();

        var second = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal(app, (string?)second["username"]);
        Assert.True(await mariadb.AcceptsAsync(app, (string)second["password"]!));
        Assert.False(await mariadb.AcceptsAsync(app, "old-1"));
        Assert.True(await mariadb.AcceptsAsync(app + "_clone", firstPassword));
    }

    [Fact]
    public async Task A_clone_that_was_left_half_made_is_finished()
    {
        await mariadb.CreateUserAsync("half", "old-1");
        await mariadb.ExecuteAsync("GRANT SELECT ON shop.orders TO @p0", "half");
        await mariadb.CreateUserAsync("half_clone", "whatever");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server);
        var secret = await RotatedDatabase.BeginAsync(server, "half", Secret("half", "old-1"), MultiUser);

        foreach (var step in Enum.GetValues<RotationStep>())
        {
            foreach (var repeated in Enum.GetValues<RotationStep>().Where(s => s <= step))
                Assert.Null(await secret.StepAsync(repeated));
        }

        Assert.Equal(0L, await mariadb.ExecuteAsAsync("half_clone", (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!, "SELECT COUNT(*) FROM shop.orders"));
    }

    [Fact]
    public async Task A_master_who_may_not_make_users_is_told_so_and_the_clone_does_not_pass_for_finished()
    {
        await mariadb.CreateUserAsync("weak", "weak-1");
        await mariadb.ExecuteAsync("GRANT CREATE USER ON *.* TO @p0; GRANT SELECT ON mysql.* TO @p0", "weak");
        await mariadb.CreateUserAsync("poor", "old-1");
        await mariadb.ExecuteAsync("GRANT SELECT ON shop.orders TO @p0", "poor");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, username: "weak", password: "weak-1");
        var secret = await RotatedDatabase.BeginAsync(server, "poor", Secret("poor", "old-1"), MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        for (var attempt = 0; attempt < 2; attempt++)
        {
            // 1045 is also what a refused login is called, by this server.
            Assert.Equal(
                $"The database could not be changed or tested: user weak lacks the permission to make or change user poor_clone at 127.0.0.1:{mariadb.Port} (error 1045)",
                await secret.StepAsync(RotationStep.SetSecret));
        }
    }

    [Fact]
    public async Task A_refused_login_and_a_missing_database_are_told_apart()
    {
        await mariadb.CreateUserAsync("lost", "unknown");
        await using var server = await RunningServer.StartAsync();
        var lost = await RotatedDatabase.BeginAsync(server, "lost", Secret("lost", "canary-wrong"), SingleUser);
        Assert.Null(await lost.StepAsync(RotationStep.CreateSecret));
        Assert.Equal(
            $"Unable to log into database with previous, current, or pending secret of secret arn {lost.Arn}: 127.0.0.1:{mariadb.Port} refused the login of user lost (error 1045)",
            await lost.StepAsync(RotationStep.SetSecret));

        var value = Secret("lost", "unknown");
        value["dbname"] = "shop";
        var closed = await RotatedDatabase.BeginAsync(server, "closed", value, SingleUser);
        Assert.Null(await closed.StepAsync(RotationStep.CreateSecret));
        Assert.EndsWith("refused to let user lost in without TLS (error 1044)", await closed.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);

        value["port"] = ServerProcess.FreePort();
        var gone = await RotatedDatabase.BeginAsync(server, "gone", value, SingleUser);
        Assert.Null(await gone.StepAsync(RotationStep.CreateSecret));
        Assert.EndsWith($"cannot connect to 127.0.0.1:{value["port"]} within 5 seconds", await gone.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TLS_that_is_demanded_is_used_with_an_authority_that_is_trusted_and_not_without()
    {
        await mariadb.CreateUserAsync("secure", "old-1", "REQUIRE SSL");
        await using var server = await RunningServer.StartAsync();
        var value = Secret("secure", "old-1");
        value["ssl"] = true;

        var untrusting = await RotatedDatabase.BeginAsync(server, "untrusting", value, SingleUser);
        Assert.Null(await untrusting.StepAsync(RotationStep.CreateSecret));
        Assert.EndsWith(
            $"the TLS handshake with 127.0.0.1:{mariadb.Port} failed, or its certificate is not trusted or not for that host",
            await untrusting.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);

        value["host"] = "localhost";
        var otherName = await RotatedDatabase.BeginAsync(server, "other-name", value, SingleUser, Trusting());
        Assert.Null(await otherName.StepAsync(RotationStep.CreateSecret));
        Assert.Contains("is not trusted or not for that host", await otherName.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);

        value["host"] = "127.0.0.1";
        var trusting = await RotatedDatabase.BeginAsync(server, "trusting", value, SingleUser, Trusting());
        await trusting.FinishAsync();
    }

    [Fact]
    public async Task A_server_without_TLS_is_spoken_to_openly_unless_TLS_is_demanded()
    {
        await using var open = new MariaDbServer { OffersTls = false };
        await open.InitializeAsync();
        await open.CreateUserAsync("app", "old-1");
        await using var server = await RunningServer.StartAsync();
        var value = Secret("app", "old-1");
        value["port"] = open.Port;
        value["ssl"] = true;

        var demanding = await RotatedDatabase.BeginAsync(server, "demanding", value, SingleUser);
        Assert.Null(await demanding.StepAsync(RotationStep.CreateSecret));
        Assert.EndsWith($"127.0.0.1:{open.Port} does not offer TLS", await demanding.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);

        value.Remove("ssl");
        var silent = await RotatedDatabase.BeginAsync(server, "silent", value, SingleUser);
        await silent.FinishAsync();
    }

    private Dictionary<string, string> Trusting() => new() { ["TLS_CA_FILE"] = mariadb.AuthorityFile };

    private Task StoreMasterAsync(
        RunningServer server, string engine = "mariadb", string username = MariaDbServer.Administrator, string password = MariaDbServer.AdministratorPassword) =>
        RotatedDatabase.StoreMasterAsync(server, Secret(username, password, engine).ToJsonString(), "true");

    private JsonObject Secret(string username, string password, string engine = "mariadb") => new()
    {
        ["engine"] = engine, ["host"] = "127.0.0.1", ["port"] = mariadb.Port, ["username"] = username, ["password"] = password,
        ["masterarn"] = RotatedDatabase.MasterName,
    };
}
