using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>Against a stand-in for SQL Server. Source of the statements: API fact sheet 4.9.</summary>
public sealed class SqlServerRotationTests
{
    private const string SingleUser = "SecretsManagerRDSSQLServerRotationSingleUser";
    private const string MultiUser = "SecretsManagerRDSSQLServerRotationMultiUser";

    private static readonly string AllCharacters = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c));

    [Theory]
    [InlineData(false, null, "app")]
    [InlineData(true, "shop", "app")]
    [InlineData(false, "shop", "x]] WITH PASSWORD = 'y'; DROP LOGIN sa; -- '")]
    public async Task A_single_user_changes_its_own_password(bool contained, string? database, string username)
    {
        await using var sql = new SqlServerStandIn { IsContained = contained };
        sql.Passwords[username] = "old-1";
        await using var server = await RunningServer.StartAsync();
        var value = Secret(sql, username, "old-1");
        if (database is not null)
            value["dbname"] = database;
        var secret = await RotatedDatabase.BeginAsync(server, "prod/sql", value, SingleUser);

        await secret.FinishAsync();

        var password = (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!;
        Assert.Equal(password, sql.Passwords[username]);
        Assert.Matches("""^[^/@"'\\]{32}$""", password);
        Assert.Equal(database ?? "master", sql.Database);
        var name = username.Replace("]", "]]", StringComparison.Ordinal);
        Assert.Contains($"ALTER {(contained ? "USER" : "LOGIN")} [{name}] WITH PASSWORD = N'{password}' OLD_PASSWORD = N'old-1'", sql.Batches);
    }

    [Fact]
    public async Task A_password_of_all_characters_works_and_a_step_may_be_repeated()
    {
        await using var sql = new SqlServerStandIn();
        sql.Passwords["app"] = "old'; --";
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "all", Secret(sql, "app", "old'; --"), SingleUser);
        var password = AllCharacters + "'; -- é😀";
        await secret.StageAsync(Secret(sql, "app", password));

        Assert.Null(await secret.StepAsync(RotationStep.SetSecret));
        await secret.FinishAsync();

        Assert.Equal(password, sql.Passwords["app"]);
        Assert.Single(sql.Batches, batch => batch.StartsWith("ALTER", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_logins_take_turns_with_the_rights_of_the_user_in_the_database()
    {
        await using var sql = new SqlServerStandIn { Administrator = "sa" };
        sql.Passwords["app"] = "old-1";
        sql.Passwords["sa"] = "canary-sa";
        sql.Answers.Add(("sid = SUSER_SID(N'app')", [["app_user"]]));
        sql.Answers.Add(("sys.database_role_members", [["ALTER ROLE [readers] ADD MEMBER [app_clone]", "readers"]]));
        sql.Answers.Add(("sys.database_permissions", [["GRANT SELECT ON OBJECT::[dbo].[orders] TO [app_clone]", "SELECT"], ["DENY DELETE TO [app_clone]", "DELETE"]]));
        await using var server = await RunningServer.StartAsync();
        await RotatedDatabase.StoreMasterAsync(server, Secret(sql, "sa", "canary-sa").ToJsonString(), "prod/sql");
        var value = Secret(sql, "app", "old-1");
        value["dbname"] = "shop";
        var secret = await RotatedDatabase.BeginAsync(server, "prod/sql", value, MultiUser);

        await secret.FinishAsync();

        var first = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("app_clone", (string?)first["username"]);
        var password = (string)first["password"]!;
        Assert.Equal(password, sql.Passwords["app_clone"]);
        Assert.Equal("old-1", sql.Passwords["app"]);
        Assert.Equal(
            [
                $"CREATE LOGIN [app_clone] WITH PASSWORD = N'{password}-unfinished'", "CREATE USER [app_clone] FOR LOGIN [app_clone]",
                "ALTER ROLE [readers] ADD MEMBER [app_clone]", "GRANT SELECT ON OBJECT::[dbo].[orders] TO [app_clone]", "DENY DELETE TO [app_clone]",
                $"ALTER LOGIN [app_clone] WITH PASSWORD = N'{password}'",
            ],
            sql.Batches.Where(batch => !batch.StartsWith("SELECT", StringComparison.Ordinal) && !batch.StartsWith("DECLARE", StringComparison.Ordinal)));
        Assert.Contains(sql.Batches, batch => batch.StartsWith("DECLARE @original sysname = N'app_user', @clone sysname = N'app_clone';", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("master", false, "sys.server_permissions", "GRANT VIEW SERVER STATE TO [app_clone]")]
    [InlineData("shop", true, "sys.database_permissions", "GRANT SELECT TO [app_clone]")]
    public async Task In_master_the_rights_of_the_server_are_copied_and_in_a_contained_database_those_of_the_user(string database, bool contained, string table, string grant)
    {
        await using var sql = new SqlServerStandIn { Administrator = "sa", IsContained = contained };
        sql.Passwords["app"] = "old-1";
        sql.Passwords["sa"] = "canary-sa";
        sql.Answers.Add((table, [[grant, "what"]]));
        await using var server = await RunningServer.StartAsync();
        await RotatedDatabase.StoreMasterAsync(server, Secret(sql, "sa", "canary-sa").ToJsonString(), "true");
        var value = Secret(sql, "app", "old-1");
        value["dbname"] = database;
        var secret = await RotatedDatabase.BeginAsync(server, "prod/sql", value, MultiUser);

        await secret.FinishAsync();

        Assert.Contains(grant, sql.Batches);
        Assert.DoesNotContain(sql.Batches, batch => batch.Contains("FOR LOGIN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_right_that_can_not_be_copied_stops_the_rotation_before_the_clone_can_log_in()
    {
        await using var sql = new SqlServerStandIn { Administrator = "sa" };
        sql.Passwords["app"] = "old-1";
        sql.Passwords["sa"] = "canary-sa";
        sql.Answers.Add(("sys.server_permissions", [[null, "CONNECT on ENDPOINT"]]));
        await using var server = await RunningServer.StartAsync();
        await RotatedDatabase.StoreMasterAsync(server, Secret(sql, "sa", "canary-sa").ToJsonString(), "true");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/sql", Secret(sql, "app", "old-1"), MultiUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.EndsWith("has a right at 127.0.0.1:" + sql.Port + " of a kind that can't be copied: CONNECT on ENDPOINT", await secret.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
        Assert.NotEqual((string?)(await secret.ReadAsync("AWSPENDING"))["password"], sql.Passwords["app_clone"]);
    }

    [Fact]
    public async Task What_goes_wrong_is_told_in_words_of_ours()
    {
        await using var sql = new SqlServerStandIn();
        sql.Passwords["app"] = "old-1";
        sql.Passwords["weak"] = "canary-weak";
        await using var server = await RunningServer.StartAsync();
        await RotatedDatabase.StoreMasterAsync(server, Secret(sql, "weak", "canary-weak").ToJsonString(), "true");

        await AssertSaysAsync(server, Secret(sql, "app", "canary-wrong"), $"127.0.0.1:{sql.Port} refused the login of user app (error 18456)");
        var gone = Secret(sql, "app", "old-1");
        gone["port"] = ServerProcess.FreePort();
        await AssertSaysAsync(server, gone, $"cannot connect to 127.0.0.1:{gone["port"]} within 5 seconds");
        var demanding = Secret(sql, "app", "old-1");
        demanding["ssl"] = true;
        await AssertSaysAsync(server, demanding, $"127.0.0.1:{sql.Port} does not offer TLS");
        await AssertSaysAsync(
            server, Secret(sql, "app", "old-1"), $"user weak lacks the permission to make or change user app_clone at 127.0.0.1:{sql.Port} (error 15247)", rotator: MultiUser);
    }

    [Fact]
    public async Task TLS_is_used_with_an_authority_that_is_trusted_and_not_without()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("127.0.0.1");
        await using var sql = new SqlServerStandIn(certificate, demandsTls: true);
        sql.Passwords["app"] = "old-1";
        await using var server = await RunningServer.StartAsync();
        var value = Secret(sql, "app", "old-1");
        await AssertSaysAsync(server, value, $"127.0.0.1:{sql.Port} refused to speak without TLS (encryption is demanded)");
        value["ssl"] = true;
        await AssertSaysAsync(server, value, "or its certificate is not trusted or not for that host");

        var trusted = new Dictionary<string, string> { ["TLS_CA_FILE"] = authority.AuthorityFile };
        value["host"] = "localhost";
        await AssertSaysAsync(server, value, "or its certificate is not trusted or not for that host", trusted);

        value["host"] = "127.0.0.1";
        value.Remove("ssl");
        var secret = await RotatedDatabase.BeginAsync(server, "trusting", value, SingleUser, trusted);
        await secret.FinishAsync();
    }

    private static Task AssertSaysAsync(
        RunningServer server, JsonObject value, string end, IReadOnlyDictionary<string, string>? environment = null, string rotator = SingleUser) =>
        RotatedDatabase.AssertSaysAsync(server, value, end, rotator, environment);

    private static JsonObject Secret(SqlServerStandIn sql, string username, string password) => new()
    {
        ["engine"] = "sqlserver", ["host"] = "127.0.0.1", ["port"] = sql.Port, ["username"] = username, ["password"] = password, ["ssl"] = false,
        ["masterarn"] = RotatedDatabase.MasterName,
    };
}
