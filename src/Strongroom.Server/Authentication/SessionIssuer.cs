using Strongroom.Crypto;

namespace Strongroom.Server.Authentication;

/// <summary>The credentials of a new session. The secret is the receiver's to dispose of.</summary>
internal sealed record SessionCredentials(SessionGrant Grant, SecretBytes Secret, string Token) : IDisposable
{
    public void Dispose() => Secret.Dispose();

    // A record prints its members, and one of them is a secret.
    public override string ToString() => $"{Grant.AccessKeyId} until {Grant.ExpiresAt:O}";
}

/// <summary>Makes the credentials of sessions.</summary>
internal sealed class SessionIssuer(Keyring keyring, Entropy entropy)
{
    /// <param name="grant">Its access key id is chosen here.</param>
    public SessionCredentials Issue(SessionGrant grant)
    {
        var named = grant with { AccessKeyId = AccessKeys.NewId(grant.Account, entropy, AccessKeys.Temporary) };
        var secret = AccessKeys.NewSecret(entropy);
        try
        {
            return new SessionCredentials(named, secret, SessionToken.Seal(keyring, named, secret));
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }
}
