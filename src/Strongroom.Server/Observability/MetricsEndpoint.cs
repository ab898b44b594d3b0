using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Server.Observability;

/// <summary>Answers <c>GET /metrics</c> at an address of its own, so that nobody who can reach the public door reads metrics there.</summary>
/// <remarks>A few connections and one collection at a time: whoever scrapes without pause gets the same answer again and costs little.</remarks>
internal sealed class MetricsEndpoint : IAsyncDisposable
{
    public const string Path = "/metrics";
    private const int MaxConnections = 16;

    private readonly WebApplication app;

    private MetricsEndpoint(WebApplication app, Uri address) => (this.app, Address) = (app, address);

    /// <summary>Where it listens, with the port it got.</summary>
    public Uri Address { get; }

    /// <exception cref="StoreRefusedException">The address can't be had, or others would read the metrics; the message says what to do.</exception>
    public static async Task<MetricsEndpoint> StartAsync(
        ServerOptions server, MeterProvider metrics, Func<Uri, TlsCertificate> certificate, CancellationToken ct)
    {
        var options = server.Telemetry;
        var token = ReadToken(options.MetricsTokenFile);
        ListenAddress.CheckMetrics(server);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, options.MetricsListen!, certificate));
        if (options.MetricsListen!.StartsWith("https:", StringComparison.Ordinal))
            builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.Use(next => http => Guard(http, next, token));
        app.UseOpenTelemetryPrometheusScrapingEndpoint(metrics, null, Path, null, null);
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception e)
        {
            await app.DisposeAsync();
            if (ListenAddress.Refusal(e, options.MetricsListen!, "metrics-listen") is { } refusal)
                throw refusal;
            throw;
        }

        var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new MetricsEndpoint(app, new Uri(bound));
    }

    public async ValueTask DisposeAsync()
    {
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
            await app.StopAsync(limit.Token);
        await app.DisposeAsync();
    }

    private static Task Guard(HttpContext http, RequestDelegate next, byte[]? token)
    {
        var status = http.Request.Path != Path ? HttpStatusCode.NotFound
            : !HttpMethods.IsGet(http.Request.Method) ? HttpStatusCode.MethodNotAllowed
            : token is not null && !IsAuthorized(http.Request, token) ? HttpStatusCode.Unauthorized
            : HttpStatusCode.OK;
        if (status == HttpStatusCode.OK)
            return next(http);
        http.Response.StatusCode = (int)status;
        if (status == HttpStatusCode.Unauthorized)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        return Task.CompletedTask;
    }

    private static bool IsAuthorized(HttpRequest request, byte[] token)
    {
        const string Scheme = "Bearer ";
        return request.Headers.Authorization is [{ } given] && given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(Digest(given[Scheme.Length..].Trim()), token);
    }

    // Digests, because a comparison of texts would tell their length.
    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private static byte[]? ReadToken(string? path)
    {
        if (path is null)
            return null;
        try
        {
            if ((File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
                throw new StoreRefusedException($"Other users can read the metrics token {path}. Run: chmod 600 {path}");
            var token = File.ReadAllText(path).Trim();
            return token.Length >= 16 ? Digest(token) : throw new StoreRefusedException($"The metrics token in {path} is shorter than 16 characters. Use for example: openssl rand -hex 32");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The metrics token can't be read: {e.Message}", e);
        }
    }

    private static void Configure(KestrelServerOptions kestrel, string listen, Func<Uri, TlsCertificate> certificate)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxRequestHeadersTotalSize = 8 << 10;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        ListenAddress.Apply(kestrel, listen, certificate);
    }
}
