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
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Background;
using Strongroom.Server.Directories;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.Kms;
using Strongroom.Server.Oidc;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;
using Strongroom.Server.Strongroom;
using Strongroom.Server.Sts;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>A running server: the composition root below the command line.</summary>
public sealed class StrongroomServer : IAsyncDisposable
{
    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UsesInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeyInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReplicationInterval = TimeSpan.FromSeconds(30);

    private readonly DataDirectory directory;
    private readonly SqlStore store;
    private readonly ISecretStore secrets;
    private readonly DirectoryCache directories;
    private readonly FrontDoor door;
    private readonly WebApplication app;
    private readonly ILogger log;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> jobs = [];
    private Parts? parts;
    private KeyJobs? keyJobs;
    private ReplicationJob? replicationJob;
    private bool disposed;

    private StrongroomServer(
        DataDirectory directory, SqlStore store, ISecretStore secrets, DirectoryCache directories, FrontDoor door, WebApplication app)
    {
        (this.directory, this.store, this.secrets, this.directories, this.door, this.app) = (directory, store, secrets, directories, door, app);
        log = app.Services.GetRequiredService<ILogger<StrongroomServer>>();
    }

    /// <summary>Whether this start made the installation, or is the first that got as far as listening. Known once <see cref="Opened"/>.</summary>
    public bool IsNew { get; private set; }

    /// <summary>Audit records that an earlier crash had kept out of the log and this start put there. Known once <see cref="Opened"/>.</summary>
    public int RecoveredRecords { get; private set; }

    /// <summary>Completes once calls are served: at once, or when a seal that was out of reach at start is back.</summary>
    /// <exception cref="SealException">The seal came back and is a wrong one; the message says what to do. The server serves no calls.</exception>
    public Task Opened { get; private set; } = Task.CompletedTask;

    /// <summary>What is waited for, in words for the operator, while <see cref="Opened"/> is not complete.</summary>
    public string WaitsFor => door.Reason;

    /// <summary>Whether other machines reach it over plain HTTP, which the operator has allowed.</summary>
    public bool IsReadableOnNetwork { get; private set; }

    /// <summary>Where the server listens, with the port it got.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The audit log's directory, for the purge of tests and messages.</summary>
    public DataDirectory Directory => directory;

    /// <summary>What tests put identities through that no operation makes yet, and look at: the store that keeps the directories' cache honest.</summary>
    internal ISecretStore Secrets => secrets;

    internal IamDirectories Identities => new(directories, store);

    internal CredentialUses Uses => parts!.Uses;

    internal ReplicationJob Replication => replicationJob!;

    /// <summary>Opens everything, recovers from a crash if there was one, and begins to listen. When the seal is out of reach it listens
    /// all the same, refuses calls with an error that clients retry, and goes on by itself: see <see cref="Opened"/>.</summary>
    /// <exception cref="StoreRefusedException">The data can't be opened; the message says what to do.</exception>
    /// <exception cref="SealException">The root key can't be had; the message says what to do.</exception>
    public static Task<StrongroomServer> StartAsync(
        ServerOptions options, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging, CancellationToken ct) =>
        StartAsync(options, time, entropy, logging, new NoRotationFunctions(), ct);

    internal static async Task<StrongroomServer> StartAsync(
        ServerOptions options, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging, IRotationFunctions functions, CancellationToken ct)
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
            var secrets = new DirectoryTrackingStore(options.CacheBytes > 0 ? new CachingSecretStore(store, options.CacheBytes) : store, directories);
            var door = new FrontDoor(entropy, time);
            server = new StrongroomServer(directory, store, secrets, directories, door, Build(options, directory, door, time, entropy, logging));
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

    /// <summary>Finishes requests in flight, then closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
            return;
        await app.StopAsync();
        await stopping.CancelAsync();
        await Opened.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // its failure is for whoever waits for it
        await Task.WhenAll(jobs);
        try
        {
            if (parts is not null)
            {
                await parts.Uses.FlushAsync(CancellationToken.None);
                await parts.Audit.SettleAsync(CancellationToken.None);
            }
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException)
        {
            // What is not settled stays in the outbox for the next start.
        }

