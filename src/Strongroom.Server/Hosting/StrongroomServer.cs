using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Protocol;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Audit.Sinks;
using Strongroom.Server.Authentication;
using Strongroom.Server.Background;
using Strongroom.Server.Backup;
using Strongroom.Server.CloudTrail;
using Strongroom.Server.Directories;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Functions;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.Kms;
using Strongroom.Server.Lambda;
using Strongroom.Server.Notifications;
using Strongroom.Server.Observability;
using Strongroom.Server.Oidc;
using Strongroom.Server.Quotas;
using Strongroom.Server.Rotation;
using Strongroom.Server.Rotation.BuiltIn;
using Strongroom.Server.SecretsManager;
using Strongroom.Server.Strongroom;
using Strongroom.Server.Sts;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>A running server: the composition root below the command line.</summary>
public sealed class StrongroomServer : IAsyncDisposable
{
    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DigestInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RollInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UsesInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShedInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeyInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReplicationInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BackupInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FunctionInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SegmentInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AnnouncementInterval = TimeSpan.FromMinutes(30);

    private readonly DataDirectory directory;
    private readonly SqlStore store;
    private readonly ISecretStore secrets;
    private readonly DirectoryCache directories;
    private readonly FrontDoor door;
    private readonly WebApplication app;
    private readonly Instruments instruments;
    private readonly TimeSpan stopDelay;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> jobs = [];
    private readonly AuditIndexes indexes;
    private Parts? parts;
    private KeyJobs? keyJobs;
    private ReplicationJob? replicationJob;
    private RotationEngine? rotation;
    private BackupJob? backupJob;
    private AnnouncementJob? announcementJob;
    private OperatorFunctions? operatorFunctions;
    private Limiter? limiter;
    private Func<Func<string, IReadOnlyDictionary<string, string>>, BuiltInFunctions>? builtIn;
    private HealthEndpoint? health;
    private bool disposed;

    private StrongroomServer(
        DataDirectory directory, SqlStore store, ISecretStore secrets, DirectoryCache directories, FrontDoor door, WebApplication app, Instruments instruments,
        TimeSpan stopDelay, TimeProvider time)
    {
        (this.directory, this.store, this.secrets, this.directories) = (directory, store, secrets, directories);
        (this.door, this.app, this.instruments, this.stopDelay, this.time) = (door, app, instruments, stopDelay, time);
        indexes = new AuditIndexes(directory.AuditLog, mayWrite: true);
        log = app.Services.GetRequiredService<ILogger<StrongroomServer>>();
    }

    /// <summary>Whether this start made the installation, or is the first that got as far as listening. Known once <see cref="Opened"/>.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Audit records that an earlier crash had kept out of the log and this start put there. Known once <see cref="Opened"/>.</summary>
    public int RecoveredRecords { get; private set; }

    /// <summary>What is not with the audit log or the database as the last run left them, in words. Known once <see cref="Opened"/>.</summary>
    public IReadOnlyList<string> AuditFindings { get; private set; } = [];

    /// <summary>Completes once calls are served: at once, or when a seal that was out of reach at start is back.</summary>
    /// <exception cref="SealException">The seal came back and is a wrong one; the message says what to do. The server serves no calls.</exception>
    public Task Opened { get; private set; } = Task.CompletedTask;

    /// <summary>What is waited for, in words for the operator, while <see cref="Opened"/> is not complete.</summary>
    public string WaitsFor => door.Reason;

    /// <summary>Whether other machines reach it over plain HTTP, which the operator has allowed.</summary>
    public bool IsReadableOnNetwork { get; private set; }

    /// <summary>Where the server listens, with the port it got.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Where metrics are scraped, with the port it got; null while that is off.</summary>
    public Uri? Metrics => instruments.Address;

    /// <summary>The audit log's directory, for the purge of tests and messages.</summary>
    public DataDirectory Directory => directory;

    /// <summary>What tests put identities through that no operation makes yet, and look at: the store that keeps the directories' cache honest.</summary>
    internal ISecretStore Secrets => secrets;

    internal IamDirectories Identities => new(directories, store);

    /// <summary>For tests of what happens when it takes nothing.</summary>
    internal AuditLog AuditLogOfTests => parts!.Log;

    /// <summary>What the job of observing does, at once.</summary>
    internal Task ObserveAsync() => instruments.LookAsync(CancellationToken.None);

    internal Limiter Limiter => limiter!;

