using Strongroom.Crypto;
using Strongroom.Protocol;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>The built-in rotators under the names of AWS's templates: each account has them, in each region, under its own ARNs.</summary>
/// <param name="operations">The operations through which rotators work; asked for when a step runs, because RotateSecret is one of them.</param>
/// <param name="environmentOf">Settings of a rotator by its name; empty for none.</param>
/// <param name="functionFor">The name of the rotator of a type of managed external secrets; null for none.</param>
/// <param name="serverAddress">Where this server is reached; known once it listens.</param>
internal sealed class BuiltInFunctions(
    Func<OperationTable> operations, Func<AuditTrail> audit, Entropy entropy, TimeProvider time, Func<string, IReadOnlyDictionary<string, string>> environmentOf,
    Func<string, string?> functionFor, Func<Uri> serverAddress)
    : IRotationFunctions
{
    private const string FunctionPrefix = "function:";

    public ValueTask<IRotationFunction?> FindAsync(string account, string region, string secretArn, string functionArn, CancellationToken ct) =>
        new(Arn.TryParse(functionArn) is { Service: "lambda" } arn && arn.Account == account && arn.Region == region && arn.Partition == Arn.PartitionOf(region)
            && arn.Resource.StartsWith(FunctionPrefix, StringComparison.Ordinal)
            && arn.Resource[FunctionPrefix.Length..] is var name && BuiltInRotators.All.TryGetValue(name, out var rotator)
            ? new BuiltInFunction(rotator, step => Open(step, account, region, name))
            : null);

    public ValueTask<IRotationFunction?> FindForTypeAsync(string account, string region, string secretArn, string type, CancellationToken ct) =>
        new(functionFor(type) is { } name && BuiltInRotators.All.TryGetValue(name, out var rotator)
            ? new BuiltInFunction(rotator, step => Open(step, account, region, name))
            : null);

    private RotatedSecret Open(RotationEvent step, string account, string region, string name) => new(
        step, ServiceRole.ForRotation(account, step.SecretArn, SecretArn.NameOf(step.SecretArn), name), region, operations(), audit(), entropy, time,
        environmentOf(name), serverAddress);
}
