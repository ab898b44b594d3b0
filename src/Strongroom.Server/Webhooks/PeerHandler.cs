using System.Net;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;

namespace Strongroom.Server.Webhooks;

/// <summary>How this server speaks HTTP to others: with whom it was told to and nobody else, and with bounds on what they can make it do.</summary>
internal static class PeerHandler
{
    /// <summary>Follows no redirect, keeps no cookie, uses no proxy, inflates nothing. The caller sets what is particular to it.</summary>
    /// <param name="trust">Null for the system's authorities.</param>
    public static SocketsHttpHandler New(TimeSpan connectLimit, X509ChainPolicy? trust)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = connectLimit,
            MaxResponseHeadersLength = 16,
        };
        handler.SslOptions.EnabledSslProtocols = Hosting.Tls.Versions;
        handler.SslOptions.CertificateChainPolicy = trust;
        return handler;
    }
}
