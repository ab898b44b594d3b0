using Strongroom.Policy;
using static Strongroom.Tests.Policy.Asking;

namespace Strongroom.Tests.Policy;

/// <summary>Source: IAM fact sheet 2.6, row by row.</summary>
public sealed class GlobalKeyTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 10, 0, 0, 500, TimeSpan.Zero);

    private static readonly RequestFacts Facts = new()
    {
        Now = Now, SourceIp = "203.0.113.9", SecureTransport = true, UserAgent = "aws-cli/2", RequestedRegion = "us-east-1",
    };

    private static readonly Dictionary<string, Principal> Callers = new()
    {
        ["root"] = Root(), ["user"] = User(path: "/team/"), ["session"] = Session(), ["federated"] = Federated(), ["service"] = Service(), ["web"] = WebIdentity(),
        ["mfa"] = Session() with { MfaTime = Now.AddSeconds(-90), SourceIdentity = "ann@example.com", FederatedProvider = "arn:aws:iam::111122223333:oidc-provider/x" },
    };

    [Theory]
    [InlineData("user", "aws:CurrentTime", "2026-11-24T10:00:00Z")]
    [InlineData("user", "aws:EpochTime", "1795514400")]
    [InlineData("user", "aws:SecureTransport", "true")]
    [InlineData("user", "aws:SourceIp", "203.0.113.9")]
    [InlineData("user", "aws:UserAgent", "aws-cli/2")]
    [InlineData("user", "aws:referer", "")]
    [InlineData("user", "aws:RequestedRegion", "us-east-1")]
    [InlineData("user", "aws:PrincipalAccount", "111122223333")]
    [InlineData("root", "aws:PrincipalArn", "arn:aws:iam::111122223333:root")]
    [InlineData("user", "aws:PrincipalArn", "arn:aws:iam::111122223333:user/team/ann")]
    [InlineData("session", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/ci/deploy")] // the role, with its path
    [InlineData("federated", "aws:PrincipalArn", "arn:aws:sts::111122223333:federated-user/bob")]
    [InlineData("root", "aws:PrincipalType", "Account")]
    [InlineData("user", "aws:PrincipalType", "User")]
    [InlineData("session", "aws:PrincipalType", "AssumedRole")]
    [InlineData("federated", "aws:PrincipalType", "FederatedUser")]
    [InlineData("root", "aws:userid", "111122223333")]
    [InlineData("user", "aws:userid", "AIDAEXAMPLEEXAMPLE123")]
    [InlineData("session", "aws:userid", "AROAEXAMPLEEXAMPLE123:run-1")]
    [InlineData("federated", "aws:userid", "111122223333:bob")]
    [InlineData("user", "aws:username", "ann")] // without path
    [InlineData("session", "aws:username", "")]
    [InlineData("root", "aws:username", "")]
    [InlineData("user", "aws:PrincipalIsAWSService", "false")]
    [InlineData("service", "aws:PrincipalIsAWSService", "true")]
    [InlineData("user", "aws:PrincipalServiceName", "")]
    [InlineData("service", "aws:PrincipalServiceName", "lambda.amazonaws.com")]
    [InlineData("user", "aws:ResourceAccount", "111122223333")]
    [InlineData("user", "aws:MultiFactorAuthPresent", "")] // absent for long-term keys
    [InlineData("session", "aws:MultiFactorAuthPresent", "false")]
    [InlineData("mfa", "aws:MultiFactorAuthPresent", "true")]
    [InlineData("session", "aws:MultiFactorAuthAge", "")]
    [InlineData("mfa", "aws:MultiFactorAuthAge", "90")]
    [InlineData("user", "aws:TokenIssueTime", "")]
    [InlineData("session", "aws:TokenIssueTime", "2026-11-24T09:00:00Z")]
    [InlineData("session", "aws:SourceIdentity", "")]
    [InlineData("mfa", "aws:SourceIdentity", "ann@example.com")]
    [InlineData("user", "aws:FederatedProvider", "")]
    [InlineData("mfa", "aws:FederatedProvider", "arn:aws:iam::111122223333:oidc-provider/x")]
    [InlineData("user", "aws:ViaAWSService", "false")]
    [InlineData("user", "aws:CalledVia", "")]
    [InlineData("user", "aws:SourceVpc", "")]
    [InlineData("user", "aws:PrincipalOrgID", "")]
    [InlineData("user", "aws:ResourceTag/team", "red")]
    [InlineData("user", "aws:RequestTag/stage", "dev")]
    [InlineData("user", "aws:TagKeys", "stage,owner")]
    [InlineData("user", "svc:Own", "1")]
    [InlineData("user", "svc:Other", "")]
    public void A_key_has_its_value(string caller, string key, string expected)
    {
        var thing = new Thing
        {
            Tags = TagSet.Of([new("Team", "red")]), RequestTags = TagSet.Of([new("stage", "dev"), new("owner", "me")]), Keys = Keys.Of("svc:Own", "1"),
        };

        Assert.Equal(expected, Read(new AccessRequest(Callers[caller], Get, thing, Facts), key));
    }

    [Theory]
    [InlineData("aws:ViaAWSService", "true")]
    [InlineData("aws:CalledVia", "secretsmanager.amazonaws.com")]
    [InlineData("aws:CalledViaFirst", "secretsmanager.amazonaws.com")]
    [InlineData("aws:SourceIp", "")] // the address is not the caller's
    public void A_call_through_a_service(string key, string expected) =>
        Assert.Equal(expected, Read(new AccessRequest(User(), Get, new Thing(), Facts with { ViaService = "secretsmanager.amazonaws.com" }), key));

    [Theory]
    [InlineData("aws:SourceArn", SecretArn)]
    [InlineData("aws:SourceAccount", Home)]
    public void A_service_names_what_it_acts_for(string key, string expected) =>
        Assert.Equal(expected, Read(new AccessRequest(Service(), Get, new Thing(), Facts with { SourceArn = SecretArn, SourceAccount = Home }), key));

    [Fact]
    public void What_a_simulation_was_told_comes_first() =>
        Assert.Equal("eve", Read(new AccessRequest(User(), Get, new Thing(), Facts) { Overrides = Keys.Of("aws:username", "eve") }, "aws:UserName"));

    [Fact]
    public void Session_tags_overlay_those_of_the_role()
    {
        var tags = TagSet.Of([new("team", "red"), new("stage", "dev")]).Overlay(TagSet.Of([new("Team", "blue")]));

        Assert.Equal(("blue", "dev", 2), (tags.Find("TEAM"), tags.Find("stage"), tags.Count));
    }

    private static string Read(AccessRequest request, string key)
    {
        var values = request.Find(new ConditionKey(key));
        return string.Join(',', Enumerable.Range(0, values.Count).Select(i => values[i]));
    }
}