    internal LambdaFunctions StoredFunctions { get; private set; } = null!;

    /// <summary>The built-in rotators with settings that tests choose.</summary>
    internal BuiltInFunctions BuiltInWith(IReadOnlyDictionary<string, string> environment) => builtIn!(_ => environment);

    internal CredentialUses Uses => parts!.Uses;

    /// <summary>How the audit sinks fare; none before the root key is there.</summary>
    internal IEnumerable<SinkFigures> Sinks => parts?.Sinks.Figures ?? [];

    /// <summary>What the sinks' followers do, at once.</summary>
    internal Task StepSinksAsync() => parts!.Sinks.StepAsync();

    /// <summary>What the senders of notifications do, at once.</summary>
    internal Task StepNotificationsAsync() => parts!.Senders.StepAsync();

    internal OperatorFunctions Functions => operatorFunctions!;

    internal ReplicationJob Replication => replicationJob!;

    /// <summary>What the rotation engine does, at once, until nothing is due and nothing runs.</summary>
    internal async Task RotateAsync()
    {
        do
            await rotation!.IdleAsync();
        while (await rotation.LookAsync(stopping.Token) > 0);
        await rotation.IdleAsync();
    }

    /// <summary>The RotationToken of a rotation, for tests that do what the engine does.</summary>
    internal async Task<string> ProofOfRotationAsync(string secretArn, string token)
    {
        var arn = Arn.TryParse(secretArn)!;
        return RotationProof.Of(parts!.Keyring, (await secrets.FindAsync(arn.Account, arn.Region, SecretArn.NameOf(secretArn), CancellationToken.None))!, token);
    }

    /// <summary>Null when the server makes no backups by itself.</summary>
    internal BackupJob? Backups => backupJob;

    /// <summary>Null when nobody is told of anything.</summary>
    internal AnnouncementJob? Announcements => announcementJob;

    /// <summary>Opens everything, recovers from a crash if there was one, and begins to listen. When the seal is out of reach it listens
    /// all the same, refuses calls with an error that clients retry, and goes on by itself: see <see cref="Opened"/>.</summary>
    /// <exception cref="StoreRefusedException">The data can't be opened; the message says what to do.</exception>
    /// <exception cref="SealException">The root key can't be had; the message says what to do.</exception>
    public static Task<StrongroomServer> StartAsync(
        ServerOptions options, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging, CancellationToken ct) =>
        StartAsync(options, time, entropy, logging, functions: null, ct);

