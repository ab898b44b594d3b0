using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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

    public static void Apply(KestrelServerOptions kestrel, ServerOptions options, DataDirectory directory)
    {
        var uri = Parse(options.Listen);
        void Listen(ListenOptions listen)
        {
            if (uri.Scheme == "https")
                Tls.Apply(listen, options, directory, uri);
        }

        if (uri.Host == "localhost")
            kestrel.ListenLocalhost(uri.Port, Listen);
        else
            kestrel.Listen(IPAddress.Parse(uri.Host.Trim('[', ']')), uri.Port, Listen);
    }

    /// <summary>The address that clients on this machine use: a wildcard address is reached at the loopback one.</summary>
    public static Uri PublicEndpoint(ServerOptions options, Uri bound)
    {
        var uri = Parse(options.Listen);
        var host = uri.Host == "localhost" ? "localhost"
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

internal static class Tls
{
    public static void Apply(ListenOptions listen, ServerOptions options, DataDirectory directory, Uri uri) => throw new NotSupportedException();
}
