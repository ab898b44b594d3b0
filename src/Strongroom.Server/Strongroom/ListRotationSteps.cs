using System.Globalization;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

internal sealed class ListRotationStepsRequest
{
    public string? SecretId { get; private set; }

    /// <summary>Whether what the functions wrote is shown too, which needs a permission of its own; false when absent.</summary>
    public bool? IncludeOutput { get; private set; }

    public long? MaxResults { get; private set; }

    /// <summary>The id of the last step shown.</summary>
    public string? NextToken { get; private set; }

    public static Shape<ListRotationStepsRequest> Shape { get; } = new(
        Member.String<ListRotationStepsRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Bool<ListRotationStepsRequest>("IncludeOutput", r => r.IncludeOutput, (r, v) => r.IncludeOutput = v),
        Member.Long<ListRotationStepsRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 200),
        Member.String<ListRotationStepsRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, Constraint.Matching(1, 18, "[0-9]+")));
}

/// <summary>How far the rotation of a secret has come, and what its steps came to, the newest first.</summary>
internal sealed record ListRotationStepsResponse(StoredSecret Secret, IReadOnlyList<(RotationStepRecord Step, string? Output)> Steps, string? NextToken) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        var rotation = Secret.Document.Rotation;
        writer.WriteString("ARN"u8, Secret.Arn());
        if (rotation?.DueAt is { } due)
            writer.WriteDate("DueDate"u8, due);
        writer.WriteString("Name"u8, Secret.Name);
        writer.WriteOptional("NextToken"u8, NextToken);
        if (rotation?.Run is { } run)
        {
            writer.WriteStartObject("Rotation"u8);
            writer.WriteNumber("Attempt"u8, run.Attempt);
            if (run.AwaitedReaders is { } readers)
                writer.WriteNumber("AwaitedReaders"u8, readers);
            writer.WriteDate("StartedDate"u8, run.StartedAt);
            writer.WriteString("State"u8, run.AwaitedReaders is not null ? "HELD"u8 : run.IsWaiting ? "WAITING"u8 : "RUNNING"u8);
            writer.WriteString("Step"u8, (run.IsTest ? RotationStep.TestSecret : (RotationStep)run.StepsDone).Name());
            writer.WriteBoolean("Test"u8, run.IsTest);
            writer.WriteString("VersionId"u8, run.Token);
            writer.WriteEndObject();
        }

        writer.WriteStartArray("Steps"u8);
        foreach (var (step, output) in Steps)
            Write(writer, step, output);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, RotationStepRecord step, string? output)
    {
        writer.WriteStartObject();
        writer.WriteNumber("Attempt"u8, step.Attempt);
        writer.WriteNumber("DurationMilliseconds"u8, (long)step.Duration.TotalMilliseconds);
        writer.WriteOptional("Error"u8, step.Error);
        writer.WriteString("Id"u8, step.Id.ToString(CultureInfo.InvariantCulture));
        writer.WriteOptional("Output"u8, output);
        writer.WriteDate("StartedDate"u8, step.StartedAt);
        writer.WriteString("Step"u8, step.Step);
        writer.WriteBoolean("Test"u8, step.IsTest);
        writer.WriteString("VersionId"u8, step.VersionId);
        writer.WriteEndObject();
    }
}

internal sealed class ListRotationSteps(SecretTargets targets, IRotationStore store, Keyring keyring)
    : IOperation<ListRotationStepsRequest, SecretTarget, ListRotationStepsResponse>
{
    private const int DefaultResults = 100;

    public ValueTask<SecretTarget> ResolveAsync(CallContext call, ListRotationStepsRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<ListRotationStepsResponse>> PlanAsync(
        CallContext call, Authorized<ListRotationStepsRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var withOutput = request.IncludeOutput ?? false;
        if (withOutput)
            AccessDenied.Demand(call, "strongroom:GetRotationOutput", target);
        var secret = target.Existing;
        var size = (int)(request.MaxResults ?? DefaultResults);
        var before = request.NextToken is { } token ? long.Parse(token, CultureInfo.InvariantCulture) : long.MaxValue;
        var found = await store.ListRotationStepsAsync(secret.Id, before, size + 1, withOutput, ct);
        var shown = found.Take(size).Select(step => (step, step.Output is { } sealedText ? RotationOutput.Open(keyring, secret, sealedText) : null)).ToList();
        return new ListRotationStepsResponse(secret, shown, found.Count > size ? shown[^1].step.Id.ToString(CultureInfo.InvariantCulture) : null);
    }
}