        await app.DisposeAsync();
        parts?.Log.Dispose();
        await store.DisposeAsync();
        parts?.Keyring.Dispose();
        directory.Dispose();
        stopping.Dispose();
    }

    private static WebApplication Build(
        ServerOptions options, DataDirectory directory, FrontDoor door, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging)
    {
        // Empty: no configuration files, no environment, nothing that could change behaviour from outside our own settings.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging(builder.Logging);
        // While anything listens, this one makes an activity and a log scope for each request: 800 bytes. Nothing of ours reads them.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, directory, time, entropy));
        if (options.Listen.StartsWith("https:", StringComparison.Ordinal))
            builder.WebHost.UseKestrelHttpsConfiguration();
        // The program that hosts us, which may be somebody's test process, decides what its signals mean.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        var app = builder.Build();
        app.Run(door.HandleAsync);
        return app;
    }

    /// <summary>Opens, then listens; or, when the seal is out of reach, listens first and opens when it is back.</summary>
    private async Task BeginAsync(ServerOptions options, TimeProvider time, Entropy entropy, IRotationFunctions functions, CancellationToken ct)
    {
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
            Opened = SealRetry.RunAsync(OpenAsync, reason => door.Reason = reason, () => BeginWork(time, entropy), e, time, log, stopping.Token);
            return;
        }

        await ListenAsync(options, ct);
        BeginWork(time, entropy);
    }

    private async Task OpenPartsAsync(ServerOptions options, TimeProvider time, Entropy entropy, IRotationFunctions functions, CancellationToken ct)
    {
        var (keyring, isNew) = await Installation.OpenAsync(store, directory, options, entropy, time, ct);
        AuditLog? auditLog = null;
        try
        {
            auditLog = AuditLog.Open(directory.AuditLog);
            var audit = new AuditTrail(auditLog, secrets, store, entropy);
            RecoveredRecords = await audit.RecoverAsync(ct);
            parts = new Parts(keyring, auditLog, audit, new CredentialUses(store));
            IsNew = isNew;
        }
        catch
        {
            auditLog?.Dispose();
            keyring.Dispose();
            throw;
        }

        var regions = new Regions(options.Regions);
        var identities = new IamDirectories(directories, store);
        var keys = new KeyDirectory(directories, identities, store, store, secrets, keyring, time);
        keyJobs = new KeyJobs(keys, store, store, parts.Audit, keyring, entropy.NewGuid(), time);
        var vault = new SecretVault(secrets, keyring, new SecretKeys(keys, keyring));
        replicationJob = new ReplicationJob(secrets, store, vault, parts.Audit, entropy.NewGuid(), time);
        var table = new OperationTable(
            SecretsManagerOperations.All(secrets, keyring, keys, regions, functions, new PolicyPrincipals(identities), entropy),
            KmsOperations.All(keys, identities, keyring, entropy),
            StsOperations.All(identities, new SessionIssuer(keyring, entropy), NewWebIdentities(options, time)),
            IamOperations.All(identities, store, parts.Uses, keys, keyring, entropy),
            StrongroomOperations.All(identities, secrets, directory.AuditLog, store, keys, regions, keyring, entropy));
        var pipeline = new RequestPipeline(
            new RequestRouter(table, regions),
            new SigV4Authenticator(identities, keyring, keys, new SigningKeyCache(time), parts.Uses),
            parts.Audit,
            new HealthEndpoint(store, parts.Audit),
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
        catch (Exception e) when (ListenAddress.Refusal(e, options) is { } refusal)
        {
            throw refusal;
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        Endpoint = ListenAddress.PublicEndpoint(options, new Uri(bound));
        IsReadableOnNetwork = ListenAddress.IsReadableOnNetwork(options);
        DataDirectory.WritePrivate(directory.Endpoint, EndpointFile.Write(Endpoint, options, directory));
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options, DataDirectory directory, TimeProvider time, Entropy entropy)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = RequestPipeline.MaxBodyBytes + 1;
        // Signed header bytes must come back exactly as they were on the wire. Source: IAM fact sheet 1.11.
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        var log = kestrel.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Strongroom.Tls");
        ListenAddress.Apply(kestrel, options, uri => Tls.Open(options, directory, uri, time, entropy, log));
    }

    private void BeginWork(TimeProvider time, Entropy entropy)
    {
        var (audit, uses) = (parts!.Audit, parts.Uses);
        var purge = new PurgeJob(secrets, store, audit, entropy.NewGuid(), time);
        jobs.Add(Periodically.RunAsync(SettleInterval, async ct => await audit.SettleAsync(ct), "audit settling", time, log, stopping.Token));
        jobs.Add(Periodically.RunAsync(UsesInterval, uses.FlushAsync, "noting of uses", time, log, stopping.Token));
        jobs.Add(Periodically.RunAsync(PurgeInterval, purge.RunAsync, "purge", time, log, stopping.Token));
        jobs.Add(Periodically.RunAsync(KeyInterval, keyJobs!.RunAsync, "rotation and deletion of KMS keys", time, log, stopping.Token));
        jobs.Add(Periodically.RunAsync(ReplicationInterval, replicationJob!.RunAsync, "replication", time, log, stopping.Token));
    }

    /// <summary>What there is once the root key is there.</summary>
    private sealed record Parts(Keyring Keyring, AuditLog Log, AuditTrail Audit, CredentialUses Uses);

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
