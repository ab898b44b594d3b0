using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>Full verification of a server's certificate: its chain up to a trusted authority, its time and its name.</summary>
internal static class ServerTrust
{
    public static SslClientAuthenticationOptions OptionsFor(DatabaseLogin login)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = login.Host };
        if (PolicyOf(login) is { } policy)
            options.CertificateChainPolicy = policy;
        return options;
    }

    /// <summary>Null for the machine's authorities.</summary>
    public static X509ChainPolicy? PolicyOf(DatabaseLogin login) => login.Authorities is { } authorities ? PeerTrust.Of(authorities) : null;

    /// <summary>For drivers that take a callback and no policy.</summary>
    public static RemoteCertificateValidationCallback CallbackFor(DatabaseLogin login) => (_, certificate, offered, errors) =>
    {
        if (PolicyOf(login) is not { } policy)
            return errors == SslPolicyErrors.None;
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None || certificate is not X509Certificate2 leaf)
            return false;
        if (offered is not null)
        {
            foreach (var element in offered.ChainElements)
                policy.ExtraStore.Add(element.Certificate);
        }

        policy.ApplicationPolicy.Add(new("1.3.6.1.5.5.7.3.1")); // a server's
        using var chain = new X509Chain { ChainPolicy = policy };
        return chain.Build(leaf);
    };
}
