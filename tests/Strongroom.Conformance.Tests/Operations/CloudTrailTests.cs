namespace Strongroom.Conformance.Tests.Operations;

/// <summary>What the account did, as the SDKs look it up.</summary>
public sealed class CloudTrailTests(SharedServer server) : ScenarioTest(server)
{
    [Theory, Scenario("cloudtrail", "LookupEvents")]
    public async Task Events_are_looked_up_page_by_page(string client)
    {
        var (trail, kms) = (Client(client, "cloudtrail"), Client(client, "kms"));
        var key = (await kms.OkAsync("CreateKey"))["KeyMetadata"]!.AsObject().Text("KeyId");
        await kms.OkAsync("DescribeKey", new { KeyId = key });
        await kms.OkAsync("DisableKey", new { KeyId = key });
        var about = new[] { new { AttributeKey = "ResourceName", AttributeValue = key } };

        var (names, token) = (new List<string>(), (string?)null);
        do
        {
            var page = await trail.OkAsync("LookupEvents", token is null ? new { LookupAttributes = about, MaxResults = 1 } : new { LookupAttributes = about, MaxResults = 1, NextToken = token });
            foreach (var found in page["Events"]!.AsArray().Select(e => e!.AsObject()))
            {
                Assert.Equal(("root", "kms.amazonaws.com"), (found.Text("Username"), found.Text("EventSource")));
                Assert.Equal(found.Text("EventId"), JsonNode.Parse(found.Text("CloudTrailEvent"))!["eventID"]!.GetValue<string>());
                names.Add(found.Text("EventName"));
            }

            token = page["NextToken"]?.GetValue<string>();
        }
        while (token is not null);

        Assert.Equal(["DisableKey", "DescribeKey"], names);
        Assert.Equal(
            "InvalidLookupAttributesException",
            (await trail.CallAsync("LookupEvents", new { LookupAttributes = new[] { about[0], about[0] } })).Code);
    }
}
