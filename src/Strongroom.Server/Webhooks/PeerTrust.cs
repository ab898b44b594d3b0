using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Strongroom.Storage;

namespace Strongroom.Server.Webhooks;

/// <summary>Whom to believe that a certificate is genuine, where it is not the system's authorities.</summary>
internal static class PeerTrust
{
    /// <summary>Trust in these authorities alone.</summary>
    public static X509ChainPolicy Of(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    /// <param name="what">For messages.</param>
    /// <exception cref="StoreRefusedException">No certificates there.</exception>
    public static X509ChainPolicy Read(string path, string what)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The CA certificates of {what} can't be read: {e.Message}", e);
        }

        return authorities.Count > 0 ? Of(authorities) : throw new StoreRefusedException($"{path} holds no CA certificate for {what}.");
    }
}
