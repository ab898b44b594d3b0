using Strongroom.Server.Quotas;
using Strongroom.Tests.Server.Kms;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Quotas;

/// <summary>Request rates, as callers meet them.</summary>
public sealed class RateLimitTests
{
    private const string Get = "secretsmanager.GetSecretValue";
    private static readonly object Id = new { SecretId = "db" };

    [Fact]
    public async Task Without_the_setting_nobody_is_throttled()
    {
        await using var server = await StartAsync();

        for (var i = 0; i < 200; i++)
            await server.CallAsync("GetSecretValue", Id);
    }

    [Fact]
    public async Task An_account_that_calls_too_often_is_throttled_until_its_bucket_fills_again()
    {
        await using var server = await StartAsync("GetSecretValue=2/s");

        await server.CallAsync("GetSecretValue", Id);
        await server.CallAsync("GetSecretValue", Id);
        Assert.Equal("Rate exceeded", await server.FailAsync("GetSecretValue", Id, "ThrottlingException"));
        await server.CallAsync("DescribeSecret", Id);
        server.Time.Advance(TimeSpan.FromMilliseconds(500));
        await server.CallAsync("GetSecretValue", Id);
        await server.FailAsync("GetSecretValue", Id, "ThrottlingException");
    }

    [Fact]
    public async Task A_throttled_call_leaves_a_record()
    {
        await using var server = await StartAsync("GetSecretValue=1/s");
        await server.CallAsync("GetSecretValue", Id);
        await server.FailAsync("GetSecretValue", Id, "ThrottlingException");

        var record = server.Records().Last(r => (string?)r["eventName"] == "GetSecretValue");
        Assert.Equal(("ThrottlingException", "Rate exceeded"), ((string?)record["errorCode"], (string?)record["errorMessage"]));
        Assert.Equal("arn:aws:iam::111122223333:root", (string?)record["userIdentity"]!["arn"]);
    }

    [Theory]
    [InlineData("*=1/h")]
    [InlineData("principal:*=1/h")]
    [InlineData("sts:AssumeRoleWithWebIdentity=1/h")]
    public async Task A_call_that_nobody_signs_is_for_no_rule(string rule)
    {
        await using var server = await StartAsync(rule);

        for (var i = 0; i < 3; i++)
        {
            await server.Root.StsFailsAsync(
                "InvalidIdentityToken", 400, "AssumeRoleWithWebIdentity",
                ("RoleArn", "arn:aws:iam::111122223333:role/x"), ("RoleSessionName", "web"), ("WebIdentityToken", "no token of anybody's"));
        }
    }

    [Fact]
    public async Task A_principal_that_is_throttled_leaves_the_accounts_rate_to_the_others()
    {
        await using var server = await StartAsync("principal:GetSecretValue=1/h:2", "GetSecretValue=1/h:3");
        var (ann, ben) = (await server.NewUserAsync("ann", Allow("*")), await server.NewUserAsync("ben", Allow("*")));

        await ann.JsonAsync(Get, Id);
        await ann.JsonAsync(Get, Id);
        for (var i = 0; i < 5; i++)
            await ann.JsonFailsAsync(Get, Id, "ThrottlingException");
        await ben.JsonAsync(Get, Id);
        await ben.JsonFailsAsync(Get, Id, "ThrottlingException"); // the account's three are used up
    }

    [Fact]
    public async Task All_keys_of_a_user_and_all_sessions_of_a_role_share_their_rate()
    {
        await using var server = await StartAsync("principal:GetSecretValue=1/h:2");
        await server.PutAsync(User("ann", Allow("*")), Role("reader", Trust("arn:aws:iam::111122223333:user/ann"), Allow("*")));
        var (first, second) = (await server.ClientOfAsync("ann"), await server.ClientOfAsync("ann"));

        await first.JsonAsync(Get, Id);
        await second.JsonAsync(Get, Id);
        await first.JsonFailsAsync(Get, Id, "ThrottlingException");
        for (var i = 0; i < 2; i++)
            await (await server.AssumeAsync(first, "reader")).JsonAsync(Get, Id);
        await (await server.AssumeAsync(second, "reader")).JsonFailsAsync(Get, Id, "ThrottlingException");
    }

    [Fact]
    public async Task A_rule_for_one_principal_takes_the_place_of_the_one_for_all()
    {
        await using var server = await StartAsync("principal:GetSecretValue=1/h:1", "principal:GetSecretValue@arn:aws:iam::111122223333:user/ann=1/h:3");
        var (ann, ben) = (await server.NewUserAsync("ann", Allow("*")), await server.NewUserAsync("ben", Allow("*")));

        for (var i = 0; i < 3; i++)
            await ann.JsonAsync(Get, Id);
        await ann.JsonFailsAsync(Get, Id, "ThrottlingException");
        await ben.JsonAsync(Get, Id);
        await ben.JsonFailsAsync(Get, Id, "ThrottlingException");
    }

