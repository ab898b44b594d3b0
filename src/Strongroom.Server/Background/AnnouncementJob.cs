using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Strongroom.Server.Audit;
using Strongroom.Server.Notifications;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Background;

/// <summary>Whose an announcement is that is about no secret.</summary>
internal sealed record InstallationPlace(string Account, string Region);

/// <summary>
/// Announces what no change causes: a rotation that did not come, a purge and the end of the server's certificate that come near. Each once, whatever restarts and
/// however many servers there are: what was announced is noted in the same commit, which is stale when somebody else was quicker. A secret that changed in between is
/// looked at again in the next round.
/// </summary>
/// <param name="certificate">The one that is served now; null without TLS.</param>
/// <param name="purgeNotice">How long before a purge it is announced.</param>
internal sealed class AnnouncementJob(
    ISecretStore store, IControlStore control, AuditTrail audit, Func<X509Certificate2?> certificate, InstallationPlace place, TimeSpan purgeNotice, Guid holder, TimeProvider time)
{
    /// <summary>A rotation that begins at the end of its window takes its time, and is tried again when it fails.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private const string Lease = "announcements";
    private const int BatchSize = 100;
    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(10);
    private static readonly int[] CertificateDays = [1, 7, 30];

    /// <returns>How much was announced.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        // Each server for its own, whoever has the lease.
        var done = await AnnounceCertificateAsync(now, ct) ? 1 : 0;
        return await control.TryLeaseAsync(Lease, holder, now, now + LeaseTime, ct)
            ? done + await AnnouncePurgesAsync(now, ct) + await AnnounceOverdueAsync(now, ct)
            : done;
    }

    private async Task<int> AnnounceOverdueAsync(DateTimeOffset now, CancellationToken ct)
    {
        var (done, after) = (0, 0L);
        while (await store.ListOverdueAsync(now - Grace, after, BatchSize, ct) is { Count: > 0 } page)
        {
            // Rotation is a primary's matter; a replica's document repeats it.
            foreach (var secret in page.Where(secret => !secret.IsReplica() && secret.Document.Rotation!.AnnouncedMiss != secret.Document.Rotation.NextRotationAt))
            {
                var rotation = secret.Document.Rotation!;
                var noted = secret.Document with { Rotation = rotation with { AnnouncedMiss = rotation.NextRotationAt } };
                done += await AnnounceAsync("RotationOverdue", secret, noted, rotation.NextRotationAt!.Value, now, ct) ? 1 : 0;
            }

            after = page[^1].Id;
        }

        return done;
    }

    private async Task<int> AnnouncePurgesAsync(DateTimeOffset now, CancellationToken ct)
    {
        var done = 0;
        PurgePosition? after = null;
        while (await store.ListPurgeableAsync(now + purgeNotice, after, BatchSize, ct) is { Count: > 0 } page)
        {
            // What is due already is gone in a moment, and says so then.
            foreach (var secret in page.Where(secret => secret.PurgeAt > now && secret.Document.AnnouncedPurge != secret.PurgeAt))
                done += await AnnounceAsync("PurgeApproaching", secret, secret.Document with { AnnouncedPurge = secret.PurgeAt }, secret.PurgeAt!.Value, now, ct) ? 1 : 0;
            after = new PurgePosition(page[^1].PurgeAt!.Value, page[^1].Id);
        }

        return done;
    }

    private ValueTask<bool> AnnounceAsync(string name, StoredSecret secret, SecretDocument noted, DateTimeOffset due, DateTimeOffset now, CancellationToken ct) =>
        audit.CommitEventsAsync(
            [new SecretChange { Before = secret, After = secret with { Document = noted } }],
            [new ServiceEvent(name, secret.Account, secret.Region, secret.Arn()) { Due = due }], now, ct);

    private async Task<bool> AnnounceCertificateAsync(DateTimeOffset now, CancellationToken ct)
    {
        if (certificate() is not { } served)
            return false;
        DateTimeOffset end = served.NotAfter.ToUniversalTime();
        if (CertificateDays.FirstOrDefault(days => end - now <= TimeSpan.FromDays(days)) is not (> 0 and var stage))
            return false;
        var fingerprint = served.GetCertHashString(HashAlgorithmName.SHA256);
        var setting = "announced.certificate." + fingerprint;
        var announced = await control.FindSettingAsync(setting, ct);
        if (announced is not null && int.Parse(announced, NumberStyles.None, CultureInfo.InvariantCulture) <= stage)
            return false;

        var expiry = end.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var what = new SecretEvent(SecretEvent.CertificateExpiring, place.Account, place.Region, "", null, writer =>
        {
            writer.WriteString("subject"u8, served.Subject);
            writer.WriteString("sha256Fingerprint"u8, fingerprint);
            writer.WriteString("expiryDate"u8, expiry);
        });
        var noted = new SecretCommit([], []) { Setting = new SettingChange(setting, announced, Encoding.ASCII.GetBytes(stage.ToString(CultureInfo.InvariantCulture))) };
        return await audit.CommitNoticeAsync(noted, "CertificateExpiring", $"The server's certificate {fingerprint} expires at {expiry}.", what, now, ct);
    }
}
