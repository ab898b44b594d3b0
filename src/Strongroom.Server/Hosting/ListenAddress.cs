using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Strongroom.Server.Quotas;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>Where to listen, and whether that is safe. Source: architecture, section 3.</summary>
internal static class ListenAddress
{
    /// <exception cref="StoreRefusedException">Plain HTTP where other machines reach it, or not an address.</exception>
    public static void Check(ServerOptions options)
    {
        var uri = Parse(options.Listen);
        if (uri.Scheme == "http" && !IsLoopback(uri) && !options.AllowPlainHttpOnNetwork)
        {
            throw new StoreRefusedException(
                $"Refusing to serve secrets over plain HTTP on {uri.Host}: other machines can reach it. Listen on https://{uri.Authority} "
                + "(with --tls-certificate and --tls-key, or a generated CA), or pass --allow-plain-http-on-network if something else encrypts the connection.");
        }
    }

    /// <summary>Metrics tell whoever reads them what is done here and how often: on the network they need a token, and that needs TLS.</summary>
    /// <exception cref="StoreRefusedException">Other machines could read them, or not an address.</exception>
    public static void CheckMetrics(ServerOptions options)
    {
        var uri = Parse(options.Telemetry.MetricsListen!);
        if (IsLoopback(uri))
            return;
        if (options.Telemetry.MetricsTokenFile is null)
            throw new StoreRefusedException($"Refusing to show metrics on {uri.Host} to everybody who reaches it. Name a file with a token (--metrics-token-file), or listen on 127.0.0.1.");
        if (uri.Scheme == "http" && !options.AllowPlainHttpOnNetwork)
            throw new StoreRefusedException($"Refusing to take the metrics token over plain HTTP on {uri.Host}: other machines can read it. Use https://{uri.Authority} with --metrics-listen.");
    }

    /// <param name="certificate">Opens the certificate; asked for an https address only.</param>
    /// <param name="gate">Asked about each connection before anything is read from it; null for no bound.</param>
    public static void Apply(KestrelServerOptions kestrel, string listen, Func<Uri, TlsCertificate> certificate, ConnectionGate? gate = null)
    {
        var uri = Parse(listen);
        var tls = uri.Scheme == "https" ? certificate(uri) : null;
        void Listen(ListenOptions endpoint)
        {
            if (gate is not null)
                endpoint.Use(next => connection => gate.RunAsync(connection, next));
            if (tls is not null)
                Tls.Apply(endpoint, tls);
        }

        // Kestrel takes no free port for two address families at once.
        if (uri is { Host: "localhost", Port: 0 })
            kestrel.Listen(IPAddress.Loopback, 0, Listen);
        else if (uri.Host == "localhost")
            kestrel.ListenLocalhost(uri.Port, Listen);
        else
            kestrel.Listen(IPAddress.Parse(uri.Host.Trim('[', ']')), uri.Port, Listen);
    }

    /// <summary>Whether secrets cross the network readable, which the operator has allowed.</summary>
    public static bool IsReadableOnNetwork(ServerOptions options) => Parse(options.Listen) is { Scheme: "http" } uri && !IsLoopback(uri);

    /// <summary>Why the address can't be had, in words. Null for a failure of another kind.</summary>
    /// <param name="setting">That named it.</param>
    public static StoreRefusedException? Refusal(Exception failure, string listen, string setting = "listen")
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case AddressInUseException or SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse }:
                    return new StoreRefusedException($"Another program listens on {listen}. Stop it, or choose another port with --{setting}.", failure);
                case SocketException { SocketErrorCode: SocketError.AccessDenied }:
                    return new StoreRefusedException($"This user may not listen on {listen}. Choose a port above 1023 with --{setting}.", failure);
                case SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported }:
                    return new StoreRefusedException($"{listen} is no address of this machine. Choose one of its own, or 0.0.0.0 for all, with --{setting}.", failure);
            }
        }

        return null;
    }

    /// <summary>The address that clients on this machine use: a wildcard address is reached at the loopback one.</summary>
    /// <remarks>An operator's own certificate is for names rather than addresses; where <c>tls-name</c> gives one, clients use it.</remarks>
    public static Uri PublicEndpoint(ServerOptions options, Uri bound)
    {
        var uri = Parse(options.Listen);
        var host = uri.Scheme == "https" && options is { TlsCertificate: not null, TlsNames: [var name, ..] } ? name
            : uri.Host == "localhost" ? "localhost"
            : IPAddress.Parse(uri.Host.Trim('[', ']')) is { } ip && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)) ? "127.0.0.1"
            : uri.Host;
        return new UriBuilder(uri.Scheme, host, bound.Port).Uri;
    }

    private static Uri Parse(string listen) =>
        Uri.TryCreate(listen, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/"
        && (uri.Host == "localhost" || IPAddress.TryParse(uri.Host.Trim('[', ']'), out _))
            ? uri
            : throw new StoreRefusedException($"'{listen}' is no address to listen on. Use for example http://127.0.0.1:4584 or https://0.0.0.0:4584.");

    private static bool IsLoopback(Uri uri) =>
        uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
}
