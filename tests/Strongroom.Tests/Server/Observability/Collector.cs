using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Strongroom.Tests.Server.Observability;

/// <summary>An OTLP collector over HTTP: keeps what it is sent.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly WebApplication app;

    private Collector(WebApplication app) => this.app = app;

    public ConcurrentQueue<(string Path, string ContentType, string Key, byte[] Body)> Received { get; } = [];

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<Collector> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var collector = new Collector(builder.Build());
        collector.app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            collector.Received.Enqueue((http.Request.Path, http.Request.ContentType ?? "", http.Request.Headers["x-key"].ToString(), body.ToArray()));
            http.Response.ContentType = "application/x-protobuf";
        });
        await collector.app.StartAsync();
        return collector;
    }

    /// <summary>All strings of all messages to a path. Protobuf has them as they are, so a search needs no schema.</summary>
    public string Text(string path) => string.Concat(Received.Where(r => r.Path == path).Select(r => Encoding.Latin1.GetString(r.Body)));

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
