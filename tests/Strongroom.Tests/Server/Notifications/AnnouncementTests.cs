using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Background;
using Strongroom.Server.Notifications;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Notifications;

/// <summary>What no change causes, announced once: docs/notifications.md.</summary>
public sealed class AnnouncementTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Begin = new(2026, 2, 3, 10, 20, 30, TimeSpan.Zero);

    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-test-").FullName;
    private readonly FakeTimeProvider time = new(Begin);
    private SqlStore store = null!;
    private AuditLog log = null!;
    private X509Certificate2? certificate;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        store = await SqlStore.OpenSqliteAsync(Path.Combine(directory, "strongroom.db"), time, Ct);
        log = AuditLog.Open(Path.Combine(directory, "audit"), AuditLogOptions.Default, time);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        certificate?.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task An_overdue_rotation_is_announced_once_for_each_missed_date_also_after_a_restart()
    {
        var secret = await AddAsync("db", rotation: new SecretRotation { Enabled = true, NextRotationAt = Begin });
        time.SetUtcNow(Begin + AnnouncementJob.Grace);
        Assert.Equal(0, await RunAsync());
        time.SetUtcNow(Begin + AnnouncementJob.Grace + TimeSpan.FromSeconds(1));
        Assert.Equal(1, await RunAsync());

        var told = Assert.Single(await ToldAsync());
        Assert.Equal(
            ("Secret Rotation Overdue", "111122223333", "us-east-1", "2026-02-03T11:20:31Z", $"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-Ab3dEf"),
            ((string)told["detail-type"]!, (string)told["account"]!, (string)told["region"]!, (string)told["time"]!, (string)told["resources"]!.AsArray().Single()!));
        Assert.Equal(
            ("db", "2026-02-03T10:20:30Z", "secretsmanager.amazonaws.com", "RotationOverdue"),
            ((string)told["detail"]!["name"]!, (string)told["detail"]!["nextRotationDate"]!, (string)told["detail"]!["principal"]!, (string)told["detail"]!["eventName"]!));
        var record = Assert.Single(Records());
        Assert.Equal(
            ("RotationOverdue", "AwsServiceEvent", "111122223333", (string)told["detail"]!["auditEventId"]!),
            ((string)record["eventName"]!, (string)record["eventType"]!, (string)record["recipientAccountId"]!, (string)record["eventID"]!));

        time.Advance(TimeSpan.FromDays(3));
        Assert.Equal(0, await RunAsync());
        await ReopenAsync();
        Assert.Equal(0, await RunAsync());
        Assert.Single(await ToldAsync());
        Assert.Equal(secret.ChangedAt, (await FindAsync("db"))!.ChangedAt);

        // The next window is missed as well.
        var known = (await FindAsync("db"))!;
        await ChangeAsync(known, known.Document with { Rotation = known.Document.Rotation! with { NextRotationAt = time.GetUtcNow() } });
        Assert.Equal(0, await RunAsync());
        time.Advance(AnnouncementJob.Grace + TimeSpan.FromSeconds(1));
        Assert.Equal(1, await RunAsync());
        Assert.Equal(2, (await ToldAsync()).Count);
    }

    [Fact]
    public async Task What_is_not_to_be_rotated_is_not_overdue()
    {
        var missed = new SecretRotation { Enabled = true, NextRotationAt = Begin };
        await AddAsync("off", rotation: missed with { Enabled = false });
        await AddAsync("never configured");
        await AddAsync("in time", rotation: missed with { NextRotationAt = Begin + TimeSpan.FromDays(2) });
        await AddAsync("to be deleted", rotation: missed, purgeAt: Begin + TimeSpan.FromDays(20));
        await AddAsync("replica", rotation: missed, primaryRegion: "eu-west-1");
        time.SetUtcNow(Begin + TimeSpan.FromDays(1));

        Assert.Equal(0, await RunAsync());
        Assert.Empty(await ToldAsync());
        Assert.Empty(Records());
    }

    [Fact]
    public async Task A_purge_is_announced_once_when_it_is_near_and_again_for_another_date()
    {
        await AddAsync("s", purgeAt: Begin + TimeSpan.FromDays(7));
        await AddAsync("kept");
        time.SetUtcNow(Begin + TimeSpan.FromDays(4) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await RunAsync());
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await RunAsync());

        var told = Assert.Single(await ToldAsync());
        Assert.Equal(
            ("Secret Purge Approaching", "s", "2026-02-10T10:20:30Z", "PurgeApproaching"),
            ((string)told["detail-type"]!, (string)told["detail"]!["name"]!, (string)told["detail"]!["deletionDate"]!, (string)told["detail"]!["eventName"]!));
        Assert.Equal("PurgeApproaching", (string?)Assert.Single(Records())["eventName"]);

        await ReopenAsync();
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(0, await RunAsync());

        // Restored and deleted again.
        var known = (await FindAsync("s"))!;
        await ChangeAsync(known with { PurgeAt = time.GetUtcNow() + TimeSpan.FromHours(50) }, known.Document, before: known);
        Assert.Equal(1, await RunAsync());
    }

    [Fact]
    public async Task What_is_restored_or_due_already_is_not_announced()
    {
        var restored = await AddAsync("restored", purgeAt: Begin + TimeSpan.FromDays(7));
        await ChangeAsync(restored with { PurgeAt = null }, restored.Document, before: restored);
        await AddAsync("due", purgeAt: Begin + TimeSpan.FromDays(6));
        time.SetUtcNow(Begin + TimeSpan.FromDays(6));

        Assert.Equal(0, await RunAsync());
        Assert.Empty(await ToldAsync());
    }

    [Fact]
    public async Task More_than_a_page_is_announced_and_all_of_it_once()
    {
        for (var i = 0; i < 230; i++)
            await AddAsync($"s{i}", rotation: new SecretRotation { Enabled = true, NextRotationAt = Begin - TimeSpan.FromDays(1) });
        for (var i = 0; i < 230; i++)
            await AddAsync($"p{i}", purgeAt: Begin + TimeSpan.FromDays(i % 2 + 1));

        Assert.Equal(460, await RunAsync());
        Assert.Equal(0, await RunAsync());
        Assert.Equal(460, (await ToldAsync()).Select(told => (string)told["resources"]![0]!).Distinct().Count());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_servers_announce_once(bool bothHaveTheLease)
    {
        await AddAsync("db", rotation: new SecretRotation { Enabled = true, NextRotationAt = Begin - TimeSpan.FromDays(1) });
        await AddAsync("s", purgeAt: Begin + TimeSpan.FromDays(1));
        certificate = Certificate(Begin + TimeSpan.FromDays(5));
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());

        // What the other one read before the first one announced it.
        var stale = new StaleReads(await store.ListOverdueAsync(Begin, 0, 10, Ct), await store.ListPurgeableAsync(Begin.AddDays(3), null, 10, Ct), store);
        Assert.Equal(3, await Job(one).RunAsync(Ct));
        if (bothHaveTheLease)
            time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0, await Job(other, stale).RunAsync(Ct));
        Assert.Equal(bothHaveTheLease, stale.WasAsked);

        Assert.Equal(3, (await ToldAsync()).Count);
    }

    [Fact]
    public async Task The_end_of_the_certificate_is_announced_at_30_7_and_1_days_once_each_and_not_for_its_successor()
    {
        Assert.Equal(0, await RunAsync());
        certificate = Certificate(Begin + TimeSpan.FromDays(40));
        List<int> announcedAt = [];
        for (var day = 0; day <= 42; day++)
        {
            time.SetUtcNow(Begin + TimeSpan.FromDays(day));
            for (var again = 0; again < 2; again++)
            {
                if (await RunAsync() == 1)
                    announcedAt.Add(40 - day);
            }

            if (day % 10 == 0)
                await ReopenAsync();
        }

        Assert.Equal([30, 7, 1], announcedAt);
        var told = (await ToldAsync())[0];
        Assert.Equal(
            ("Certificate Expiring", "444455556666", "eu-central-1", 0, "2026-03-15T10:20:30Z", "CN=secrets.example.com", "strongroom"),
            ((string)told["detail-type"]!, (string)told["account"]!, (string)told["region"]!, told["resources"]!.AsArray().Count, (string)told["detail"]!["expiryDate"]!,
                (string)told["detail"]!["subject"]!, (string)told["detail"]!["principal"]!));
        Assert.Equal(Convert.ToHexString(SHA256.HashData(certificate.RawData)), (string?)told["detail"]!["sha256Fingerprint"]);
        Assert.Null(told["detail"]!["name"]);
        Assert.Equal(["CertificateExpiring", "CertificateExpiring", "CertificateExpiring"], Records().Select(r => (string)r["eventName"]!));

        certificate.Dispose();
        certificate = Certificate(time.GetUtcNow() + TimeSpan.FromDays(31));
        Assert.Equal(0, await RunAsync());
        certificate.Dispose();
        certificate = Certificate(time.GetUtcNow() + TimeSpan.FromDays(20));
        Assert.Equal(1, await RunAsync());
    }

    [Fact]
    public async Task A_server_announces_its_own_certificate_while_another_has_the_lease()
    {
        await AddAsync("s", purgeAt: Begin + TimeSpan.FromDays(1));
        Assert.Equal(1, await Job(Guid.NewGuid()).RunAsync(Ct));
        certificate = Certificate(Begin + TimeSpan.FromDays(5));

        Assert.Equal(1, await Job(Guid.NewGuid()).RunAsync(Ct));
        Assert.Equal(["Secret Purge Approaching", "Certificate Expiring"], (await ToldAsync()).Select(told => (string)told["detail-type"]!));
    }

    [Theory]
    [InlineData(null, "", null, null, true)]
    [InlineData("Certificate Expiring", "prod/", "111122223333", "us-east-1", true)]
    [InlineData("Secret Deleted", "", null, null, false)]
    [InlineData(null, "prod/", null, null, false)]
    [InlineData(null, "", "111122223333", null, false)]
    [InlineData(null, "", null, "us-east-1", false)]
    public void What_is_about_no_secret_goes_to_who_names_it_or_wants_everything(string? type, string prefix, string? account, string? region, bool wanted)
    {
        var destination = Ops with
        {
            DetailTypes = type is null ? null : [type], SecretNamePrefix = prefix, Accounts = account is null ? null : [account], Regions = region is null ? null : [region],
        };

        Assert.Equal(wanted, destination.Wants(new SecretEvent(SecretEvent.CertificateExpiring, "111122223333", "us-east-1", "", null)));
    }

    private static NotificationDestination Ops { get; } = new("ops", new WebhookOptions { Address = new Uri("https://hooks.example.com/"), SecretFile = "none" });

    private AnnouncementJob Job(Guid holder, ISecretStore? reads = null)
    {
        var audit = new AuditTrail(log, store, store, SystemEntropy.Instance, time) { Notifier = new Notifier([Ops], SystemEntropy.Instance) };
        return new AnnouncementJob(
            reads ?? store, store, audit, () => certificate, new InstallationPlace("444455556666", "eu-central-1"), TimeSpan.FromDays(3), holder, time);
    }

    private readonly Guid holder = Guid.NewGuid();

    private Task<int> RunAsync() => Job(holder).RunAsync(Ct);

    private async Task<List<JsonNode>> ToldAsync() => [.. (await store.ListNotificationsAsync("ops", null, 0, 1000, Ct)).Select(n => JsonNode.Parse(n.Json.Span)!)];

    private List<JsonNode> Records() => [.. Directory.EnumerateFiles(Path.Combine(directory, "audit"), "*.jsonl").Order().SelectMany(ReadShared).Select(l => JsonNode.Parse(l)!)];

    private static string[] ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private async Task<StoredSecret> AddAsync(string name, SecretRotation? rotation = null, DateTimeOffset? purgeAt = null, string? primaryRegion = null)
    {
        var secret = new StoredSecret
        {
            Account = "111122223333", Region = "us-east-1", Name = name, Suffix = "Ab3dEf", CreatedAt = Begin, ChangedAt = Begin, PurgeAt = purgeAt,
            Document = new SecretDocument { Rotation = rotation, PrimaryRegion = primaryRegion },
        };
        Assert.Equal(CommitResult.Committed, await store.CommitAsync(new SecretCommit([new SecretChange { After = secret }], []), Ct));
        return (await FindAsync(name))!;
    }

    private ValueTask<StoredSecret?> FindAsync(string name) => store.FindAsync("111122223333", "us-east-1", name, Ct);

    private async Task ChangeAsync(StoredSecret secret, SecretDocument document, StoredSecret? before = null) => Assert.Equal(
        CommitResult.Committed,
        await store.CommitAsync(new SecretCommit([new SecretChange { Before = before ?? secret, After = secret with { Document = document } }], []), Ct));

    private static X509Certificate2 Certificate(DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=secrets.example.com", key, HashAlgorithmName.SHA256).CreateSelfSigned(end.AddYears(-1), end);
    }

    private async Task ReopenAsync()
    {
        await CloseAsync();
        await InitializeAsync();
    }

    private async Task CloseAsync()
    {
        log.Dispose();
        await store.DisposeAsync();
    }

    /// <summary>Answers with what was read earlier, as to a server that read it then; changes go to the store.</summary>
    private sealed class StaleReads(IReadOnlyList<StoredSecret> overdue, IReadOnlyList<StoredSecret> purgeable, ISecretStore inner) : ISecretStore
    {
        public bool WasAsked { get; private set; }

        public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct)
        {
            WasAsked = true;
            return new([.. overdue.Where(secret => secret.Id > after)]);
        }

        public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) => new(after is null ? purgeable : []);
        public ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct) => inner.CommitAsync(commit, ct);
        public ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct) => inner.FindAsync(account, region, name, ct);
        public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct) => inner.FindVersionAsync(secretId, versionId, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) => inner.ListAsync(query, ct);
        public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) =>
            inner.ListVersionsAsync(secretId, includeUnlabelled, after, limit, ct);
        public ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct) => inner.TouchAsync(secretId, versionId, day, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) => inner.ListLaggingAsync(after, limit, ct);
    }
}