    /// <param name="functions">Tests put rotation functions of their own here; null for those that there are.</param>
    internal static async Task<StrongroomServer> StartAsync(
        ServerOptions options, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging, IRotationFunctions? functions, CancellationToken ct)
    {
        ListenAddress.Check(options);
        var directory = DataDirectory.Take(options.DataDirectory);
        SqlStore? store = null;
        StrongroomServer? server = null;
        try
        {
            store = options.Store is null
                ? await SqlStore.OpenSqliteAsync(directory.Database, time, ct)
                : await SqlStore.OpenPostgresAsync(options.Store, time, ct);
            var directories = new DirectoryCache(store);
            var records = options.CacheBytes > 0 ? new CachingSecretStore(store, options.CacheBytes) : null;
            var secrets = new DirectoryTrackingStore(records ?? (ISecretStore)store, directories);
            var door = new FrontDoor(entropy);
            var instruments = new Instruments(options, directory, store, records, directories, time, entropy);
            server = new StrongroomServer(directory, store, secrets, directories, door, Build(options, door, instruments, logging), instruments, options.StopDelay, time);
            await server.BeginAsync(options, time, entropy, functions, ct);
            return server;
        }
        catch
        {
            if (server is not null)
            {
                await server.DisposeAsync();
                throw;
            }

            if (store is not null)
                await store.DisposeAsync();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Completes when the token is cancelled or <see cref="DisposeAsync"/> has begun.</summary>
    public Task WaitForStopAsync(CancellationToken ct) => app.WaitForShutdownAsync(ct);

    /// <summary>Looks whether the store and the audit log take work, by a durable write. Does not come back while one of them hangs.</summary>
    /// <returns>Why no work is taken; null when it is.</returns>
    public async Task<string?> CheckAsync(CancellationToken ct) => health is null ? door.Reason : await health.CheckAsync(ct);

    /// <summary>Tells the health check's askers, serves on for the stop delay, stops listening, lets requests in flight finish within the stop timeout, ends background
    /// work, brings the audit log to stable storage, signed, and closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        door.AnnounceStop();
        if (Endpoint is not null && stopDelay > TimeSpan.Zero)
            await Task.Delay(stopDelay, time);
        await app.StopAsync();
        if (limiter is { InFlight: > 0 and var count })
            StartLine.WriteBrokenOff(StartLog, count);
        await stopping.CancelAsync();
        await Opened.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its failure is for whoever waits for it
        await Task.WhenAll(jobs);
        if (operatorFunctions is not null)
            await operatorFunctions.DisposeAsync();
        var isSettled = true;
        try
        {
            if (parts is not null)
            {
                await parts.Uses.FlushAsync(CancellationToken.None);
                instruments.Shed.Record(parts.Audit);
                await parts.Audit.SettleAsync(CancellationToken.None);
                await parts.Digests.SignAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or AuditUnavailableException or IOException)
        {
            isSettled = false;
            // What is not settled stays in the outbox for the next start.
        }

        if (parts is not null)
            await parts.Sinks.FinishAsync();
        if (Endpoint is not null)
            StartLine.WriteStop(StartLog, instruments.Uptime, isSettled);
        await instruments.DisposeAsync();
        await app.DisposeAsync();
        if (parts is not null)
            await parts.Sinks.DisposeAsync();
        parts?.Senders.Dispose();
        parts?.Log.Dispose();
        parts?.Digests.Dispose();
        await store.DisposeAsync();
        parts?.Keyring.Dispose();
        indexes.Dispose();
        directory.Dispose();
        stopping.Dispose();
    }

    private static WebApplication Build(ServerOptions options, FrontDoor door, Instruments instruments, Action<ILoggingBuilder> logging)
    {
        // Empty: no configuration files, no environment, nothing that could change behaviour from outside our own settings.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging(builder.Logging);
        instruments.AddLogs(builder.Logging);
        // While anything listens, this one makes an activity and a log scope for each request: 800 bytes. Nothing of ours reads them.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, instruments));
        if (options.Listen.StartsWith("https:", StringComparison.Ordinal))
            builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout);
        var app = builder.Build();
        app.Run(door.HandleAsync);
        return app;
    }

    /// <summary>Opens, then listens; or, when the seal is out of reach, listens first and opens when it is back.</summary>
    private async Task BeginAsync(ServerOptions options, TimeProvider time, Entropy entropy, IRotationFunctions? functions, CancellationToken ct)
    {
        await instruments.BeginAsync(app.Services, ct);
        var isFirst = !File.Exists(directory.Endpoint);
        async Task OpenAsync(CancellationToken ct)
        {
            await OpenPartsAsync(options, time, entropy, functions, ct);
            IsNew |= isFirst;
        }

        try
        {
            await OpenAsync(ct);
        }
        catch (SealException e) when (e.IsOutage)
        {
            door.Reason = e.Message;
            await ListenAsync(options, ct);
            Opened = SealRetry.RunAsync(OpenAsync, reason => door.Reason = reason, () => BeginWork(options, time, entropy), e, time, log, stopping.Token);
            return;
        }

        await ListenAsync(options, ct);
        BeginWork(options, time, entropy);
    }

    private async Task OpenPartsAsync(ServerOptions options, TimeProvider time, Entropy entropy, IRotationFunctions? functions, CancellationToken ct)
    {
        var (keyring, isNew) = await Installation.OpenAsync(store, directory, options, entropy, time, ct);
        AuditLog? auditLog = null;
        AuditDigests? digests = null;
        AuditSinks? sinks = null;
        NotificationSenders? senders = null;
        try
        {
            (auditLog, digests, AuditFindings) = await AuditDigests.OpenAsync(directory.AuditLog, options.AuditLog, store, keyring, entropy, time, ct);
            sinks = AuditSinks.Open(options.AuditSinks, directory.AuditLog, directory.AuditSinks, time, entropy, log);
            var audit = new AuditTrail(auditLog, secrets, store, entropy, time, options.AuditReadsWaitForDisk);
            senders = NotificationSenders.Open(
                NotificationDestination.ReadAll(options.NotificationsFile), options.MaxDeadNotifications, store, audit, time, entropy, log);
            RestoreMark.Take(directory.Root, auditLog, audit);
            RecoveredRecords = await audit.RecoverAsync(ct);
            if (AuditFindings.Count > 0)
                audit.RecordFindings(AuditFindings);
            var accounts = await store.ListAccountsAsync(ct);
            parts = new Parts(
                keyring, auditLog, digests, sinks, senders, audit, new CredentialUses(store), accounts is [var only] ? only.Account : $"{accounts.Count} accounts",
                accounts.MinBy(account => account.CreatedAt)!.Account);
            IsNew = isNew;
        }
        catch
        {
            auditLog?.Dispose();
            digests?.Dispose();
            if (sinks is not null)
                await sinks.DisposeAsync();
            senders?.Dispose();
            keyring.Dispose();
            throw;
        }

        var regions = new Regions(options.Regions);
        var identities = new IamDirectories(directories, store);
        var keys = new KeyDirectory(directories, identities, store, store, secrets, keyring, time);
        keyJobs = new KeyJobs(keys, store, store, parts.Audit, keyring, entropy.NewGuid(), time);
        var vault = new SecretVault(secrets, keyring, new SecretKeys(keys, keyring));
        replicationJob = new ReplicationJob(secrets, store, vault, parts.Audit, entropy.NewGuid(), time);
        OperationTable? table = null;
        var readers = new RotationReaders(new AuditLookup(indexes));
        builtIn = environmentOf => new BuiltInFunctions(() => table!, () => parts.Audit, entropy, time, environmentOf, type => operatorFunctions!.BuiltInFor(type), () => Endpoint);
        operatorFunctions = await OperatorFunctions.OpenAsync(
            options, directory, () => Endpoint, identities, new SessionIssuer(keyring, entropy), new StepSecrets(secrets, vault), time, entropy, log, ct);
        var functionHost = options.FunctionHost ?? operatorFunctions.Host;
        var registry = FunctionRegistry.Over(directories, identities, new FunctionVault(store, keys, keyring), functionHost, stopping.Token);
        StoredFunctions = new LambdaFunctions(registry, operatorFunctions.Secrets, time);
        functions ??= new AllRotationFunctions(operatorFunctions.Configured, builtIn(operatorFunctions.EnvironmentOf), StoredFunctions);
        table = new OperationTable(
            SecretsManagerOperations.All(secrets, keyring, keys, regions, functions, new PolicyPrincipals(identities),
                new SecretQuota(store, options.Limits.MaxSecrets, time), entropy, instruments.Reads),
            KmsOperations.All(keys, identities, keyring, entropy),
            StsOperations.All(identities, new SessionIssuer(keyring, entropy), NewWebIdentities(options, time)),
            IamOperations.All(identities, store, parts.Uses, keys, keyring, entropy),
            CloudTrailOperations.All(indexes, keyring),
            LambdaOperations.All(registry, new PolicyPrincipals(identities), keyring, entropy),
            StrongroomOperations.All(identities, secrets, directory.AuditLog, store, keys, regions, keyring, entropy, store, parts.Senders.Destinations, store, readers));
        health = new HealthEndpoint(store, parts.Audit);
        parts.Audit.Notifier = new Notifier(parts.Senders.Destinations, entropy);
        var runner = new RotationRunner(secrets, vault, functions, readers, parts.Audit, keyring, entropy, time);
        rotation = new RotationEngine(store, runner, options.Rotation, time, log);
        parts.Audit.EventCounted = name =>
        {
            instruments.Meter.CountEvent(name);
            if (name is "RotationStarted" or "TestRotationStarted")
                rotation.Wake();
        };
        var authenticator = new SigV4Authenticator(identities, keyring, keys, new SigningKeyCache(time), parts.Uses);
        limiter = new Limiter(options.Limits, new RateTable(options.Limits.Rates, table, time), authenticator, instruments.Shed, time);
        instruments.Open(parts.Audit, keyring, health, limiter, parts.Sinks, parts.Senders);
        var pipeline = new RequestPipeline(
            new RequestRouter(table, regions),
            authenticator,
            parts.Audit,
            health,
            limiter,
            new LargeBodies(() => functionHost.IsOn),
            instruments.Meter,
            entropy,
            time,
            app.Services.GetRequiredService<ILogger<RequestPipeline>>());
        door.Open(pipeline.HandleAsync);
    }

    private WebIdentityAuthenticator NewWebIdentities(ServerOptions options, TimeProvider time)
    {
        var files = new IssuerFiles(options.OidcDirectory);
        var client = new IssuerClient(files, options.AllowPrivateOidcIssuers, time);
        return new WebIdentityAuthenticator(new IssuerKeyCache(files, client, time, log));
    }

    private async Task ListenAsync(ServerOptions options, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception e) when (ListenAddress.Refusal(e, options.Listen) is { } refusal)
        {
            throw refusal;
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        Endpoint = ListenAddress.PublicEndpoint(options, new Uri(bound));
        IsReadableOnNetwork = ListenAddress.IsReadableOnNetwork(options);
        DataDirectory.WritePrivate(directory.Endpoint, EndpointFile.Write(Endpoint, options, directory));
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options, Instruments instruments)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = RequestPipeline.MaxBodyBytes + 1;
        // Signed header bytes must come back exactly as they were on the wire. Source: IAM fact sheet 1.11.
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        var log = kestrel.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Strongroom.Tls");
        // Calls are small: who needs longer than this for one holds memory for nothing. Headers have Kestrel's 30 seconds.
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 4096, gracePeriod: TimeSpan.FromSeconds(10));
        var gate = new ConnectionGate(options.Limits.MaxConnections, instruments.Shed);
        ListenAddress.Apply(kestrel, options.Listen, _ => instruments.Certificate(log), gate);
    }

    private void BeginWork(ServerOptions options, TimeProvider time, Entropy entropy)
    {
        StartLine.Write(StartLog, options, directory, store.Place, parts!.Account, Endpoint, Metrics, instruments.CertificateExpiresAt);
        var (auditLog, audit, uses) = (parts!.Log, parts.Audit, parts.Uses);
        var keeping = new AuditJobs(auditLog, parts.Digests, options.AuditRetention, time);
        var purge = new PurgeJob(secrets, store, audit, entropy.NewGuid(), time);
        Start(SettleInterval, async ct => await audit.SettleAsync(ct), "audit settling", time);
        Start(DigestInterval, keeping.SignAsync, "signing of the audit log", time);
        Start(RollInterval, keeping.RollAsync, "closing of audit segments", time);
        Start(UsesInterval, uses.FlushAsync, "noting of uses", time);
        Start(PurgeInterval, purge.RunAsync, "purge", time);
        Start(KeyInterval, keyJobs!.RunAsync, "rotation and deletion of KMS keys", time);
        Start(ShedInterval, _ => { instruments.Shed.Record(audit); return Task.CompletedTask; }, "recording of shed requests", time);
        Start(SweepInterval, limiter!.SweepAsync, "forgetting of idle consumers", time);
        Start(ReplicationInterval, replicationJob!.RunAsync, "replication", time);
        jobs.Add(rotation!.RunAsync(stopping.Token));
        Start(FunctionInterval, operatorFunctions!.SweepAsync, "ending of idle functions", time);
        parts.Sinks.Run(stopping.Token);
        jobs.AddRange(parts.Senders.Run(stopping.Token));
        if (options.Backup.Directory is not null)
        {
            backupJob = new BackupJob(options, parts.Keyring, audit, entropy, time);
            Start(BackupInterval, backupJob.RunAsync, "backup", time);
        }

        if (parts.Senders.Destinations.Count > 0)
        {
            announcementJob = new AnnouncementJob(
                secrets, store, audit, () => instruments.ServedCertificate, new InstallationPlace(parts.FirstAccount, options.DefaultRegion), options.PurgeNotice, entropy.NewGuid(), time);
            Start(AnnouncementInterval, announcementJob.RunAsync, "announcements", time);
        }

        if (options.Telemetry.ExportsMetrics)
            Start(Observed.Interval, instruments.LookAsync, "observing", time);
        var segments = new SegmentJob(directory.AuditLog, () => auditLog.Segment, indexes, options.CompressAudit);
        Start(SegmentInterval, segments.RunAsync, "compression of the audit log", time);
    }

    // Watched, so that metrics tell when it last ran.
    private void Start(TimeSpan interval, Func<CancellationToken, Task> job, string name, TimeProvider time) =>
        jobs.Add(Periodically.RunAsync(interval, instruments.Jobs.Watch(name, job), name, time, log, stopping.Token));

    private ILogger StartLog => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(StartLine.Category);

    /// <summary>What there is once the root key is there.</summary>
    private sealed record Parts(Keyring Keyring, AuditLog Log, AuditDigests Digests, AuditSinks Sinks, NotificationSenders Senders, AuditTrail Audit, CredentialUses Uses, string Account, string FirstAccount);
}
