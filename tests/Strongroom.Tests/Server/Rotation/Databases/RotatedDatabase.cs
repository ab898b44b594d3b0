using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Server.Rotation.BuiltIn;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>A secret of a <see cref="RunningServer"/> that a built-in rotator rotates, with the steps run one by one.</summary>
internal sealed class RotatedDatabase
{
    /// <summary>Secrets are named by name or ARN, so a name will do for masterarn.</summary>
    public const string MasterName = "master";

    private readonly RunningServer server;
    private readonly string function;
    private readonly BuiltInFunctions functions;

    private RotatedDatabase(RunningServer server, string arn, string function, BuiltInFunctions functions)
    {
        (this.server, this.function, this.functions) = (server, function, functions);
        Arn = arn;
    }

    public string Arn { get; }

    /// <summary>Id of the version that is being made.</summary>
    public string Token { get; private set; } = "";

    /// <summary>What the engine would give to the function with each step.</summary>
    public string RotationToken { get; private set; } = "";

    /// <summary>Stores a secret and begins to rotate it.</summary>
    public static async Task<RotatedDatabase> BeginAsync(
        RunningServer server, string name, JsonObject value, string rotator, IReadOnlyDictionary<string, string>? environment = null, object? more = null)
    {
        var created = await server.CallAsync("CreateSecret", Merge(new { Name = name, ClientRequestToken = Guid.NewGuid(), SecretString = value.ToJsonString() }, more));
        var function = $"arn:aws:lambda:us-east-1:{RunningServer.Account}:function:{rotator}";
        server.Functions.Reachable.Add(function);
        var rotated = new RotatedDatabase(
            server, (string)created["ARN"]!, function, server.Server.BuiltInWith(environment ?? new Dictionary<string, string>()));
        await rotated.BeginAsync();
        return rotated;
    }

    /// <summary>Stores an administrator's secret.</summary>
    /// <param name="tag">Which secrets may use it; null for no tag.</param>
    public static Task StoreMasterAsync(RunningServer server, string value, string? tag) => server.CallAsync("CreateSecret", new
    {
        Name = MasterName, ClientRequestToken = Guid.NewGuid(), SecretString = value,
        Tags = tag is null ? [] : new[] { new { Key = "strongroom:rotation-master", Value = tag } },
    });

    /// <summary>Begins another rotation of the secret.</summary>
    public async Task BeginAsync()
    {
        Token = Guid.NewGuid().ToString();
        await server.CallAsync("RotateSecret", new
        {
            SecretId = Arn, ClientRequestToken = Token, RotationLambdaARN = function, RotationRules = new { AutomaticallyAfterDays = 30 },
        });
        RotationToken = await server.Server.ProofOfRotationAsync(Arn, Token);
    }

    /// <summary>Puts a current value by hand.</summary>
    public Task PutAsync(string value) =>
        server.CallAsync("PutSecretValue", new { SecretId = Arn, ClientRequestToken = Guid.NewGuid(), SecretString = value });

    /// <summary>Makes the new value by hand, as an attempt before would have left it.</summary>
    public Task StageAsync(JsonObject value) => server.CallAsync("PutSecretValue", new
    {
        SecretId = Arn, ClientRequestToken = Token, SecretString = value.ToJsonString(), VersionStages = new[] { "AWSPENDING" }, RotationToken,
    });

    /// <summary>Begins to rotate a secret, and expects that setSecret fails with a text that has this end and no password in it.</summary>
    public static async Task AssertSaysAsync(
        RunningServer server, JsonObject value, string end, string rotator, IReadOnlyDictionary<string, string>? environment = null)
    {
        var secret = await BeginAsync(server, Guid.NewGuid().ToString(), value, rotator, environment);
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));
        var pending = (string)(await secret.ReadAsync("AWSPENDING"))["password"]!;
        var error = await secret.StepAsync(RotationStep.SetSecret);
        Assert.EndsWith(end, error, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", error, StringComparison.Ordinal);
        Assert.DoesNotContain(pending, error, StringComparison.Ordinal);
    }

    /// <summary>Runs a step.</summary>
    /// <returns>Why it failed; null when it succeeded.</returns>
    public async Task<string?> StepAsync(RotationStep step)
    {
        var found = await functions.FindAsync(RunningServer.Account, "us-east-1", Arn, function, CancellationToken.None);
        Assert.NotNull(found);
        return (await found.InvokeAsync(new RotationEvent(step, Arn, Token, RotationToken), CancellationToken.None)).Error;
    }

    /// <summary>Runs all the steps that are left, each of which must succeed.</summary>
    public async Task FinishAsync()
    {
        foreach (var step in Enum.GetValues<RotationStep>())
            Assert.Null(await StepAsync(step));
    }

    public async Task<JsonObject> ReadAsync(string stage) => JsonNode.Parse(await ReadTextAsync(stage))!.AsObject();

    public async Task<string> ReadTextAsync(string stage) =>
        (string)(await server.CallAsync("GetSecretValue", new { SecretId = Arn, VersionStage = stage }))["SecretString"]!;

    private static JsonObject Merge(object one, object? other)
    {
        var merged = System.Text.Json.JsonSerializer.SerializeToNode(one)!.AsObject();
        if (other is not null)
        {
            foreach (var (name, value) in System.Text.Json.JsonSerializer.SerializeToNode(other)!.AsObject())
                merged[name] = value?.DeepClone();
        }

        return merged;
    }
}