    [Fact]
    public async Task Operations_named_together_share_a_bucket()
    {
        await using var server = await StartAsync("GetSecretValue+DescribeSecret=1/h:2", "kms:*=1/h:1");

        await server.CallAsync("GetSecretValue", Id);
        await server.CallAsync("DescribeSecret", Id);
        await server.FailAsync("GetSecretValue", Id, "ThrottlingException");
        await server.CallAsync("ListSecrets");
        await server.Root.KmsAsync("ListKeys");
        // Source: KMS Developer Guide, "Throttling AWS KMS requests".
        Assert.Equal(
            "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.",
            await server.Root.KmsFailsAsync("ListAliases", new { }, "ThrottlingException"));
    }

    [Fact]
    public async Task The_Query_protocol_has_another_code()
    {
        await using var server = await StartAsync("sts:GetCallerIdentity=1/h:1");

        await server.Root.StsAsync("GetCallerIdentity");
        Assert.Equal("Rate exceeded", await server.Root.StsFailsAsync("Throttling", 400, "GetCallerIdentity"));
    }

    [Fact]
    public async Task AWSs_rates_are_there_by_name_and_can_be_changed_one_by_one()
    {
        await using var server = await StartAsync("aws", "GetRandomPassword=1/h:1");

        await server.CallAsync("GetRandomPassword");
        await server.FailAsync("GetRandomPassword", new { }, "ThrottlingException");
        for (var i = 0; i < 50; i++)
            await server.CallAsync("ListSecretVersionIds", Id);
        await server.FailAsync("ListSecretVersionIds", Id, "ThrottlingException");
    }

    [Fact]
    public async Task A_refused_signature_takes_nothing_from_whom_it_claims_to_be()
    {
        await using var server = await StartAsync("GetSecretValue=1/h:1");

        for (var i = 0; i < 3; i++)
            Assert.Contains("InvalidSignatureException", (await server.SendAsync("GetSecretValue", """{"SecretId":"db"}""", secretKey: "wrong")).Body, StringComparison.Ordinal);
        await server.CallAsync("GetSecretValue", Id);
    }

    [Fact]
    public async Task Who_is_idle_is_forgotten()
    {
        await using var server = await StartAsync("principal:GetSecretValue=1/min:2");
        var ann = await server.NewUserAsync("ann", Allow("*"));
        await ann.JsonAsync(Get, Id);
        await ann.JsonAsync(Get, Id);

        await server.Server.Limiter.SweepAsync(CancellationToken.None);
        Assert.Equal(1, server.Server.Limiter.ConsumerCount); // the root, whose buckets are full, is gone
        await ann.JsonFailsAsync(Get, Id, "ThrottlingException");
        server.Time.Advance(TimeSpan.FromMinutes(2));
        await server.Server.Limiter.SweepAsync(CancellationToken.None);
        Assert.Equal(0, server.Server.Limiter.ConsumerCount);
        await ann.JsonAsync(Get, Id);
        await ann.JsonAsync(Get, Id);
        await ann.JsonFailsAsync(Get, Id, "ThrottlingException");
    }

    [Fact]
    public async Task Who_fails_to_authenticate_too_often_is_refused_before_the_signature_is_looked_at()
    {
        await using var server = await RunningServer.StartAsync(configure: o => o with { Limits = o.Limits with { AuthenticationFailures = new Rate(1, 3) } });

        for (var i = 0; i < 3; i++)
            Assert.Contains("InvalidSignatureException", (await server.SendAsync("ListSecrets", "{}", secretKey: "wrong")).Body, StringComparison.Ordinal);
        Assert.Equal((400, """{"__type":"ThrottlingException","message":"Rate exceeded"}"""), await server.SendAsync("ListSecrets", "{}", secretKey: "wrong"));
        await server.FailAsync("ListSecrets", new { }, "ThrottlingException"); // the right one too: this is what brute force meets
        await server.Root.StsFailsAsync("Throttling", 400, "GetCallerIdentity");
        server.Time.Advance(TimeSpan.FromSeconds(1));
        await server.CallAsync("ListSecrets");
        Assert.Equal(3, server.Records().Count(r => (string?)r["errorCode"] == "InvalidSignatureException"));
    }

    private static async Task<RunningServer> StartAsync(params string[] rules)
    {
        var server = await RunningServer.StartAsync(configure: o => o with { Limits = o.Limits with { Rates = RateRule.ParseAll(rules) } });
        await server.CallAsync("CreateSecret", new { Name = "db", ClientRequestToken = Guid.NewGuid().ToString(), SecretString = "x" });
        return server;
    }
}
