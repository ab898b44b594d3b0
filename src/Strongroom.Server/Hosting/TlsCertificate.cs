using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>A certificate and key in PEM files, read again when the files change.</summary>
/// <remarks>Looked at when a client connects, at most every few seconds: no watcher that can miss a change, no timer to stop.</remarks>
internal sealed class TlsCertificate
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    private readonly string certificatePath;
    private readonly string keyPath;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Action refresh;
    private readonly Lock checking = new();

    private long checkedAt;
    private (DateTime, long, DateTime, long) seen;
    private volatile SslStreamCertificateContext current;

    private TlsCertificate(string certificatePath, string keyPath, TimeProvider time, ILogger log, Action refresh)
    {
        (this.certificatePath, this.keyPath, this.time, this.log, this.refresh) = (certificatePath, keyPath, time, log, refresh);
        checkedAt = time.GetTimestamp();
        refresh();
        seen = Stamp();
        current = Load();
    }

    /// <param name="refresh">Called before each look at the files; renews them where they are ours.</param>
    /// <exception cref="StoreRefusedException">The files can't be used; the message says what to do.</exception>
    public static TlsCertificate Open(string certificatePath, string keyPath, TimeProvider time, ILogger log, Action refresh)
    {
        try
        {
            return new TlsCertificate(certificatePath, keyPath, time, log, refresh);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new StoreRefusedException(
                $"The TLS certificate {certificatePath} with the key {keyPath} can't be used: {e.Message} Both must be PEM files, the key unencrypted and the certificate's own.", e);
        }
    }

    /// <summary>When the certificate that is served now expires.</summary>
    public DateTimeOffset ExpiresAt => current.TargetCertificate.NotAfter.ToUniversalTime();

    /// <summary>The newest pair that could be loaded.</summary>
    public SslStreamCertificateContext Current()
    {
        // Whoever finds another thread checking takes what is there.
        if (time.GetElapsedTime(Volatile.Read(ref checkedAt)) >= CheckInterval && checking.TryEnter())
        {
            try
            {
                Check();
            }
            finally
            {
                checking.Exit();
            }
        }

        return current;
    }

    private void Check()
    {
        Volatile.Write(ref checkedAt, time.GetTimestamp());
        try
        {
            refresh();
            var stamp = Stamp();
            if (stamp == seen)
                return;

            // Noted before the attempt: a pair that does not load is reported once, and tried again when it changes, as between two copies.
            seen = stamp;
            current = Load();
            log.LogInformation("Loaded the changed TLS certificate {Path}.", certificatePath);
        }
        catch (Exception e) when (IsUnusable(e) || e is StoreRefusedException)
        {
            log.LogWarning("The TLS certificate {Path} changed and can't be used; the one before stays in use. {Reason}", certificatePath, e.Message);
        }
    }

    private (DateTime, long, DateTime, long) Stamp()
    {
        var (certificate, key) = (new FileInfo(certificatePath), new FileInfo(keyPath));
        return (certificate.LastWriteTimeUtc, certificate.Length, key.LastWriteTimeUtc, key.Length);
    }

    private SslStreamCertificateContext Load()
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificatePath);
        var leaf = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);

        // Offline: a server of secrets fetches nothing from addresses that a certificate names.
        return SslStreamCertificateContext.Create(leaf, [.. chain.Skip(1)], offline: true);
    }

    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;
}
