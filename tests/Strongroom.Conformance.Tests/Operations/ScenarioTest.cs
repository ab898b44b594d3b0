using System.Text.Json;

namespace Strongroom.Conformance.Tests.Operations;

/// <summary>What the tests of IAM, STS and KMS share.</summary>
public abstract class ScenarioTest(SharedServer server) : OperationTest(server)
{
    private protected const string ReadPolicy =
        """{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""";

    private protected const string ReadOnlyAccess = "arn:aws:iam::aws:policy/ReadOnlyAccess";

    /// <summary>Part of names that no other test uses.</summary>
    private protected string Unique { get; } = Guid.NewGuid().ToString("N")[..12];

    private protected Service Client(string client, string service, JsonObject? credentials = null) => new(
        credentials is null ? Server.Client(client) : Server.Client(client, credentials), service, Calling);

    private protected async Task<string> AccountAsync(string client) => (await Client(client, "sts").OkAsync("GetCallerIdentity")).Text("Account");

    private protected static string TrustOf(string principal, string action = "sts:AssumeRole") =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{{principal}},"Action":"{{action}}"}]}""";

    /// <summary>A policy document of IAM, which boto3 has decoded and other SDKs leave percent-encoded.</summary>
    private protected static void IsDocument(string expected, JsonNode? answered)
    {
        var document = answered is JsonValue text ? JsonNode.Parse(Uri.UnescapeDataString(text.GetValue<string>())) : answered;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), document), document?.ToJsonString());
    }

    private protected static string[] Texts(JsonNode? list, string member) => [.. list!.AsArray().Select(item => item!.AsObject().Text(member))];

    private protected static string[] Tagged(JsonNode? list) => [.. list!.AsArray().Select(t => $"{t!.AsObject().Text("Key")}={t.AsObject().Text("Value")}")];

    private protected static DateTimeOffset Time(JsonObject answer, string member) =>
        DateTimeOffset.Parse(answer.Text(member), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>One service as one caller calls it with one SDK. Parameters are anonymous objects with AWS's names.</summary>
    private protected sealed class Service(IClient client, string service, Action<string> calling)
    {
        public async Task<JsonObject> OkAsync(string operation, object? parameters = null) => (await CallAsync(operation, parameters)).Ok;

        public async Task<Answer> CallAsync(string operation, object? parameters = null)
        {
            calling(operation);
            return await client.CallAsync(operation, parameters is null ? [] : JsonSerializer.SerializeToNode(parameters)!.AsObject(), service: service);
        }

        public async Task FailsAsync(string operation, object? parameters, string code, string message) =>
            (await CallAsync(operation, parameters)).Fails(code, message);

        /// <summary>Walks through pages of so many items.</summary>
        /// <returns>All items, in the order in which they came.</returns>
        public async Task<List<JsonNode>> PagesAsync(string operation, string list, int size, object? parameters = null)
        {
            var (limit, next, more) = service == "kms" ? ("Limit", "NextMarker", "Truncated") : ("MaxItems", "Marker", "IsTruncated");
            var request = parameters is null ? [] : JsonSerializer.SerializeToNode(parameters)!.AsObject();
            request[limit] = size;
            var all = new List<JsonNode>();
            while (true)
            {
                var page = await OkAsync(operation, request);
                Assert.InRange(page[list]!.AsArray().Count, 0, size);
                all.AddRange(page[list]!.AsArray().Select(item => item!.DeepClone()));
                Assert.Equal(page[more]!.GetValue<bool>(), page[next] is not null);
                if (!page[more]!.GetValue<bool>())
                    return all;
                request["Marker"] = page.Text(next);
            }
        }
    }
}
