using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Strongroom.Server.Oidc;

/// <summary>What the operator says about issuers, a file each in one directory: keys of one that can't be reached, authorities of one with a CA of its own.</summary>
/// <param name="directory">Null when there is none.</param>
internal sealed class IssuerFiles(string? directory)
{
    private readonly ConcurrentDictionary<string, (DateTime Written, IssuerKeys? Keys)> known = new(StringComparer.Ordinal);

    /// <summary>The name by which the files of a provider begin: its URL, percent-encoded, so that no two providers share one.</summary>
    public static string NameOf(string url) => Uri.EscapeDataString(url);

    /// <summary>The keys in a provider's <c>.jwks.json</c>, read again when it changes.</summary>
    /// <param name="exists">Whether there is such a file: then nobody is asked over the network, whatever is in it.</param>
    public IssuerKeys? FindKeys(string url, out bool exists)
    {
        exists = false;
        if (directory is null)
            return null;
        var path = Path.Combine(directory, NameOf(url) + ".jwks.json");
        var file = new FileInfo(path);
        if (!file.Exists)
            return null;
        exists = true;
        var written = file.LastWriteTimeUtc;
        if (known.TryGetValue(path, out var kept) && kept.Written == written)
            return kept.Keys;
        var keys = file.Length <= IssuerClient.MaxBytes ? IssuerKeys.TryParse(File.ReadAllBytes(path)) : null;
        known[path] = (written, keys);
        return keys;
    }

    /// <summary>The authorities in a provider's <c>.pem</c>; null when there is no such file, and the system's are asked.</summary>
    /// <exception cref="CryptographicException">The file holds no certificates.</exception>
    public X509Certificate2Collection? FindAuthorities(string url)
    {
        if (directory is null)
            return null;
        var path = Path.Combine(directory, NameOf(url) + ".pem");
        if (!File.Exists(path))
            return null;
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(path);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("The file has no certificate.");
    }
}
