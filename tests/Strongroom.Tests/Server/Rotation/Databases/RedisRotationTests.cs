using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Server.Rotation.BuiltIn.Databases;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>Against a real Redis.</summary>
public sealed class RedisRotationTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private const string SingleUser = "StrongroomRedisRotationSingleUser";
    private const string MultiUser = "StrongroomRedisRotationMultiUser";

    private static readonly string AllCharacters = string.Concat(Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c));

    [Fact]
    public async Task A_user_gets_a_new_password_from_the_master_and_the_last_one_stays_valid_until_the_next_rotation()
    {
        await redis.AskAsync("ACL", "SETUSER", "app", "on", ">old-1", "~app:*", "+get", "+set");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "prod/redis", Secret("app", "old-1"), SingleUser);

        await secret.FinishAsync();

        var first = (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!;
        Assert.Matches("""^[^/@"'\\]{32}$""", first);
        Assert.True(await redis.AcceptsAsync("app", first));
        Assert.True(await redis.AcceptsAsync("app", "old-1"));
        Assert.Contains("user app on ", await File.ReadAllTextAsync(redis.UsersFile, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await secret.BeginAsync();
        await secret.FinishAsync();

        Assert.True(await redis.AcceptsAsync("app", (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!));
        Assert.True(await redis.AcceptsAsync("app", first));
        Assert.False(await redis.AcceptsAsync("app", "old-1"));
        await using var asApp = await redis.LogInAsync("app", first);
        Assert.Null(await asApp.AskAsync(TestContext.Current.CancellationToken, "GET", "app:unset"));
        Assert.Equal("NOPERM", (await Assert.ThrowsAsync<RedisException>(() => asApp.AskAsync(TestContext.Current.CancellationToken, "GET", "other"))).Code);
    }

    [Fact]
    public async Task The_master_changes_no_user_whose_password_the_secret_does_not_have()
    {
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "greedy", Secret(RedisServer.Administrator, "canary-guess"), SingleUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.EndsWith($"refused the login of user {RedisServer.Administrator} (WRONGPASS)", await secret.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
        Assert.True(await redis.AcceptsAsync(RedisServer.Administrator, RedisServer.AdministratorPassword));
        Assert.False(await redis.AcceptsAsync(RedisServer.Administrator, (string)(await secret.ReadAsync("AWSPENDING"))["password"]!));
    }

    [Fact]
    public async Task A_user_who_may_changes_its_own_password()
    {
        await redis.AskAsync("ACL", "SETUSER", "own", "on", ">old-1", "+acl|setuser", "+acl|save");
        await using var server = await RunningServer.StartAsync();
        var value = Secret("own", "old-1");
        value.Remove("masterarn");
        var secret = await RotatedDatabase.BeginAsync(server, "own", value, SingleUser);

        await secret.FinishAsync();

        Assert.True(await redis.AcceptsAsync("own", (string)(await secret.ReadAsync("AWSCURRENT"))["password"]!));
    }

    [Theory]
    [InlineData("+acl|setuser")]
    [InlineData("+acl|save")]
    public async Task A_user_who_may_not_is_told_so_and_nothing_has_changed(string right)
    {
        await redis.AskAsync("ACL", "SETUSER", "mayNot", "reset", "on", ">old-1", right);
        await using var server = await RunningServer.StartAsync();
        var value = Secret("mayNot", "old-1");
        value.Remove("masterarn");
        var secret = await RotatedDatabase.BeginAsync(server, "own", value, SingleUser);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.Equal(
            $"The database could not be changed or tested: user mayNot lacks the permission to change the password of user mayNot at 127.0.0.1:{redis.Port} (NOPERM)",
            await secret.StepAsync(RotationStep.SetSecret));
        Assert.False(await redis.AcceptsAsync("mayNot", (string)(await secret.ReadAsync("AWSPENDING"))["password"]!));
    }

    [Fact]
    public async Task Names_and_passwords_of_all_characters_are_arguments_and_nothing_else()
    {
        var username = AllCharacters + ">nopass+@all";
        await redis.AskAsync("ACL", "SETUSER", username, "on", ">old-1", "~a", "+get");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var password = AllCharacters + " +@all ~* nopass é😀";
        var single = await RotatedDatabase.BeginAsync(server, "single", Secret(username, "old-1"), SingleUser);
        await single.StageAsync(Secret(username, password));

        await single.FinishAsync();

        Assert.True(await redis.AcceptsAsync(username, password));
        var multi = await RotatedDatabase.BeginAsync(server, "multi", Secret(username, password), MultiUser);
        await multi.StageAsync(Secret(username + "_clone", password));
        await multi.FinishAsync();
        Assert.True(await redis.AcceptsAsync(username + "_clone", password));
        await using var asClone = await redis.LogInAsync(username + "_clone", password);
        Assert.Equal("NOPERM", (await Assert.ThrowsAsync<RedisException>(() => asClone.AskAsync(TestContext.Current.CancellationToken, "SET", "a", "b"))).Code);
    }

    [Fact]
    public async Task Two_users_take_turns_with_the_same_rights_and_the_last_one_goes_on_working()
    {
        await redis.AskAsync("ACL", "SETUSER", "turn", "on", ">old-1", "~app:*", "%R~shared:*", "&news", "-@all", "+get", "+set", "+publish", "(~extra:* +del)");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "turn");
        var secret = await RotatedDatabase.BeginAsync(server, "turn", Secret("turn", "old-1"), MultiUser);

        await secret.FinishAsync();

        var first = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("turn_clone", (string?)first["username"]);
        Assert.True(await redis.AcceptsAsync("turn", "old-1"));
        Assert.False(await redis.AcceptsAsync("turn_clone", "old-1"));
        Assert.Equal(await RightsOfAsync("turn"), await RightsOfAsync("turn_clone"));
        await using (var asClone = await redis.LogInAsync("turn_clone", (string)first["password"]!))
        {
            var ct = TestContext.Current.CancellationToken;
            Assert.Equal("OK", await asClone.AskAsync(ct, "SET", "app:x", "1"));
            Assert.Equal(0L, await asClone.AskAsync(ct, "DEL", "extra:x"));
            Assert.Equal(0L, await asClone.AskAsync(ct, "PUBLISH", "news", "x"));
            foreach (var denied in (string[][])[["SET", "shared:x", "1"], ["DEL", "app:x"], ["PUBLISH", "other", "x"], ["PING"]])
                Assert.Equal("NOPERM", (await Assert.ThrowsAsync<RedisException>(() => asClone.AskAsync(ct, denied))).Code);
        }

        await secret.BeginAsync();
        await secret.FinishAsync();

        var second = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal("turn", (string?)second["username"]);
        Assert.True(await redis.AcceptsAsync("turn", (string)second["password"]!));
        Assert.False(await redis.AcceptsAsync("turn", "old-1"));
        Assert.True(await redis.AcceptsAsync("turn_clone", (string)first["password"]!));
    }

    [Fact]
    public async Task A_rotation_cut_short_at_any_point_is_finished_by_running_it_again()
    {
        await redis.AskAsync("ACL", "SETUSER", "again", "on", ">old-1", "+@all");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        foreach (var rotator in (string[])[SingleUser, MultiUser])
        {
            var secret = await RotatedDatabase.BeginAsync(server, rotator, Secret("again", "old-1"), rotator);
            foreach (var step in Enum.GetValues<RotationStep>())
            {
                foreach (var repeated in Enum.GetValues<RotationStep>().Where(s => s <= step))
                    Assert.Null(await secret.StepAsync(repeated));
            }

            var current = await secret.ReadAsync("AWSCURRENT");
            Assert.True(await redis.AcceptsAsync((string)current["username"]!, (string)current["password"]!));
        }
    }

    [Theory]
    [InlineData(SingleUser, null)]
    [InlineData(SingleUser, "another")]
    [InlineData(MultiUser, null)]
    public async Task A_master_secret_is_used_for_the_secrets_alone_that_its_tag_names(string rotator, string? tag)
    {
        await redis.AskAsync("ACL", "SETUSER", "tagged", "reset", "on", ">old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, tag);
        var secret = await RotatedDatabase.BeginAsync(server, "tagged", Secret("tagged", "old-1"), rotator);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.Contains("AccessDeniedException", await secret.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_login_an_absent_server_and_TLS_that_is_not_trusted_are_told_apart()
    {
        await redis.AskAsync("ACL", "SETUSER", "lost", "on", ">unknown");
        await using var server = await RunningServer.StartAsync();
        await AssertSaysAsync(server, With(Secret("lost", "canary-wrong"), "masterarn", null), $"127.0.0.1:{redis.Port} refused the login of user lost (WRONGPASS)");
        await AssertSaysAsync(
            server, With(With(Secret("lost", "unknown"), "masterarn", null), "port", ServerProcess.FreePort()), "within 5 seconds");
        var secured = With(With(With(Secret("lost", "unknown"), "masterarn", null), "port", redis.TlsPort), "ssl", true);
        await AssertSaysAsync(server, secured, "or its certificate is not trusted or not for that host");
        await AssertSaysAsync(server, With(secured, "port", redis.Port), $"the TLS handshake with 127.0.0.1:{redis.Port} failed, or its certificate is not trusted or not for that host");

        var trusted = new Dictionary<string, string> { ["TLS_CA_FILE"] = redis.AuthorityFile };
        await AssertSaysAsync(server, With(secured, "host", "localhost"), "or its certificate is not trusted or not for that host", trusted);
        await redis.AskAsync("ACL", "SETUSER", "lost", "+@all");
        var secret = await RotatedDatabase.BeginAsync(server, "trusting", secured, SingleUser, trusted);
        await secret.FinishAsync();
    }

    [Fact]
    public async Task Without_a_word_about_TLS_the_open_line_is_tried_when_TLS_fails()
    {
        await redis.AskAsync("ACL", "SETUSER", "silent", "on", ">old-1");
        await using var server = await RunningServer.StartAsync();
        await StoreMasterAsync(server, "true");
        var secret = await RotatedDatabase.BeginAsync(server, "silent", With(Secret("silent", "old-1"), "ssl", null), SingleUser);

        await secret.FinishAsync();
    }

    private static Task AssertSaysAsync(
        RunningServer server, JsonObject value, string end, IReadOnlyDictionary<string, string>? environment = null) =>
        RotatedDatabase.AssertSaysAsync(server, value, end, SingleUser, environment);

    private async Task<string> RightsOfAsync(string username)
    {
        var fields = Assert.IsType<List<object?>>(await redis.AskAsync("ACL", "GETUSER", username));
        return string.Join('\n', fields.Chunk(2).Where(field => field[0] is not ("passwords" or "flags")).Select(field => $"{field[0]} {Flat(field[1])}"));
    }

    private static string Flat(object? value) => value is List<object?> items ? $"[{string.Join(",", items.Select(Flat))}]" : $"{value}";

    private Task StoreMasterAsync(RunningServer server, string? tag) =>
        RotatedDatabase.StoreMasterAsync(server, Secret(RedisServer.Administrator, RedisServer.AdministratorPassword).ToJsonString(), tag);

    private static JsonObject With(JsonObject value, string member, JsonNode? other)
    {
        var changed = value.DeepClone().AsObject();
        if (other is null)
            changed.Remove(member);
        else
            changed[member] = other;
        return changed;
    }

    private JsonObject Secret(string username, string password) => new()
    {
        ["engine"] = "redis", ["host"] = "127.0.0.1", ["port"] = redis.Port, ["username"] = username, ["password"] = password,
        ["ssl"] = false, ["masterarn"] = RotatedDatabase.MasterName,
    };
}
