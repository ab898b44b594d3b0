using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>What a <c>SecretId</c> resolved to: a secret, or nothing, which only a caller allowed on the ARN learns.</summary>
internal sealed record SecretTarget(string Account, string ResourceArn, string? RequestedId, StoredSecret? Secret) : INamedResource
{
    /// <exception cref="ServiceException">ResourceNotFoundException.</exception>
    public StoredSecret Existing => Secret ?? throw SecretsManagerErrors.NotFound();

    /// <summary>The secret for an operation that is refused in the recovery window.</summary>
    public StoredSecret Usable => Existing.PurgeAt is null ? Existing : throw SecretsManagerErrors.MarkedForDeletion();

    /// <summary>The secret for an operation that changes it: not a replica, not marked for deletion.</summary>
    public StoredSecret Changeable
    {
        get
        {
            var secret = Primary;
            return secret.PurgeAt is null ? secret : throw SecretsManagerErrors.MarkedForDeletion();
        }
    }

    /// <summary>The secret for an operation that is refused on a replica.</summary>
    public StoredSecret Primary => Existing.IsReplica() ? throw SecretsManagerErrors.Replica() : Existing;
}

/// <summary>Turns a <c>SecretId</c> (name, full ARN or partial ARN) into a target. Source: API fact sheet 2.3.</summary>
internal sealed class SecretTargets(ISecretStore store)
{
    private const string ResourcePrefix = "secret:";

    public ValueTask<SecretTarget> ResolveAsync(CallContext call, string secretId, CancellationToken ct) =>
        secretId.StartsWith("arn:", StringComparison.Ordinal)
            ? ResolveArnAsync(call, secretId, ct)
            : ResolveNameAsync(call, secretId, ct);

    private async ValueTask<SecretTarget> ResolveNameAsync(CallContext call, string name, CancellationToken ct)
    {
        SecretName.Check(name);
        var secret = await store.FindAsync(call.Caller.Account, call.Region, name, ct);
        var arn = secret?.Arn() ?? SecretArn.Of(call.Caller.Account, call.Region, name);
        return new SecretTarget(call.Caller.Account, arn, name, secret);
    }

    private async ValueTask<SecretTarget> ResolveArnAsync(CallContext call, string text, CancellationToken ct)
    {
        if (Arn.TryParse(text) is not { Service: "secretsmanager" } arn || !arn.Resource.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            throw SecretsManagerErrors.InvalidName();
        var name = arn.Resource[ResourcePrefix.Length..];
        SecretName.Check(name);

        // Another region is another namespace: a secret there is not found from here, as on AWS's regional endpoints.
        if (arn.Region != call.Region || arn.Partition != Arn.PartitionOf(call.Region) || arn.Account != call.Caller.Account)
            return new SecretTarget(arn.Account, text, text, null);

        // A tail that looks like a suffix is one: there is no second look under the longer name, as on AWS.
        var secret = SecretArn.TrySplitSuffix(name, out var bare, out var suffix)
            ? await store.FindAsync(arn.Account, arn.Region, bare, ct) is { } found && found.Suffix == suffix ? found : null
            : await store.FindAsync(arn.Account, arn.Region, name, ct);
        return new SecretTarget(arn.Account, secret?.Arn() ?? text, text, secret);
    }
}

internal static class SecretArn
{
    /// <param name="tail">The name with its suffix, or a name alone.</param>
    public static string Of(string account, string region, string tail) =>
        $"arn:{Protocol.Arn.PartitionOf(region)}:secretsmanager:{region}:{account}:secret:{tail}";

    public static string Arn(this StoredSecret secret) => secret.ArnIn(secret.Region);

    /// <summary>A replica has its primary's ARN with only the region changed. Source: API fact sheet 8.1.</summary>
    public static string ArnIn(this StoredSecret secret, string region) => Of(secret.Account, region, $"{secret.Name}-{secret.Suffix}");

    public static bool IsReplica(this StoredSecret secret) =>
        secret.Document.PrimaryRegion is { } primary && primary != secret.Region;

    public static bool TrySplitSuffix(string tail, out string name, out string suffix)
    {
        var isFull = tail.Length > 7 && tail[^7] == '-' && tail.AsSpan(tail.Length - 6).IndexOfAnyExcept(Alphanumeric) < 0;
        (name, suffix) = isFull ? (tail[..^7], tail[^6..]) : (tail, "");
        return isFull;
    }

    private static readonly System.Buffers.SearchValues<char> Alphanumeric =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
}
