using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, RotateKeyOnDemand; IAM fact sheet 7.5.</summary>
internal sealed class RotateKeyOnDemand(KmsTargets targets, KeyDirectory keys, Keyring keyring) : IOperation<KeyIdRequest, KmsTarget, KeyIdResponse>
{
    private const int MaxOnDemand = 25;

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, KeyIdRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public async ValueTask<Plan<KeyIdResponse>> PlanAsync(CallContext call, Authorized<KeyIdRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var target = authorized.Target;
        var key = target.Usable;
        if (key.Versions.Count(version => version.Type == KeyRotation.OnDemand) >= MaxOnDemand)
            throw KmsErrors.LimitExceeded(
                $"The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: {key.Arn}");
        var (rotated, made) = await KeyRotation.RotateAsync(keys, keyring, key, KeyRotation.OnDemand, call.Now, ct);
        return new Plan<KeyIdResponse>(new KeyIdResponse(key.EntryName, key.Arn), target.Directory.Change([rotated])) { Keys = [made] };
    }
}

/// <summary>How a key gets new material. What was encrypted before stays with the old one. Source: IAM fact sheet 7.6.</summary>
internal static class KeyRotation
{
    public const string OnDemand = "ON_DEMAND";
    public const string Automatic = "AUTOMATIC";

    /// <returns>The changed key and its new material, to be committed together: nothing encrypts with the material before.</returns>
    public static async ValueTask<(KmsKey Key, WrappedKey Material)> RotateAsync(
        KeyDirectory keys, Keyring keyring, KmsKey key, string type, DateTimeOffset now, CancellationToken ct)
    {
        var made = keyring.PrepareVersion(await keys.LatestAsync(key, ct), now);
        return (key with { Versions = [.. key.Versions, new KmsKeyVersion(made.Version, now.ToUnixTimeMilliseconds(), type)] }, made);
    }
}
