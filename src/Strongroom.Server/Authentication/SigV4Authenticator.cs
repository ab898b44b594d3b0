using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
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
internal sealed class SigV4Authenticator(
    IamDirectories directories, Keyring keyring, KeyDirectory keys, SigningKeyCache signingKeys, CredentialUses uses)
{
    // Enough for every key in use; beyond it a key costs one read of the store a request.
    private const int MaxKnownKeys = 10_000;

    private readonly ConcurrentDictionary<string, KnownKey> known = new(StringComparer.Ordinal);
    private readonly OpenedSessions sessions = new();

    public async ValueTask<Authentication> AuthenticateAsync(
        string method, string rawTarget, KestrelHeaders headers, ReadOnlyMemory<byte> body, SigV4Options options, DateTimeOffset now, CancellationToken ct)
    {
        if (!SigV4Parser.TryParse(new SignedRequest<KestrelHeaders>(method, rawTarget, headers), options, now, out var claims, out var failure))
            return new Authentication(null, claims, failure);

        var (key, refusal) = !claims.TokenFitsAccessKey ? (null, SigV4Failure.UnknownAccessKey)
            : claims.SessionToken is { } token ? await FindSessionAsync(claims.AccessKeyId, token, now, ct)
            : await FindAsync(claims.AccessKeyId, ct) is { } found ? (found, SigV4Failure.None)
            : (null, SigV4Failure.UnknownAccessKey);
        // IAM takes no sessions that a second factor should have been asked for, and none has one here. Source: STS API Reference, GetSessionToken, GetFederationToken.
        if (options.Service == "iam" && key?.Caller.Session is { Kind: not SessionKind.Role })
            (key, refusal) = (null, SigV4Failure.UnknownAccessKey);
        failure = await VerifyAsync(method, rawTarget, headers, body, claims, key, ct);
        if (key is null)
            return new Authentication(null, claims, refusal);
        if (failure != SigV4Failure.None)
            return new Authentication(null, claims, failure);
        uses.Note(key.Caller, now, claims.Region, claims.Service);
        return new Authentication(key.Caller, claims, failure);
    }

    /// <summary>Who would be the caller if the signature were right. A hint for shedding, from memory alone; null for sessions and keys not seen lately.</summary>
    public Caller? FindClaimed(ReadOnlySpan<char> accessKeyId) =>
        known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(accessKeyId, out var key) ? key.Caller : null;

    private async ValueTask<SigV4Failure> VerifyAsync(
        string method, string rawTarget, KestrelHeaders headers, ReadOnlyMemory<byte> body, SigV4Authorization claims, KnownKey? key, CancellationToken ct)
    {
        // The same work for a key that nobody has, so that time does not tell which exist.
        using var signingKey = key is null
            ? signingKeys.TakeForUnknownKey(claims)
            : signingKeys.Take(claims, key.Version) ?? await DeriveAsync(claims, key, ct);
        return SigV4Verifier.Verify(new SignedRequest<KestrelHeaders>(method, rawTarget, headers), claims, body.Span, signingKey);
    }

    private async ValueTask<SigningKey> DeriveAsync(SigV4Authorization claims, KnownKey key, CancellationToken ct)
    {
        using var secret = key.Secret is { } stored ? await OpenAsync(key.Caller, stored, ct) : SessionToken.OpenSecret(keyring, claims.SessionToken!);
        return signingKeys.Derive(claims, key.Version, secret.Reveal());
    }

    private async ValueTask<SecretBytes> OpenAsync(Caller caller, SealedValue secret, CancellationToken ct)
    {
        await keys.EnsureLoadedAsync(secret, ct);
        return keyring.Open(secret, AccessKeys.Place(caller.Account, caller.AccessKeyId)).Value;
    }

    /// <summary>Checks 15 and 16, which come before the signature's because the token carries the secret. Source: IAM fact sheet 1.4.</summary>
    private async ValueTask<(KnownKey? Key, SigV4Failure Refusal)> FindSessionAsync(string accessKeyId, string token, DateTimeOffset now, CancellationToken ct)
    {
        var session = sessions.Find(token);
        if (session is null)
        {
            if (!SessionToken.TryOpen(keyring, token, out var grant, out var serial))
                return (null, SigV4Failure.UnknownSessionToken);
            session = NewSession(await directories.GetAsync(grant.Account, ct), grant, serial);
            sessions.Keep(token, session);
        }

        // Key and token must come from one grant.
        if (!CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(session.Grant.AccessKeyId.AsSpan()), MemoryMarshal.AsBytes(accessKeyId.AsSpan())))
            return (null, SigV4Failure.UnknownSessionToken);
        if (now >= session.Grant.ExpiresAt)
        {
            sessions.Forget(token);
            return (null, SigV4Failure.ExpiredSessionToken);
        }

        var directory = await directories.GetAsync(session.Grant.Account, ct);
        if (session.Directory != directory)
        {
            session = NewSession(directory, session.Grant, session.Serial);
            sessions.Keep(token, session);
        }

        return session.Key is { } key ? (key, SigV4Failure.None) : (null, SigV4Failure.UnknownAccessKey);
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
        var key = new KnownKey(directory, caller, secret, KnownKey.LongTermVersion);
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
        var principal = user is null ? Principal.Root(directory.Account, AccessKeys.RootArn(directory.Account)) : user.ToPrincipal(directory.Account);
#pragma warning disable RS0030 // An authenticator: the caller is used only once its signature has been verified.
        return new Caller(principal, key.AccessKeyId)
#pragma warning restore RS0030
        {
            Policies = user is null ? PrincipalPolicies.None : CallerPolicies.Of(directory, user),
        };
    }

    private static OpenedSession NewSession(IamDirectory directory, SessionGrant grant, long serial)
    {
        if (SessionCallers.Find(directory, grant) is not { } found)
            return new OpenedSession(grant, serial, directory, null);
#pragma warning disable RS0030 // An authenticator: the caller is used only once its signature has been verified.
        var caller = new Caller(found.Principal, grant.AccessKeyId)
#pragma warning restore RS0030
        {
            Policies = found.Policies,
            Session = grant,
        };
        return new OpenedSession(grant, serial, directory, new KnownKey(directory, caller, null, serial));
    }
}

/// <summary>A key with its caller, made from one snapshot of its account; with the next one it is made anew.</summary>
/// <param name="Secret">Null for a session, whose token carries it.</param>
/// <param name="Version">For the cache of signing keys.</param>
internal sealed record KnownKey(IamDirectory Directory, Caller Caller, SealedValue? Secret, long Version)
{
    /// <summary>The secret of an access key never changes, and an id is never given out again.</summary>
    public const long LongTermVersion = 1;
}
