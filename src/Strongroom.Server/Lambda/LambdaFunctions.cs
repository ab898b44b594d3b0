using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Functions;
using Strongroom.Server.Rotation;

namespace Strongroom.Server.Lambda;

/// <summary>
/// Stored functions as rotation functions: those whose own policy lets Secrets Manager invoke them for the secret, of the secret's account or another one of
/// this installation.
/// </summary>
/// <param name="secrets">What the words of functions are shown without.</param>
internal sealed class LambdaFunctions(FunctionRegistry registry, StepSecrets secrets, TimeProvider time) : IRotationFunctions
{
    private const string SecretsManager = "secretsmanager.amazonaws.com";
    private const string Prefix = "function:";
    private const string Latest = ":$LATEST";

    public async ValueTask<IRotationFunction?> FindAsync(string account, string region, string secretArn, string functionArn, CancellationToken ct)
    {
        if (!registry.Host.IsOn || Arn.TryParse(functionArn) is not { Service: "lambda" } arn || arn.Region != region || arn.Partition != Arn.PartitionOf(region)
            || !arn.Resource.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var name = arn.Resource[Prefix.Length..];
        if (name.EndsWith(Latest, StringComparison.Ordinal))
            name = name[..^Latest.Length];
        if (await registry.Directories.FindAsync(arn.Account, region, ct) is not { } directory || directory.Find(name) is not { } function)
            return null;
        var target = new LambdaTarget(function.Account, function.Arn, directory, function);
        return Allows(target, account, region, secretArn) ? new StoredFunction(this, target) : null;
    }

    private bool Allows(LambdaTarget target, string account, string region, string sourceArn)
    {
        var facts = new RequestFacts { Now = time.GetUtcNow(), RequestedRegion = region, SourceAccount = account, SourceArn = sourceArn };
        return PolicyEvaluator.Evaluate(new AccessRequest(Principal.Service(SecretsManager), "lambda:InvokeFunction", target, facts), PrincipalPolicies.None).IsAllowed;
    }

    private sealed class StoredFunction(LambdaFunctions functions, LambdaTarget target) : IRotationFunction
    {
        public async Task<StepResult> InvokeAsync(RotationEvent step, CancellationToken ct)
        {
            var payload = step.ToJson();
            try
            {
                return await functions.RunAsync(target.Existing, step, payload, ct);
            }
            catch (ServiceException e)
            {
                return new StepResult(e.Message); // too many at once: the engine tries again
            }
            finally
            {
                System.Security.Cryptography.CryptographicOperations.ZeroMemory(payload);
            }
        }
    }

    private async Task<StepResult> RunAsync(LambdaFunction function, RotationEvent step, byte[] payload, CancellationToken ct)
    {
        using var redaction = await secrets.OpenAsync(step, ct);
        // Its environment may hold passwords; numbers and switches are none worth making every text unreadable.
        foreach (var value in (await registry.Vault.OpenEnvironmentAsync(function, ct)).Values.Where(value => value.Length >= MinRedactedChars))
            redaction.Add(value);
        var result = await registry.Invoker.InvokeAsync(function, payload, redaction, ct);
        return StepAnswer.Read(result.Payload.Span, result.FunctionError is not null, result.Log, redaction);
    }

    private const int MinRedactedChars = 8;
}
