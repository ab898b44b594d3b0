using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Strongroom.Server.Hosting;

/// <summary>The host names and addresses that a generated certificate is valid for.</summary>
internal sealed record TlsNames(IReadOnlySet<string> Hosts, IReadOnlySet<IPAddress> Addresses)
{
    /// <summary>What clients may use: loopback, this machine, the listen address if it is one machine's, and what the operator adds.</summary>
    public static TlsNames Of(ServerOptions options, Uri listen, string machine)
    {
        var hosts = new SortedSet<string>(StringComparer.OrdinalIgnoreCase) { "localhost" };
        var addresses = new HashSet<IPAddress> { IPAddress.Loopback, IPAddress.IPv6Loopback };
        foreach (var name in options.TlsNames.Append(listen.Host.Trim('[', ']')).Append(machine))
        {
            if (!IPAddress.TryParse(name, out var address))
                hosts.Add(name);
            else if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
                addresses.Add(address);
        }

        return new TlsNames(hosts, addresses);
    }

    public bool AreIn(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SingleOrDefault() is { } extension
        && Hosts.SetEquals(extension.EnumerateDnsNames()) && Addresses.SetEquals(extension.EnumerateIPAddresses());

    public X509Extension ToExtension()
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var host in Hosts)
            builder.AddDnsName(host);
        foreach (var address in Addresses)
            builder.AddIpAddress(address);
        return builder.Build();
    }
}
