using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Strongroom.Storage;

namespace Strongroom.Server.Webhooks;

/// <summary>Whom to believe that a certificate is genuine, where it is not the system's authorities.</summary>
internal static class PeerTrust
{
    /// <param name="what">For messages.</param>
    /// <exception cref="StoreRefusedException">No certificates there.</exception>
    public static X509ChainPolicy Read(string path, string what)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The CA certificates of {what} can't be read: {e.Message}", e);
        }

        return policy.CustomTrustStore.Count > 0 ? policy : throw new StoreRefusedException($"{path} holds no CA certificate for {what}.");
    }
}
