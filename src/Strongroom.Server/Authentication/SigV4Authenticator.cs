using System.Collections.Concurrent;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;

namespace Strongroom.Server.Authentication;

/// <summary>What came of authenticating a request: a caller, or why there is none.</summary>
internal readonly record struct Authentication(Caller? Caller, SigV4Authorization Claims, SigV4Failure Failure);

/// <summary>Turns a signed request into a <see cref="Caller"/>. Throws nothing on account of a request. Source: IAM fact sheet, section 1.</summary>
internal sealed class SigV4Authenticator(IamDirectories directories, Keyring keyring, KeyDirectory keys, SigningKeyCache signingKeys)
{
    // Enough for every key in use; beyond it a key costs one read of the store a request.
    private const int MaxKnownKeys = 10_000;

    private readonly ConcurrentDictionary<string, KnownKey> known = new(StringComparer.Ordinal);

    public async ValueTask<Authentication> AuthenticateAsync(
        string method, string rawTarget, KestrelHeaders headers, ReadOnlyMemory<byte> body, SigV4Options options, DateTimeOffset now, CancellationToken ct)
    {
        if (!SigV4Parser.TryParse(new SignedRequest<KestrelHeaders>(method, rawTarget, headers), options, now, out var claims, out var failure))
            return new Authentication(null, claims, failure);

        // Sessions come with the identity issue; until then a request with a token is nobody's.
        var key = claims is { TokenFitsAccessKey: true, SessionToken: null } ? await FindAsync(claims.AccessKeyId, ct) : null;
        failure = await VerifyAsync(method, rawTarget, headers, body, claims, key, ct);
        return new Authentication(failure == SigV4Failure.None ? key!.Caller : null, claims, failure);
    }

    private async ValueTask<SigV4Failure> VerifyAsync(
        string method, string rawTarget, KestrelHeaders headers, ReadOnlyMemory<byte> body, SigV4Authorization claims, KnownKey? key, CancellationToken ct)
    {
        // The same work for a key that nobody has, so that time does not tell which exist.
        using var signingKey = key is null
            ? signingKeys.TakeForUnknownKey(claims)
            : signingKeys.Take(claims, KnownKey.Version) ?? await DeriveAsync(claims, key, ct);
        var result = SigV4Verifier.Verify(new SignedRequest<KestrelHeaders>(method, rawTarget, headers), claims, body.Span, signingKey);
        return key is null ? SigV4Failure.UnknownAccessKey : result;
    }

    private async ValueTask<SigningKey> DeriveAsync(SigV4Authorization claims, KnownKey key, CancellationToken ct)
    {
        await keys.EnsureLoadedAsync(key.Secret, ct);
        using var secret = keyring.Open(key.Secret, AccessKeys.Place(key.Caller.Account, key.Caller.AccessKeyId)).Value;
        return signingKeys.Derive(claims, KnownKey.Version, secret.Reveal());
    }

    private async ValueTask<KnownKey?> FindAsync(string accessKeyId, CancellationToken ct)
    {
        var directory = await directories.FindByAccessKeyAsync(accessKeyId, ct);
        if (directory is null)
            return null;
        if (known.TryGetValue(accessKeyId, out var found) && found.Directory == directory)
            return found;
        if (directory.FindAccessKey(accessKeyId) is not { Active: true, Sealed: { } secret } stored)
            return null;
        if (NewCaller(directory, stored) is not { } caller)
            return null;
        var key = new KnownKey(directory, caller, secret);
        if (known.Count < MaxKnownKeys)
            known[accessKeyId] = key;
        return key;
    }

    /// <returns>Null when the key's user is gone.</returns>
    private static Caller? NewCaller(IamDirectory directory, IamAccessKey key)
    {
        var user = key.UserName is { } name ? directory.FindUser(name) : null;
        if (user is null && key.UserName is not null)
            return null;
        var principal = user is null ? Principal.Root(directory.Account, AccessKeys.RootArn(directory.Account)) : UserPrincipal(directory, user);
#pragma warning disable RS0030 // An authenticator: the caller is used only once its signature has been verified.
        return new Caller(principal, key.AccessKeyId)
#pragma warning restore RS0030
        {
            Policies = user is null ? PrincipalPolicies.None : CallerPolicies.Of(directory, user),
        };
    }

    private static Principal UserPrincipal(IamDirectory directory, IamUser user) => new()
    {
        Kind = PrincipalKind.User,
        Account = directory.Account,
        Arn = user.Arn(directory.Account),
        UserId = user.Id,
        UserName = user.Name,
        EntityArn = user.Arn(directory.Account),
        EntityId = user.Id,
        Tags = IamTarget.ToTagSet(user.Tags),
    };

    /// <param name="Directory">The snapshot it was made from; with the next one it is made anew.</param>
    private sealed record KnownKey(IamDirectory Directory, Caller Caller, SealedValue Secret)
    {
        /// <summary>The secret of an access key never changes, and an id is never given out again.</summary>
        public const long Version = 1;
    }
}
