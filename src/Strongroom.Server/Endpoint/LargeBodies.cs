using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Strongroom.Protocol;

namespace Strongroom.Server.Endpoint;

/// <summary>
/// Lets requests that carry code be larger than others, while functions are on. A body is held in memory before its sender is known, so only few are taken
/// in at once, and who is slow loses its place: others could then put no code, but everything else goes on. Safe for concurrent use.
/// </summary>
/// <param name="isOn">Whether functions are run here.</param>
internal sealed class LargeBodies(Func<bool> isOn)
{
    /// <summary>A package of 16 MiB as base64, and the rest of its request.</summary>
    public const int MaxBytes = (Functions.FunctionPackage.MaxZipBytes / 3 * 4) + (1 << 20);

    private const int MaxAtOnce = 2;

    private int inFlight;

    /// <returns>How large the body may be, and the place that it has until it is disposed; null for one that needs none.</returns>
    /// <exception cref="ServiceException">As many are here as may be.</exception>
    public (int MaxBytes, IDisposable? Place) Admit(HttpContext http, Route? route)
    {
        if (route?.Operation?.Path is not { HasCode: true } || http.Request.ContentLength <= RequestPipeline.MaxBodyBytes || !isOn())
            return (RequestPipeline.MaxBodyBytes, null);
        if (Interlocked.Increment(ref inFlight) > MaxAtOnce)
        {
            Interlocked.Decrement(ref inFlight);
            // Nobody will read it.
            http.Response.Headers.Connection = "close";
            throw FrameworkErrors.TooManyRequests();
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = MaxBytes + 1;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = new MinDataRate(bytesPerSecond: 64 << 10, gracePeriod: TimeSpan.FromSeconds(5));
        return (MaxBytes, new Place(this));
    }

    private sealed class Place(LargeBodies bodies) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref bodies.inFlight);
    }
}
