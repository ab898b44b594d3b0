using System.Text.Json;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>A built-in rotator as a function: the checks and the finish that AWS's templates have in common. Source: API fact sheet 4.2, 4.8.</summary>
/// <param name="open">Makes what the rotator works on, for one step.</param>
internal sealed class BuiltInFunction(IRotator rotator, Func<RotationEvent, RotatedSecret> open) : IRotationFunction
{
    public async Task<StepResult> InvokeAsync(RotationEvent step, CancellationToken ct)
    {
        try
        {
            await RunAsync(step.Step, open(step), ct);
            return StepResult.Succeeded;
        }
        catch (RotationException failure)
        {
            return new StepResult(failure.Message);
        }
#pragma warning disable CA1031 // Whatever a driver throws fails the step and nothing else. Its message may quote what it was given.
        catch (Exception failure) when (failure is not OperationCanceledException || !ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new StepResult($"{failure.GetType().Name} in {step.Step.Name()}.");
        }
    }

    private async Task RunAsync(RotationStep step, RotatedSecret secret, CancellationToken ct)
    {
        var stages = await ReadStagesAsync(secret, ct);
        if (!stages.TryGetValue(secret.Token, out var labels))
            throw new RotationException($"Secret version {secret.Token} has no stage for rotation of secret {secret.Arn}.");
        if (labels.Contains(StagingLabels.Current))
            return; // done by an earlier attempt
        if (!labels.Contains(StagingLabels.Pending))
            throw new RotationException($"Secret version {secret.Token} not set as AWSPENDING for rotation of secret {secret.Arn}.");

        await (step switch
        {
            RotationStep.CreateSecret => rotator.CreateSecretAsync(secret, ct),
            RotationStep.SetSecret => rotator.SetSecretAsync(secret, ct),
            RotationStep.TestSecret => rotator.TestSecretAsync(secret, ct),
            _ => secret.MakeCurrentAsync(stages.FirstOrDefault(version => version.Value.Contains(StagingLabels.Current)).Key, ct),
        });
    }

    private static async Task<Dictionary<string, HashSet<string>>> ReadStagesAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var description = await secret.DescribeAsync(ct);
        if (!description.RootElement.TryGetProperty("RotationEnabled", out var enabled) || !enabled.GetBoolean())
            throw new RotationException($"Secret {secret.Arn} is not enabled for rotation.");
        return description.RootElement.TryGetProperty("VersionIdsToStages", out var versions)
            ? versions.EnumerateObject().ToDictionary(
                version => version.Name, version => version.Value.EnumerateArray().Select(label => label.GetString()!).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal)
            : [];
    }
}
