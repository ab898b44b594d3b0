using System.Globalization;
using Strongroom.Server.Iam;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Sts;

/// <summary>Source of the expected texts: IAM fact sheet 5.2, 5.3, 5.6.</summary>
public sealed class AssumeRoleTests : IAsyncLifetime
{
    private const string UserArn = "arn:aws:iam::111122223333:user/app";
    private const string Account = RunningServer.Account;

    private RunningServer server = null!;
    private TestClient app = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.PutAsync(User("app"));
        app = await server.ClientOfAsync("app");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_answer_has_AWSs_members()
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));

        var answer = await AssumeAsync("reader", ("DurationSeconds", "900"));

        Assert.Equal(["Credentials", "AssumedRoleUser"], answer.Elements().Select(e => e.Name.LocalName));
        var credentials = answer.Element("Credentials")!;
        Assert.Equal(["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"], credentials.Elements().Select(e => e.Name.LocalName));
        Assert.Matches("^ASIA[A-Z2-7]{16}$", credentials.Element("AccessKeyId")!.Value);
        Assert.Matches("^[A-Za-z0-9/+]{40}$", credentials.Element("SecretAccessKey")!.Value);
        Assert.Equal("2026-02-03T10:35:30Z", credentials.Element("Expiration")!.Value);
        var user = answer.Element("AssumedRoleUser")!;
        Assert.Equal($"{Role("reader", "").Id}:session", user.Element("AssumedRoleId")!.Value);
        Assert.Equal("arn:aws:sts::111122223333:assumed-role/reader/session", user.Element("Arn")!.Value);
    }

    [Fact]
    public async Task A_session_says_who_it_is()
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));

        var identity = await (await server.AssumeAsync(app, "reader")).StsAsync("GetCallerIdentity");

        Assert.Equal("arn:aws:sts::111122223333:assumed-role/reader/session", identity.Element("Arn")!.Value);
        Assert.Equal($"{Role("reader", "").Id}:session", identity.Element("UserId")!.Value);
        Assert.Equal(Account, identity.Element("Account")!.Value);
    }

    [Fact]
    public async Task Who_is_not_trusted_is_refused_whether_or_not_the_role_exists()
    {
        await server.PutAsync(User("app", Allow("sts:AssumeRole")), Role("closed", Trust("arn:aws:iam::111122223333:user/other")));

        foreach (var arn in new[] { RoleArn("closed"), RoleArn("absent"), RoleArn("absent", "999988887777"), "arn:aws:iam::111122223333:role/closed" })
        {
            Assert.Equal(
                $"User: {UserArn} is not authorized to perform: sts:AssumeRole on resource: {arn}",
                await app.StsFailsAsync("AccessDenied", 403, "AssumeRole", ("RoleArn", arn), ("RoleSessionName", "s2")));
        }

        var record = server.Records()[^1];
        Assert.Equal(("AssumeRole", "AccessDenied"), ((string?)record["eventName"], (string?)record["errorCode"]));
    }

    [Theory]
    [InlineData("role/reader")]
    [InlineData("role/team/READER")]
    [InlineData("role/other/reader")]
    [InlineData("user/team/reader")]
    public async Task An_ARN_names_one_role_letter_for_letter(string resource)
    {
        await server.PutAsync(Role("reader", Trust("*")));

        await app.StsFailsAsync("AccessDenied", 403, "AssumeRole", ("RoleArn", $"arn:aws:iam::111122223333:{resource}"), ("RoleSessionName", "s2"));
    }

    [Fact]
    public async Task A_role_that_trusts_the_account_needs_the_callers_own_permission_too()
    {
        await server.PutAsync(Role("shared", Trust("arn:aws:iam::111122223333:root")));
        await DeniedAsync("shared");

        await server.PutAsync(User("app", Allow("sts:AssumeRole", RoleArn("shared"))));

        await AssumeAsync("shared");
    }

    [Fact]
    public async Task Another_accounts_role_needs_both_sides()
    {
        await server.ChangeAsync(Other, [Role("guest", Trust(Account))], []);
        var arn = RoleArn("guest", Other);
        await app.StsFailsAsync("AccessDenied", 403, "AssumeRole", ("RoleArn", arn), ("RoleSessionName", "s2"));

        await server.PutAsync(User("app", Allow("sts:AssumeRole", arn)));

        var guest = server.ClientOf(await app.StsAsync("AssumeRole", ("RoleArn", arn), ("RoleSessionName", "s2")));
        Assert.Equal(Other, (await guest.StsAsync("GetCallerIdentity")).Element("Account")!.Value);
        await server.ChangeAsync(Other, [Role("guest", Trust("arn:aws:iam::111122223333:user/somebody"))], []);
        await app.StsFailsAsync("AccessDenied", 403, "AssumeRole", ("RoleArn", arn), ("RoleSessionName", "s2"));
    }

    [Fact]
    public async Task The_root_assumes_no_role()
    {
        await server.PutAsync(Role("reader", Trust("*")));

        Assert.Equal(
            "Roles may not be assumed by root accounts.",
            await server.Root.StsFailsAsync("AccessDenied", 403, "AssumeRole", ("RoleArn", RoleArn("reader")), ("RoleSessionName", "s2")));
    }

    [Theory]
    [InlineData("sts:ExternalId", "ExternalId", "agreed", "other")]
    [InlineData("sts:RoleSessionName", "RoleSessionName", "agreed", "other")]
    public async Task A_trust_policy_sees_the_parameters(string key, string parameter, string good, string bad)
    {
        await server.PutAsync(Role("reader", Trust(UserArn, condition: $$$"""{"StringEquals":{"{{{key}}}":"{{{good}}}"}}""")));
        Task<(int Status, string Body)> SendAsync(params (string, string)[] more) =>
            app.SendQueryAsync("sts", "2011-06-15", "AssumeRole", [("RoleArn", RoleArn("reader")), ("RoleSessionName", "s2"), .. more]);

        Assert.Equal(403, (await SendAsync()).Status);
        Assert.Equal(403, (await SendAsync((parameter, bad))).Status);
        Assert.Equal(200, (await SendAsync((parameter, good))).Status);
    }

    [Fact]
    public async Task A_trust_policy_sees_the_tags_of_the_role()
    {
        await server.PutAsync(Role("reader", Trust(UserArn, condition: """{"StringEquals":{"iam:ResourceTag/env":"test","aws:ResourceTag/env":"test"}}""")) with { Tags = [new IamTag("env", "prod")] });
        await DeniedAsync("reader");

        await server.PutAsync(Role("reader", Trust(UserArn, condition: """{"StringEquals":{"iam:ResourceTag/env":"test","aws:ResourceTag/env":"test"}}""")) with { Tags = [new IamTag("env", "test")] });

        await AssumeAsync("reader");
    }

    [Theory]
    [InlineData("RoleArn", "not-an-arn-but-long-enough", "ValidationError", "not-an-arn-but-long-enough is invalid")]
    [InlineData("RoleSessionName", "a b", "ValidationError", @"1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*")]
    [InlineData("DurationSeconds", "899", "ValidationError", "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900")]
    [InlineData("DurationSeconds", "43201", "ValidationError", "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")]
    [InlineData("DurationSeconds", "3601", "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")]
    [InlineData("Policy", "{}", "MalformedPolicyDocument", null)]
    [InlineData("PolicyArns.member.1.arn", "arn:aws:iam::111122223333:policy/absent", "MalformedPolicyDocument", "The policy arn:aws:iam::111122223333:policy/absent does not exist or is not attachable.")]
    public async Task A_bad_parameter_gets_AWSs_error(string name, string value, string code, string? message)
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));
        var parameters = new Dictionary<string, string> { ["RoleArn"] = RoleArn("reader"), ["RoleSessionName"] = "s2", [name] = value };

        var text = await app.StsFailsAsync(code, 400, "AssumeRole", [.. parameters.Select(p => (p.Key, p.Value))]);

        if (message is not null)
            Assert.Equal(message, text);
    }

    [Fact]
    public async Task Several_faults_are_told_together() => Assert.Equal(
        @"2 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; "
        + @"Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
        await app.StsFailsAsync("ValidationError", 400, "AssumeRole", ("RoleArn", "short"), ("RoleSessionName", "a b")));

    [Fact]
    public async Task Tags_need_sts_TagSession()
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));
        Assert.Equal(
            $"User: {UserArn} is not authorized to perform: sts:TagSession on resource: {RoleArn("reader")}",
            await FailAsync("AccessDenied", 403, "reader", ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")));

        await server.PutAsync(Role("reader", Trust(UserArn, "\"sts:AssumeRole\",\"sts:TagSession\"")));

        var answer = await AssumeAsync("reader", ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a"));
        Assert.Equal("1", answer.Element("PackedPolicySize")!.Value);
    }

    [Theory]
    [InlineData("Duplicate tag keys found. Please note that Tag keys are case insensitive.", "team=a Team=b", "")]
    [InlineData("The specified transitive tag key must be included in the requested tags.", "team=a", "other")]
    public async Task Tags_that_contradict_each_other_are_refused(string message, string tags, string transitive)
    {
        await server.PutAsync(Role("reader", Trust(UserArn, "\"sts:*\"")));

        Assert.Equal(message, await FailAsync("InvalidParameterValue", 400, "reader", Tags(tags, transitive)));
    }

    [Fact]
    public async Task Transitive_tags_and_the_source_identity_go_from_role_to_role_and_stay_as_they_are()
    {
        await server.PutAsync(
            Role("first", Trust(UserArn, "\"sts:*\""), Allow("sts:*")),
            Role("second", Trust(RoleArn("first"), "\"sts:*\""), Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/${aws:SourceIdentity}/*"),
                Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/kept}/*")));
        await CreateAsync("red/ann/x", "red/bob/x", "local/x");
        var first = await server.AssumeAsync(app, "first", [.. Tags("team=red kept=local", "team"), ("SourceIdentity", "ann")]);

        var second = await server.AssumeAsync(first, "second");

        await second.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "red/ann/x" });
        await second.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "red/bob/x" }, "AccessDeniedException");
        await second.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "local/x" }, "AccessDeniedException");
        (string, string)[] same = [("RoleArn", RoleArn("second")), ("RoleSessionName", "s2")];
        Assert.Equal(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
            await first.StsFailsAsync("InvalidParameterValue", 400, "AssumeRole", [.. same, .. Tags("TEAM=blue", "TEAM")]));
        await first.StsFailsAsync("AccessDenied", 403, "AssumeRole", [.. same, ("SourceIdentity", "bob")]);
    }

    [Fact]
    public async Task What_is_inherited_needs_the_next_roles_consent()
    {
        await server.PutAsync(
            Role("first", Trust(UserArn, "\"sts:*\""), Allow("sts:*")),
            Role("second", Trust(RoleArn("first"))));
        (string, string)[] second = [("RoleArn", RoleArn("second")), ("RoleSessionName", "s2")];
        var tagged = await server.AssumeAsync(app, "first", Tags("team=red", "team"));
        var named = await server.AssumeAsync(app, "first", ("SourceIdentity", "ann"));
        var plain = await server.AssumeAsync(app, "first");

        Assert.Contains("sts:TagSession", await tagged.StsFailsAsync("AccessDenied", 403, "AssumeRole", second), StringComparison.Ordinal);
        Assert.Contains("sts:SetSourceIdentity", await named.StsFailsAsync("AccessDenied", 403, "AssumeRole", second), StringComparison.Ordinal);
        await plain.StsAsync("AssumeRole", second);
    }

    [Fact]
    public async Task A_chained_session_lasts_an_hour_at_most()
    {
        await server.PutAsync(
            Role("first", Trust(UserArn), Allow("sts:AssumeRole")),
            Role("second", Trust(RoleArn("first"))) with { MaxSessionDuration = 43_200 });
        var first = await server.AssumeAsync(app, "first");

        Assert.Equal(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            await first.StsFailsAsync("ValidationError", 400, "AssumeRole", ("RoleArn", RoleArn("second")), ("RoleSessionName", "s2"), ("DurationSeconds", "3601")));
        await first.StsAsync("AssumeRole", ("RoleArn", RoleArn("second")), ("RoleSessionName", "s2"), ("DurationSeconds", "3600"));
    }

    [Fact]
    public async Task Policies_that_fill_the_token_are_refused_with_their_size()
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));
        string Policy(int size) => $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"{{string.Concat(Enumerable.Repeat("arn:aws:x:::", 1))}}{{new string('a', size)}}"}]}""";

        Assert.Matches(
            "^Packed policy consumes 1[0-9]{2}% of allotted space, please use smaller policy.$",
            await FailAsync("PackedPolicyTooLarge", 400, "reader", ("Policy", Policy(6200))));
        var answer = await AssumeAsync("reader", ("Policy", Policy(3000)));

        Assert.InRange(int.Parse(answer.Element("PackedPolicySize")!.Value, CultureInfo.InvariantCulture), 49, 52);
    }

    [Theory]
    [InlineData("MultiFactorAuthentication failed with invalid MFA one time pass code.", "arn:aws:iam::111122223333:mfa/app", "123456")]
    [InlineData("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.", "arn:aws:iam::111122223333:mfa/app", null)]
    public async Task No_second_factor_is_taken_on_trust(string message, string serial, string? code)
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));

        Assert.Equal(message, await FailAsync("AccessDenied", 403, "reader", [("SerialNumber", serial), .. code is null ? [] : new[] { ("TokenCode", code) }]));
    }

    [Fact]
    public async Task The_record_names_the_role_and_holds_neither_secret_nor_token()
    {
        await server.PutAsync(Role("reader", Trust(UserArn)));

        var answer = await AssumeAsync("reader");

        var record = server.Records()[^1];
        Assert.Equal(("sts.amazonaws.com", "AssumeRole", true), ((string?)record["eventSource"], (string?)record["eventName"], (bool)record["readOnly"]!));
        Assert.Equal("IAMUser", (string?)record["userIdentity"]!["type"]);
        Assert.Equal(RoleArn("reader"), (string?)record["requestParameters"]!["roleArn"]);
        var elements = record["responseElements"]!;
        Assert.Equal(answer.Element("Credentials")!.Element("AccessKeyId")!.Value, (string?)elements["credentials"]!["accessKeyId"]);
        Assert.Equal("Feb 3, 2026, 11:20:30 AM", (string?)elements["credentials"]!["expiration"]);
        Assert.Equal("arn:aws:sts::111122223333:assumed-role/reader/session", (string?)elements["assumedRoleUser"]!["arn"]);
        Assert.Equal(
            $$"""[{"ARN":"{{RoleArn("reader")}}","accountId":"111122223333","type":"AWS::IAM::Role"}]""",
            record["resources"]!.ToJsonString());
        Assert.DoesNotContain(answer.Descendants("SecretAccessKey").Single().Value, record.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(answer.Descendants("SessionToken").Single().Value, record.ToString(), StringComparison.Ordinal);
    }

    private async Task CreateAsync(params string[] names)
    {
        foreach (var name in names)
            await server.CallAsync("CreateSecret", new { Name = name, SecretString = "x", ClientRequestToken = Guid.NewGuid() });
    }

    private Task<System.Xml.Linq.XElement> AssumeAsync(string role, params (string, string)[] more) =>
        app.StsAsync("AssumeRole", [("RoleArn", RoleArn(role)), ("RoleSessionName", "session"), .. more]);

    private Task<string> FailAsync(string code, int status, string role, params (string, string)[] more) =>
        app.StsFailsAsync(code, status, "AssumeRole", [("RoleArn", RoleArn(role)), ("RoleSessionName", "session"), .. more]);

    private Task<string> DeniedAsync(string role) => FailAsync("AccessDenied", 403, role);

    private static (string, string)[] Tags(string tags, string transitive) =>
    [
        .. tags.Split(' ').SelectMany((tag, i) => new[] { ($"Tags.member.{i + 1}.Key", tag.Split('=')[0]), ($"Tags.member.{i + 1}.Value", tag.Split('=')[1]) }),
        .. transitive.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((key, i) => ($"TransitiveTagKeys.member.{i + 1}", key)),
    ];
}
