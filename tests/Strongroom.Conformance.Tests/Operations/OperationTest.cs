using System.Reflection;
using System.Text.RegularExpressions;

namespace Strongroom.Conformance.Tests.Operations;

/// <summary>What the tests of operations share: a server, unique names, and the check that a test called what it claims to test.</summary>
public abstract partial class OperationTest(SharedServer server) : IAsyncDisposable
{
    private readonly HashSet<string> called = new(StringComparer.Ordinal);

    private protected SharedServer Server => server;

    /// <summary>A name no other test uses.</summary>
    private protected string Name { get; } = $"t/{Guid.NewGuid():N}";

    private protected static string NewToken() => Guid.NewGuid().ToString();

    /// <summary>Makes the call that is being tested.</summary>
    private protected async Task<Answer> CallAsync(
        string client, string operation, JsonObject parameters, string region = Answer.DefaultRegion, string service = "secretsmanager")
    {
        called.Add(operation);
        return await server.Client(client).CallAsync(operation, parameters, region, service);
    }

    /// <summary>Notes that a call is made that is being tested.</summary>
    private protected void Calling(string operation) => called.Add(operation);

    /// <summary>Makes a call without an SDK: quick, for arranging and looking.</summary>
    private protected Task<Answer> RawAsync(string operation, JsonObject parameters, string region = Answer.DefaultRegion) =>
        server.Raw.CallAsync(operation, parameters, region);

    /// <summary>Creates <see cref="Name"/> with a string value; returns its ARN and the version's id.</summary>
    private protected async Task<(string Arn, string VersionId)> CreateAsync(string? name = null, string value = "s1", string region = Answer.DefaultRegion)
    {
        var result = (await RawAsync("CreateSecret", new() { ["Name"] = name ?? Name, ["SecretString"] = value, ["ClientRequestToken"] = NewToken() }, region)).Ok;
        return (result.Text("ARN"), result.Text("VersionId"));
    }

    /// <summary>Stores another version; returns its id.</summary>
    private protected async Task<string> PutAsync(string value, params string[] labels)
    {
        var parameters = new JsonObject { ["SecretId"] = Name, ["SecretString"] = value, ["ClientRequestToken"] = NewToken() };
        if (labels.Length > 0)
            parameters["VersionStages"] = Json.Array(labels);
        return (await RawAsync("PutSecretValue", parameters)).Ok.Text("VersionId");
    }

    private protected async Task<JsonObject> DescribeAsync(string? id = null, string region = Answer.DefaultRegion) =>
        (await RawAsync("DescribeSecret", new() { ["SecretId"] = id ?? Name }, region)).Ok;

    private protected async Task<JsonObject> GetAsync(string? id = null, string region = Answer.DefaultRegion) =>
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = id ?? Name }, region)).Ok;

    /// <summary>The labels of each version, ordered, as one line: <c>v1: AWSPREVIOUS; v2: AWSCURRENT</c>.</summary>
    private protected async Task<string> LabelsAsync(params string[] versionIds)
    {
        var versions = (await DescribeAsync())["VersionIdsToStages"]!.AsObject();
        Assert.Equal(versions.Count, versions.Count(v => versionIds.Contains(v.Key)));
        return string.Join("; ", versionIds.Select((id, i) =>
            $"v{i + 1}: {(versions[id] is JsonArray labels ? string.Join(' ', labels.Select(l => l!.GetValue<string>()).Order(StringComparer.Ordinal)) : "-")}"));
    }

    private protected static void IsArnOf(string name, string arn) =>
        Assert.Matches($"^arn:aws:secretsmanager:us-east-1:[0-9]{{12}}:secret:{Regex.Escape(name)}-[A-Za-z0-9]{{6}}$", arn);

    public ValueTask DisposeAsync()
    {
        // A test under an operation's name that never calls it would count for nothing.
        if (TestContext.Current.TestState?.Result == TestResult.Passed
            && TestContext.Current.TestMethod is { } method && method.Traits.TryGetValue("Operation", out var claimed))
            Assert.Superset(claimed.ToHashSet(), called);
        GC.SuppressFinalize(this);
        return default;
    }
}
