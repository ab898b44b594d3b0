using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.CloudTrail;

/// <summary>Source: CloudTrail model, LookupEvents; IAM fact sheet 8.6.</summary>
public sealed class LookupEventsTests : IAsyncLifetime
{
    private const string Target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents";
    private const string Token = "11111111-1111-4111-8111-111111111111";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task An_event_is_shown_as_CloudTrail_shows_it()
    {
        var arn = (string?)(await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token, SecretString = "never-in-a-record" }))["ARN"];

        var found = Assert.Single(await LookupAsync(new { LookupAttributes = Attribute("EventName", "CreateSecret") }));

        Assert.Equal(
            ["AccessKeyId", "CloudTrailEvent", "EventId", "EventName", "EventSource", "EventTime", "ReadOnly", "Resources", "Username"], found.Select(member => member.Key));
        var record = JsonNode.Parse((string)found["CloudTrailEvent"]!)!.AsObject();
        Assert.Equal(
            ((string?)record["eventID"], "CreateSecret", "secretsmanager.amazonaws.com", "false", "root", RunningServer.AccessKeyId),
            ((string?)found["EventId"], (string?)found["EventName"], (string?)found["EventSource"], (string?)found["ReadOnly"], (string?)found["Username"], (string?)found["AccessKeyId"]));
        Assert.Equal(new DateTimeOffset(2026, 2, 3, 10, 20, 30, TimeSpan.Zero).ToUnixTimeSeconds(), (long)found["EventTime"]!);
        Assert.Equal([arn, "s"], found["Resources"]!.AsArray().Select(r => (string?)r!["ResourceName"]));
        Assert.All(found["Resources"]!.AsArray(), r => Assert.Equal("AWS::SecretsManager::Secret", (string?)r!["ResourceType"]));
        Assert.False(record.ContainsKey("chain"));
        Assert.Equal("s", (string?)record["requestParameters"]!["name"]);
    }

    [Fact]
    public async Task The_lookup_is_recorded_itself_and_its_short_target_is_served_too()
    {
        await LookupAsync(new { LookupAttributes = Attribute("Username", "nobody"), StartTime = 1770000000, MaxResults = 7 });
        await server.Root.JsonAsync("CloudTrail_20131101.LookupEvents");

        var records = server.Records().Where(r => (string?)r["eventName"] == "LookupEvents").ToList();
        Assert.Equal(2, records.Count);
        Assert.Equal(("cloudtrail.amazonaws.com", true), ((string?)records[0]["eventSource"], (bool)records[0]["readOnly"]!));
        Assert.Equal(
            """{"lookupAttributes":[{"attributeKey":"Username","attributeValue":"nobody"}],"startTime":"Feb 2, 2026 2:40:00 AM","maxResults":7}""",
            records[0]["requestParameters"]!.ToJsonString());
        Assert.Equal(2, (await LookupAsync(new { LookupAttributes = Attribute("EventSource", "cloudtrail.amazonaws.com") })).Count);
    }

    [Fact]
    public async Task Without_permission_nothing_is_shown_and_with_it_the_users_own_calls_are()
    {
        await server.PutAsync(Identities.User("reader", Identities.Allow("cloudtrail:LookupEvents")), Identities.User("other", Identities.Allow("cloudtrail:DescribeTrails")));
        var (reader, other) = (await server.ClientOfAsync("reader"), await server.ClientOfAsync("other"));

        var message = await other.JsonFailsAsync(Target, null, "AccessDeniedException");
        Assert.Equal($"User: arn:aws:iam::{RunningServer.Account}:user/other is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action", message);
        await reader.JsonAsync(Target);
        var denied = Assert.Single(await LookupAsync(new { LookupAttributes = Attribute("Username", "other") }));
        Assert.Equal("AccessDenied", (string?)JsonNode.Parse((string)denied["CloudTrailEvent"]!)!["errorCode"]);
        Assert.Single(await LookupAsync(new { LookupAttributes = Attribute("AccessKeyId", reader.AccessKeyId) }));
    }

    [Fact]
    public async Task Only_the_callers_account_and_region_are_shown_and_global_events_in_us_east_1()
    {
        var key = (await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Identities.Other }))["AccessKey"]!;
        var far = new TestClient(server, (string)key["AccessKeyId"]!, (string)key["SecretAccessKey"]!);
        await far.JsonAsync("secretsmanager.ListSecrets");
        await server.CallAsync("ListSecrets", region: "eu-west-1");
        await server.CallAsync("ListSecrets");
        await server.Root.IamAsync("ListUsers");

        var lists = await LookupAsync(new { LookupAttributes = Attribute("EventName", "ListSecrets") });
        Assert.Equal("us-east-1", (string?)JsonNode.Parse((string)Assert.Single(lists)["CloudTrailEvent"]!)!["awsRegion"]);
        Assert.Single(await LookupAsync(new { LookupAttributes = Attribute("EventSource", "iam.amazonaws.com") }));
        Assert.Empty(await LookupAsync(new { LookupAttributes = Attribute("EventSource", "iam.amazonaws.com") }, "eu-west-1"));
        var theirs = (await far.JsonAsync(Target))["Events"]!.AsArray();
        Assert.Equal(["ListSecrets"], theirs.Select(e => (string?)e!["EventName"]));
    }

    [Fact]
    public async Task Times_bound_the_answer_and_both_ends_belong_to_it()
    {
        var first = server.Time.GetUtcNow().ToUnixTimeSeconds();
        for (var n = 0; n < 3; n++)
        {
            await server.CallAsync("GetRandomPassword");
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        async Task<int> CountAsync(object parameters) => (await LookupAsync(parameters)).Count(e => (string?)e["EventName"] == "GetRandomPassword");
        Assert.Equal(2, await CountAsync(new { StartTime = first + 1 }));
        Assert.Equal(1, await CountAsync(new { StartTime = first + 1.5 }));
        Assert.Equal(2, await CountAsync(new { EndTime = first + 1 }));
        Assert.Equal(1, await CountAsync(new { StartTime = first + 1, EndTime = first + 1.5 }));
        server.Time.Advance(TimeSpan.FromDays(90));
        Assert.Equal(0, await CountAsync(new { StartTime = first }));
    }

    [Fact]
    public async Task Pages_follow_each_other_newest_first_while_events_are_added()
    {
        for (var n = 0; n < 5; n++)
            await server.CallAsync("ListSecrets", new { MaxResults = n + 1 });
        var (sizes, token) = (new List<int>(), (string?)null);
        do
        {
            var page = await server.Root.JsonAsync(Target, new { LookupAttributes = Attribute("EventName", "ListSecrets"), MaxResults = 2, NextToken = token });
            sizes.AddRange(page["Events"]!.AsArray().Select(e => (int)JsonNode.Parse((string)e!["CloudTrailEvent"]!)!["requestParameters"]!["maxResults"]!));
            token = (string?)page["NextToken"];
            await server.CallAsync("ListSecrets", new { MaxResults = 99 });
        }
        while (token is not null);

        Assert.Equal([5, 4, 3, 2, 1], sizes);
    }

    [Fact]
    public async Task A_token_is_good_for_its_own_lookup_alone()
    {
        for (var n = 0; n < 3; n++)
            await server.CallAsync("ListSecrets");
        var attribute = Attribute("EventName", "ListSecrets");
        var token = (string)(await server.Root.JsonAsync(Target, new { LookupAttributes = attribute, MaxResults = 1 }))["NextToken"]!;

        await server.Root.JsonAsync(Target, new { LookupAttributes = attribute, NextToken = token });
        const string Refused = "InvalidNextTokenException";
        await server.Root.JsonFailsAsync(Target, new { LookupAttributes = Attribute("EventName", "GetSecretValue"), NextToken = token }, Refused);
        await server.Root.JsonFailsAsync(Target, new { NextToken = token }, Refused);
        await server.Root.JsonFailsAsync(Target, new { LookupAttributes = attribute, StartTime = 1, NextToken = token }, Refused);
        await server.Root.JsonFailsAsync(Target, new { LookupAttributes = attribute, NextToken = token }, Refused, "eu-west-1");
        await server.Root.JsonFailsAsync(Target, new { LookupAttributes = attribute, NextToken = token[..^2] + "AA" }, Refused);
        await server.Root.JsonFailsAsync(Target, new { LookupAttributes = attribute, NextToken = "?" }, Refused);
        var listing = (string)(await server.CallAsync("ListSecretVersionIds", new { SecretId = await ManyVersionsAsync(), MaxResults = 1 }))["NextToken"]!;
        await server.Root.JsonFailsAsync(Target, new { LookupAttributes = attribute, NextToken = listing }, Refused);
    }

    [Theory]
    [InlineData("""{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"a"},{"AttributeKey":"EventName","AttributeValue":"b"}]}""", "InvalidLookupAttributesException")]
    [InlineData("""{"LookupAttributes":[{"AttributeKey":"Nothing","AttributeValue":"a"}]}""", "InvalidLookupAttributesException")]
    [InlineData("""{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":""}]}""", "InvalidLookupAttributesException")]
    [InlineData("""{"LookupAttributes":[{"AttributeKey":"EventName"}]}""", "InvalidLookupAttributesException")]
    [InlineData("""{"StartTime":2,"EndTime":1}""", "InvalidTimeRangeException")]
    [InlineData("""{"StartTime":1e300}""", "InvalidTimeRangeException")]
    [InlineData("""{"EndTime":-1e300}""", "InvalidTimeRangeException")]
    [InlineData("""{"StartTime":"today"}""", "SerializationException")]
    [InlineData("""{"MaxResults":0}""", "InvalidMaxResultsException")]
    [InlineData("""{"MaxResults":51}""", "InvalidMaxResultsException")]
    [InlineData("""{"EventCategory":"management"}""", "InvalidEventCategoryException")]
    public async Task What_is_wrong_has_its_own_error(string body, string code) =>
        await server.Root.JsonFailsAsync(Target, JsonNode.Parse(body), code);

    [Fact]
    public async Task There_are_no_insights()
    {
        await server.CallAsync("ListSecrets");

        Assert.Empty(await LookupAsync(new { EventCategory = "insight" }));
    }

    private async Task<string> ManyVersionsAsync()
    {
        await server.CallAsync("CreateSecret", new { Name = "many", ClientRequestToken = Token, SecretString = "1" });
        await server.CallAsync("PutSecretValue", new { SecretId = "many", ClientRequestToken = Token.Replace('1', '2'), SecretString = "2" });
        return "many";
    }

    private static object[] Attribute(string key, string value) => [new { AttributeKey = key, AttributeValue = value }];

    private async Task<IReadOnlyList<JsonObject>> LookupAsync(object? parameters = null, string region = "us-east-1") =>
        [.. (await server.Root.JsonAsync(Target, parameters, region))["Events"]!.AsArray().Select(e => e!.AsObject())];
}
