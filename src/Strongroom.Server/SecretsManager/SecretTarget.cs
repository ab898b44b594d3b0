using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>What a <c>SecretId</c> resolved to: a secret, or nothing, which only a caller allowed on the ARN learns.</summary>
internal sealed record SecretTarget(string Account, string ResourceArn, string? RequestedId, StoredSecret? Secret) : INamedResource, IConditionKeys
{
    /// <summary>The condition keys that stand for parameters of the request; null when the operation has none of its own.</summary>
    public IConditionKeys? RequestKeys { get; init; }

    /// <summary>ARN of the KMS key that the request names for the secret; null when it names none that can be told. A Deny of other keys holds then.</summary>
    public string? KmsKeyArn { get; init; }

    /// <summary>The tags in the request, for operations that take some.</summary>
    public TagSet? RequestTags { get; init; }

    /// <summary>Whether the secret is about to be made: then there is no <c>SecretId</c>, and its tags are those in the request.</summary>
    public bool IsCreation { get; init; }

    public TagSet Tags => IsCreation ? RequestTags ?? TagSet.Empty : SecretTags.ToTagSet(Secret?.Document.Tags);

    public CompiledPolicy? ResourcePolicy => IsCreation || Secret?.Document.ResourcePolicy is not { } text
        ? null
        : CompiledPolicies.Resource(text, PolicyKind.Resource, Secret.Document.PolicyPrincipals);

    public IConditionKeys ServiceKeys => this;

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

    /// <summary>Whether a policy on this secret would keep the caller from ever undoing it. Source: API fact sheet 7.</summary>
    public bool IsLockedOutBy(CallContext call, PolicyDocument policy) => PolicyLockout.LocksOut(
        new AccessRequest(call.Caller.Principal, "secretsmanager:PutResourcePolicy", this, call.Facts), call.Caller.Policies,
        CompiledPolicy.Compile(policy), PolicyLockout.SecretActions);

    /// <summary>Refuses a change of tags after which the caller could not make it any more: policies may depend on tags.</summary>
    /// <remarks>Source: Secrets Manager API Reference, TagResource: a change that would lose the caller its permissions is blocked.</remarks>
    /// <exception cref="ServiceException">AccessDenied.</exception>
    public void CheckLockOut(CallContext call, string action, StoredSecret after) => AccessDenied.Demand(call, action, this with { Secret = after });

    /// <remarks>Source: IAM fact sheet 4.1: a key is there only if the request or the secret has what it stands for; nothing is filled in.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        // As the caller wrote it, name or ARN.
        "secretsmanager:secretid" => IsCreation ? null : RequestedId,
        "secretsmanager:kmskeyarn" => KmsKeyArn,
        "secretsmanager:secretprimaryregion" => IsCreation ? null : Secret?.Document.PrimaryRegion,
        "secretsmanager:resource/allowrotationlambdaarn" => IsCreation ? null : Secret?.Document.Rotation?.LambdaArn,
        "secretsmanager:resource/type" => IsCreation ? null : Secret?.Document.Type,
        var name when name.StartsWith("secretsmanager:resourcetag/", StringComparison.Ordinal) => Tags.Find(key.Tag),
        _ => RequestKeys?.Find(key) ?? default,
    };
}

/// <summary>Turns a <c>SecretId</c> (name, full ARN or partial ARN) into a target. Source: API fact sheet 2.3.</summary>
internal sealed class SecretTargets(ISecretStore store)
{
    private const string ResourcePrefix = "secret:";

    public ValueTask<SecretTarget> ResolveAsync(CallContext call, string secretId, CancellationToken ct) =>
        ResolveAsync(call, secretId, keys: null, tags: null, ct);

    /// <param name="keys">The request's own condition keys.</param>
    /// <param name="tags">The tags in the request, if it takes some.</param>
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, string secretId, IConditionKeys? keys, TagSet? tags, CancellationToken ct) =>
        secretId.StartsWith("arn:", StringComparison.Ordinal)
            ? ResolveArnAsync(call, secretId, keys, tags, ct)
            : ResolveNameAsync(call, secretId, keys, tags, ct);

    private async ValueTask<SecretTarget> ResolveNameAsync(CallContext call, string name, IConditionKeys? keys, TagSet? tags, CancellationToken ct)
    {
        SecretName.Check(name);
        var secret = await store.FindAsync(call.Caller.Account, call.Region, name, ct);
        var arn = secret?.Arn() ?? SecretArn.Of(call.Caller.Account, call.Region, name);
        return new SecretTarget(call.Caller.Account, arn, name, secret) { RequestKeys = keys, RequestTags = tags };
    }

    private async ValueTask<SecretTarget> ResolveArnAsync(CallContext call, string text, IConditionKeys? keys, TagSet? tags, CancellationToken ct)
    {
        if (Arn.TryParse(text) is not { Service: "secretsmanager" } arn || !arn.Resource.StartsWith(ResourcePrefix, StringComparison.Ordinal))
            throw SecretsManagerErrors.InvalidName();
        var name = arn.Resource[ResourcePrefix.Length..];
        SecretName.Check(name);

        // Another region is another namespace: a secret there is not found from here, as on AWS's regional endpoints.
        if (arn.Region != call.Region || arn.Partition != Arn.PartitionOf(call.Region))
            return new SecretTarget(arn.Account, text, text, null) { RequestKeys = keys, RequestTags = tags };

        // A tail that looks like a suffix is one: there is no second look under the longer name, as on AWS.
        var secret = SecretArn.TrySplitSuffix(name, out var bare, out var suffix)
            ? await store.FindAsync(arn.Account, arn.Region, bare, ct) is { } found && found.Suffix == suffix ? found : null
            : await store.FindAsync(arn.Account, arn.Region, name, ct);
        return new SecretTarget(arn.Account, secret?.Arn() ?? text, text, secret) { RequestKeys = keys, RequestTags = tags };
    }
}

internal static class SecretArn
{
    /// <param name="tail">The name with its suffix, or a name alone.</param>
    public static string Of(string account, string region, string tail) =>
        $"arn:{Protocol.Arn.PartitionOf(region)}:secretsmanager:{region}:{account}:secret:{tail}";

    public static string Arn(this StoredSecret secret) => secret.ArnIn(secret.Region);

    /// <summary>A replica has its primary's ARN with only the region changed. Source: API fact sheet 8.1.</summary>
    public static string ArnIn(this StoredSecret secret, string region) =>
        $"arn:{Protocol.Arn.PartitionOf(region)}:secretsmanager:{region}:{secret.Account}:secret:{secret.Name}-{secret.Suffix}";

    /// <summary>The secret's name in an ARN, with or without the suffix.</summary>
    public static string NameOf(string arn)
    {
        TrySplitSuffix(arn.Split(':', 7)[^1], out var name, out _);
        return name;
    }

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
