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
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Background;
using Strongroom.Server.Directories;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;
using Strongroom.Server.Sts;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>A running server: the composition root below the command line.</summary>
public sealed class StrongroomServer : IAsyncDisposable
{
    private static readonly TimeSpan SettleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromSeconds(30);

    private readonly DataDirectory directory;
    private readonly SqlStore store;
    private readonly ISecretStore secrets;
    private readonly Keyring keyring;
    private readonly AuditLog log;
    private readonly AuditTrail audit;
    private readonly WebApplication app;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> jobs = [];

    private StrongroomServer(
        DataDirectory directory, SqlStore store, ISecretStore secrets, Keyring keyring, AuditLog log, AuditTrail audit, WebApplication app, bool isNew,
        int recovered)
    {
        (this.directory, this.store, this.secrets, this.keyring, this.log, this.audit, this.app) = (directory, store, secrets, keyring, log, audit, app);
        (IsNew, RecoveredRecords) = (isNew, recovered);
    }

    /// <summary>Whether this start made the installation, or is the first that got as far as listening.</summary>
    public bool IsNew { get; }

    /// <summary>Audit records that an earlier crash had kept out of the log and this start put there.</summary>
    public int RecoveredRecords { get; }

    /// <summary>Whether other machines reach it over plain HTTP, which the operator has allowed.</summary>
    public bool IsReadableOnNetwork { get; private set; }

    /// <summary>Where the server listens, with the port it got.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The audit log's directory, for the purge of tests and messages.</summary>
    public DataDirectory Directory => directory;

    /// <summary>Opens everything, recovers from a crash if there was one, and begins to listen.</summary>
    /// <exception cref="StoreRefusedException">The data can't be opened; the message says what to do.</exception>
    /// <exception cref="Crypto.KeyProviders.SealException">The root key can't be had; the message says what to do.</exception>
    public static Task<StrongroomServer> StartAsync(
        ServerOptions options, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging, CancellationToken ct) =>
        StartAsync(options, time, entropy, logging, new NoRotationFunctions(), ct);

    internal static async Task<StrongroomServer> StartAsync(
        ServerOptions options, TimeProvider time, Entropy entropy, Action<ILoggingBuilder> logging, IRotationFunctions functions, CancellationToken ct)
    {
        ListenAddress.Check(options);
        var opened = new Stack<IDisposable>();
        try
        {
            var directory = Keep(opened, DataDirectory.Take(options.DataDirectory));
            var store = options.Store is null
                ? await SqlStore.OpenSqliteAsync(directory.Database, time, ct)
                : await SqlStore.OpenPostgresAsync(options.Store, time, ct);
            opened.Push(new Closing(store));
            var directories = new DirectoryCache(store);
            var secrets = new DirectoryTrackingStore(options.CacheBytes > 0 ? new CachingSecretStore(store, options.CacheBytes) : store, directories);
            var (keyring, isNew) = await Installation.OpenAsync(store, directory, options, entropy, time, ct);
            opened.Push(keyring);
            var log = Keep(opened, AuditLog.Open(directory.AuditLog));
            var audit = new AuditTrail(log, secrets, store, entropy);
            var recovered = await audit.RecoverAsync(ct);

            var app = Build(options, directory, store, secrets, directories, keyring, audit, time, entropy, functions, logging);
            var server = new StrongroomServer(
                directory, store, secrets, keyring, log, audit, app, isNew || !File.Exists(directory.Endpoint), recovered);
            opened.Push(new Closing(app));
            await ListenAsync(app, options, ct);
            server.BeginWork(options, time, entropy);
            return server;
        }
        catch
        {
            while (opened.TryPop(out var part))
                part.Dispose();
            throw;
        }
    }

    /// <summary>Completes when the token is cancelled or <see cref="DisposeAsync"/> has begun.</summary>
    public Task WaitForStopAsync(CancellationToken ct) => app.WaitForShutdownAsync(ct);

    /// <summary>Finishes requests in flight, then closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await stopping.CancelAsync();
        await Task.WhenAll(jobs);
        try
        {
            await audit.SettleAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException)
        {
            // What is not settled stays in the outbox for the next start.
        }

        await app.DisposeAsync();
        log.Dispose();
        await store.DisposeAsync();
        keyring.Dispose();
        directory.Dispose();
        stopping.Dispose();
    }

    private static WebApplication Build(
        ServerOptions options, DataDirectory directory, SqlStore store, ISecretStore secrets, DirectoryCache directories, Keyring keyring, AuditTrail audit, TimeProvider time,
        Entropy entropy, IRotationFunctions functions, Action<ILoggingBuilder> logging)
    {
        // Empty: no configuration files, no environment, nothing that could change behaviour from outside our own settings.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        logging(builder.Logging);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options, directory, time, entropy));
        if (options.Listen.StartsWith("https:", StringComparison.Ordinal))
            builder.WebHost.UseKestrelHttpsConfiguration();
        // The program that hosts us, which may be somebody's test process, decides what its signals mean.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));
        var app = builder.Build();

        var regions = new Regions(options.Regions);
        var keys = new KeyDirectory(store, keyring, time);
        var identities = new IamDirectories(directories, store);
        var table = new OperationTable(
            SecretsManagerOperations.All(secrets, keyring, keys, regions, functions, entropy),
            StsOperations.All(),
            IamOperations.All(identities, keyring, entropy));
        var pipeline = new RequestPipeline(
            new RequestRouter(table, regions),
            new SigV4Authenticator(identities, keyring, keys, new SigningKeyCache(time)),
            audit,
            new HealthEndpoint(store, audit),
            entropy,
            time,
            app.Services.GetRequiredService<ILogger<RequestPipeline>>());
        app.Run(pipeline.HandleAsync);
        return app;
    }

    private static async Task ListenAsync(WebApplication app, ServerOptions options, CancellationToken ct)
    {
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception e) when (ListenAddress.Refusal(e, options) is { } refusal)
        {
            throw refusal;
        }
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

    private void BeginWork(ServerOptions options, TimeProvider time, Entropy entropy)
    {
        var logger = app.Services.GetRequiredService<ILogger<StrongroomServer>>();
        var purge = new PurgeJob(secrets, store, audit, entropy.NewGuid(), time);
        jobs.Add(Periodically.RunAsync(SettleInterval, async ct => await audit.SettleAsync(ct), "audit settling", time, logger, stopping.Token));
        jobs.Add(Periodically.RunAsync(PurgeInterval, purge.RunAsync, "purge", time, logger, stopping.Token));
        var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        Endpoint = ListenAddress.PublicEndpoint(options, new Uri(bound));
        IsReadableOnNetwork = ListenAddress.IsReadableOnNetwork(options);
        DataDirectory.WritePrivate(directory.Endpoint, EndpointFile.Write(Endpoint, options, directory));
    }

    private static T Keep<T>(Stack<IDisposable> opened, T part)
        where T : IDisposable
    {
        opened.Push(part);
        return part;
    }

    private sealed class Closing(IAsyncDisposable part) : IDisposable
    {
        public void Dispose() => part.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
