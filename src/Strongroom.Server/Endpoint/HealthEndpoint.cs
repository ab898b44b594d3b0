using Microsoft.AspNetCore.Http;
using Strongroom.Server.Audit;
using Strongroom.Storage;

namespace Strongroom.Server.Endpoint;

/// <summary>Answers <c>GET /health</c>: 200 while the store and the audit log take work, 503 with the reason otherwise.</summary>
internal sealed class HealthEndpoint(IControlStore store, AuditTrail audit)
{
    private volatile string? reason;

    public bool IsHealthy => reason is null;

    /// <summary>Called when a request met an outage; the next health check looks whether it is over.</summary>
    public void Report(string outage) => reason = outage;

    /// <summary>Whether a request asks for it: the path as it is written, which a comparison of paths would not heed.</summary>
    public static bool IsAsked(HttpRequest request) => string.Equals(request.Path.Value, "/health", StringComparison.Ordinal);

    /// <summary>Looks whether an outage is over; nobody else may ask.</summary>
    public async Task RefreshAsync(CancellationToken ct)
    {
        if (reason is not null)
            await ProbeAsync(ct);
    }

    /// <summary>Looks by itself, whether or not a request met an outage.</summary>
    /// <returns>Why no work is taken; null when it is.</returns>
    public async Task<string?> CheckAsync(CancellationToken ct)
    {
        await ProbeAsync(ct);
        return reason;
    }

    public async Task AnswerAsync(HttpContext http)
    {
        await RefreshAsync(http.RequestAborted);
        await AnswerAsync(http, reason);
    }

    /// <param name="now">Why no work is taken; null when it is.</param>
    public static async Task AnswerAsync(HttpContext http, string? now)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = "GET, HEAD";
            return;
        }

        http.Response.StatusCode = now is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "text/plain; charset=utf-8";
        await http.Response.WriteAsync((now ?? "ok") + "\n", http.RequestAborted);
    }

    // A durable write costs the disk something, so it is done only after a failure, not on every check.
    private async Task ProbeAsync(CancellationToken ct)
    {
        try
        {
            await store.ProbeAsync(ct);
            reason = audit.Accepts ? null : "The audit log can't be written. Free space or make it writable.";
        }
        catch (StoreUnavailableException e)
        {
            reason = e.Message;
        }
    }
}
