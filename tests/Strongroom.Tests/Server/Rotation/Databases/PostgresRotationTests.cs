using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>Against a real PostgreSQL. Source: API fact sheet 4.8, 4.9.</summary>
public sealed class PostgresRotationTests(PostgresServer postgres) : IClassFixture<PostgresServer>
{
    private const string SingleUser = "SecretsManagerRDSPostgreSQLRotationSingleUser";

    // Every printable character of ASCII, once each.
    private static readonly string AllCharacters = string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c));

    [Fact]
    public async Task A_single_user_gets_a_new_password_and_loses_the_old_one()
    {
        await postgres.CreateUserAsync("app", "old-1");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("app", "old-1"), SingleUser);

        await secret.FinishAsync();

        var current = await secret.ReadAsync("AWSCURRENT");
        var password = (string)current["password"]!;
        Assert.True(await postgres.AcceptsAsync("app", password));
        Assert.False(await postgres.AcceptsAsync("app", "old-1"));
        Assert.Equal("old-1", (string?)(await secret.ReadAsync("AWSPREVIOUS"))["password"]);
        Assert.Equal(32, password.Length);
        Assert.Equal(-1, password.AsSpan().IndexOfAny(""":/@"'\"""));
        Assert.All(server.Records(), record => Assert.DoesNotContain(password, record.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_new_value_differs_from_the_old_one_in_nothing_but_the_password()
    {
        await postgres.CreateUserAsync("careful", "old-1");
        await using var server = await RunningServer.StartAsync();
        var text = $$"""{ "team": {"password":"mine","n":1.50}, "port":"{{postgres.Port}}", "password":"old-1" ,"engine":"postgres","é":[1, 2],"host":"127.0.0.1","username":"careful"}""";
        var secret = await RotatedDatabase.BeginAsync(server, "careful", Secret("careful", "old-1"), SingleUser);
        await secret.PutAsync(text);
        await secret.BeginAsync();

        await secret.FinishAsync();

        var after = await secret.ReadTextAsync("AWSCURRENT");
        var password = JsonNode.Parse(after)!["password"]!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Assert.Equal(text.Replace("\"old-1\"", password, StringComparison.Ordinal), after);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("Mixed Case")]
    [InlineData("x\" SUPERUSER; --")]
    [InlineData("'; DROP ROLE administrator; --")]
    [InlineData("$1 @name :name %I %L")]
    [InlineData("back\\slash'")]
    [InlineData("")]
    public async Task No_name_and_no_password_is_taken_for_a_part_of_a_statement(string name)
    {
        // The last stands for all characters in one name; PostgreSQL cuts names at 63 bytes.
        foreach (var username in name.Length > 0 ? [name] : new[] { AllCharacters[..48], AllCharacters[48..] })
        {
            await postgres.CreateUserAsync(username, "old-1");
            await using var server = await RunningServer.StartAsync();
            var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret(username, "old-1"), SingleUser);
            var password = AllCharacters + "'; ALTER ROLE administrator PASSWORD 'x'; -- \\' E'" + username;
            await secret.StageAsync(Secret(username, password));

            await secret.FinishAsync();

            Assert.True(await postgres.AcceptsAsync(username, password));
            Assert.False((bool)(await postgres.ExecuteAsync(username, password, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))!);
        }
    }

    [Fact]
    public async Task A_rotation_cut_short_at_any_point_is_finished_by_running_it_again()
    {
        await postgres.CreateUserAsync("again", "old-1");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "again", Secret("again", "old-1"), SingleUser);

        foreach (var step in Enum.GetValues<RotationStep>())
        {
            // Each step twice: whoever ran it was killed before that was noted. And from the start, as a retry does.
            Assert.Null(await secret.StepAsync(step));
            var pending = step == RotationStep.FinishSecret ? null : await secret.ReadTextAsync("AWSPENDING");
            foreach (var repeated in Enum.GetValues<RotationStep>().Where(s => s <= step))
                Assert.Null(await secret.StepAsync(repeated));
            if (pending is not null)
                Assert.Equal(pending, await secret.ReadTextAsync("AWSPENDING"));
        }

        Assert.True(await postgres.AcceptsAsync("again", (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!));
    }

    [Fact]
    public async Task A_current_password_that_does_not_work_is_replaced_with_the_help_of_the_previous_one()
    {
        await postgres.CreateUserAsync("behind", "really");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "behind", Secret("behind", "really"), SingleUser);
        await secret.PutAsync(Secret("behind", "never told the database").ToJsonString());
        await secret.BeginAsync();

        await secret.FinishAsync();

        Assert.True(await postgres.AcceptsAsync("behind", (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!));
    }

    [Fact]
    public async Task Without_a_password_that_works_nothing_is_changed_and_it_says_who_refused()
    {
        await postgres.CreateUserAsync("lost", "unknown");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "lost", Secret("lost", "canary-wrong"), SingleUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        var error = await secret.StepAsync(RotationStep.SetSecret);

        Assert.Equal(
            $"Unable to log into database with previous, current, or pending secret of secret arn {secret.Arn}: "
            + $"127.0.0.1:{postgres.Port} refused the login of user lost (SQLSTATE 28P01)", error);
        Assert.StartsWith($"Unable to log into database with pending secret of secret ARN {secret.Arn}", await secret.StepAsync(RotationStep.TestSecret), StringComparison.Ordinal);
        Assert.True(await postgres.AcceptsAsync("lost", "unknown"));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_told_by_its_address()
    {
        await using var server = await RunningServer.StartAsync();
        var value = Secret("app", "canary-wrong");
        value["port"] = ServerProcess.FreePort();
        var secret = await RotatedDatabase.BeginAsync(server, "gone", value, SingleUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        var error = await secret.StepAsync(RotationStep.SetSecret);

        Assert.EndsWith($"cannot connect to 127.0.0.1:{value["port"]} within 5 seconds", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("username", "other", "Attempting to modify user other other than current user app2")]
    [InlineData("host", "localhost", "Attempting to modify user for host localhost other than current host 127.0.0.1")]
    public async Task A_pending_value_for_another_user_or_host_is_not_brought_about(string member, string value, string message)
    {
        if (!await postgres.AcceptsAsync("app2", "old-1"))
            await postgres.CreateUserAsync("app2", "old-1");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("app2", "old-1"), SingleUser);
        var pending = Secret("app2", "new-1");
        pending[member] = value;
        await secret.StageAsync(pending);

        Assert.Equal(message, await secret.StepAsync(RotationStep.SetSecret));
        Assert.True(await postgres.AcceptsAsync("app2", "old-1"));
    }

    [Theory]
    [InlineData("""{"engine":"mysql","host":"127.0.0.1","username":"a","password":"canary"}""", "Database engine must be set to one of 'postgres', 'aurora-postgresql' in order to use this rotation lambda")]
    [InlineData("""{"host":"127.0.0.1","username":"a","password":"canary"}""", "engine key is missing from secret JSON")]
    [InlineData("""{"engine":"postgres","username":"a","password":"canary"}""", "host key is missing from secret JSON")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","password":"canary"}""", "username key is missing from secret JSON")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a"}""", "password key is missing from secret JSON")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a","password":7}""", "password in the secret JSON is not a string")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a","password":"canary","port":"no"}""", "port in the secret JSON is not a port")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a","password":"canary","port":65536}""", "port in the secret JSON is not a port")]
    [InlineData("""{"engine":"postgres","host":"/var/run/postgresql","username":"a","password":"canary"}""", "host in the secret JSON is neither a host name nor an address")]
    [InlineData("""{"engine":"postgres","host":"a,b","username":"a","password":"canary"}""", "host in the secret JSON is neither a host name nor an address")]
    [InlineData("""{"engine":"postgres","host":"a;Database=b","username":"a","password":"canary"}""", "host in the secret JSON is neither a host name nor an address")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a\u0000b","password":"canary"}""", "username or dbname in the secret JSON holds a control character")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a","password":"canary","dbname":"a\u001b[2J"}""", "username or dbname in the secret JSON holds a control character")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a","password":"\ud800canary"}""", "The value of the secret is not valid Unicode.")]
    [InlineData("""{"engine":"postgres","host":"127.0.0.1","username":"a","password":"canary\n"}""", "password in the secret JSON holds a NUL or a line break")]
    [InlineData("canary", "The value of the secret is not a JSON object.")]
    [InlineData("[\"canary\"]", "The value of the secret is not a JSON object.")]
    [InlineData("""{"engine":"postgres"} canary""", "The value of the secret is not a JSON object.")]
    public async Task A_value_that_is_no_secret_of_this_kind_is_refused_and_not_quoted(string text, string message)
    {
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "prod/db", Secret("a", "b"), SingleUser);
        await secret.PutAsync(text);
        await secret.BeginAsync();

        Assert.Equal(message, await secret.StepAsync(RotationStep.CreateSecret));
    }

    [Fact]
    public async Task Passwords_are_shaped_by_the_settings_of_the_rotator()
    {
        await postgres.CreateUserAsync("shaped", "old-1");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "shaped", Secret("shaped", "old-1"), SingleUser, new Dictionary<string, string>
        {
            ["EXCLUDE_CHARACTERS"] = "abcdefghijklmABCDEFGHIJKLM01234", ["PASSWORD_LENGTH"] = "100", ["EXCLUDE_PUNCTUATION"] = "yes",
        });

        await secret.FinishAsync();

        Assert.Matches("^[n-zN-Z5-9]{100}$", (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!);
    }

    [Fact]
    public async Task A_user_who_may_not_change_the_password_is_told_so()
    {
        // Not even a superuser lets a role out of a transaction that is read-only: stands for what the server refuses for reasons of its own.
        await postgres.CreateUserAsync("readonly", "old-1");
        await postgres.ExecuteAsync("ALTER ROLE readonly SET default_transaction_read_only = on");
        await using var server = await RunningServer.StartAsync();
        var secret = await RotatedDatabase.BeginAsync(server, "readonly", Secret("readonly", "old-1"), SingleUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.Equal(
            $"The database could not be changed or tested: 127.0.0.1:{postgres.Port} refused to change the password of user readonly (SQLSTATE 25006)",
            await secret.StepAsync(RotationStep.SetSecret));
        Assert.True(await postgres.AcceptsAsync("readonly", "old-1"));
    }

    [Fact]
    public async Task TLS_that_is_demanded_is_used_with_an_authority_that_is_trusted_and_not_without()
    {
        await postgres.CreateUserAsync(PostgresServer.UserWithTls, "old-1");
        await using var server = await RunningServer.StartAsync();
        var value = Secret(PostgresServer.UserWithTls, "old-1");
        value["ssl"] = "True";
        var untrusting = await RotatedDatabase.BeginAsync(server, "untrusting", value, SingleUser);
        Assert.Null(await untrusting.StepAsync(RotationStep.CreateSecret));
        Assert.EndsWith(
            $"the TLS handshake with 127.0.0.1:{postgres.Port} failed, or its certificate is not trusted or not for that host",
            await untrusting.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
        Assert.True(await postgres.AcceptsAsync(PostgresServer.UserWithTls, "old-1"));

        var otherName = await RotatedDatabase.BeginAsync(server, "other-name", With(value, "host", "localhost"), SingleUser, Trusting());
        Assert.Null(await otherName.StepAsync(RotationStep.CreateSecret));
        Assert.Contains("is not trusted or not for that host", await otherName.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);

        var trusting = await RotatedDatabase.BeginAsync(server, "trusting", value, SingleUser, Trusting());
        await trusting.FinishAsync();
    }

    [Fact]
    public async Task Without_a_word_about_TLS_the_open_line_is_tried_when_TLS_fails_and_with_one_it_is_not()
    {
        await postgres.CreateUserAsync(PostgresServer.UserWithoutTls, "old-1");
        await using var server = await RunningServer.StartAsync();
        var value = Secret(PostgresServer.UserWithoutTls, "old-1");

        var demanding = await RotatedDatabase.BeginAsync(server, "demanding", With(value, "ssl", true), SingleUser, Trusting());
        Assert.Null(await demanding.StepAsync(RotationStep.CreateSecret));
        Assert.Contains($"let user {PostgresServer.UserWithoutTls} in with TLS (SQLSTATE 28000)", await demanding.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);

        var silent = await RotatedDatabase.BeginAsync(server, "silent", value, SingleUser, Trusting());
        await silent.FinishAsync();

        var open = await RotatedDatabase.BeginAsync(server, "open", With(await silent.ReadAsync("AWSCURRENT"), "ssl", false), SingleUser, Trusting());
        await open.FinishAsync();
    }

    private Dictionary<string, string> Trusting() => new() { ["TLS_CA_FILE"] = postgres.AuthorityFile };

    private static JsonObject With(JsonObject value, string member, JsonNode other)
    {
        var changed = value.DeepClone().AsObject();
        changed[member] = other;
        return changed;
    }

    private JsonObject Secret(string username, string password) => new()
    {
        ["engine"] = "postgres", ["host"] = "127.0.0.1", ["port"] = postgres.Port, ["username"] = username, ["password"] = password,
    };
}
