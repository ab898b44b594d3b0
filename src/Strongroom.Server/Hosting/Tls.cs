using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>Serves HTTPS with the operator's certificate or with one from a CA of our own.</summary>
internal static class Tls
{
#pragma warning disable CA5398 // Listed, not left to the system, whose default may still allow what is broken.
    /// <summary>What this server speaks, as a server and to others.</summary>
    public static SslProtocols Versions { get; } = SslProtocols.Tls12 | SslProtocols.Tls13;
#pragma warning restore CA5398

    private static readonly List<SslApplicationProtocol> Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <exception cref="StoreRefusedException">There is no usable certificate; the message says what to do.</exception>
    public static TlsCertificate Open(ServerOptions options, DataDirectory directory, Uri listen, TimeProvider time, Entropy entropy, ILogger log)
    {
        if (options is { TlsCertificate: { } certificate, TlsKey: { } key })
            return TlsCertificate.Open(certificate, key, time, log, refresh: static () => { });

        var authority = new TlsAuthority(directory.Tls, TlsNames.Of(options, listen, Environment.MachineName), time, entropy, log);
        return TlsCertificate.Open(authority.ServerCertificate, authority.ServerKey, time, log, authority.Refresh);
    }

    public static void Apply(ListenOptions listen, TlsCertificate certificate)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(10),
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                EnabledSslProtocols = Versions,
                ApplicationProtocols = Protocols,
                ServerCertificateContext = certificate.Current(),
            }),
        });
    }
}
