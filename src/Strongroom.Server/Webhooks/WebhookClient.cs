using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Authentication;
using Strongroom.Server.Hosting;
using Strongroom.Server.Observability;

namespace Strongroom.Server.Webhooks;

/// <summary>
/// Posts signed bodies to one address that the operator configured. Follows no redirect, keeps no cookie, uses no proxy, and reads no answer's body:
/// whoever controls the receiver can neither point this server elsewhere nor fill its memory. Safe for concurrent use.
/// </summary>
internal sealed class WebhookClient : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly HttpClient http;
    private readonly Uri address;
    private readonly WebhookSigner signer;
    private readonly TimeProvider time;

    /// <param name="what">For messages.</param>
    /// <exception cref="Storage.StoreRefusedException">The secret or the authorities can't be read; the message says what to do.</exception>
    public WebhookClient(WebhookOptions options, string what, TimeProvider time)
    {
        (address, this.time) = (options.Address, time);
        var trust = options.CertificateAuthorities is { } file ? PeerTrust.Read(file, what) : null;
        signer = WebhookSigner.Open(options, what);
        var handler = PeerHandler.New(Limit, trust);
        handler.MaxResponseDrainSize = 4096;
        handler.ResponseDrainTimeout = TimeSpan.FromSeconds(1);
        // A receiver may move: its name is looked up again now and then.
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "Strongroom/" + ProductVersion.Text);
    }

    /// <returns>Null when it was accepted (2xx); else why not, in words without a path or query.</returns>
    public async Task<string?> PostAsync(ReadOnlyMemory<byte> body, string contentType, string delivery, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation(WebhookSigner.Header, signer.Sign(body.Span, time.GetUtcNow()));
        request.Headers.TryAddWithoutValidation("Strongroom-Delivery", delivery);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.IsSuccessStatusCode ? null : $"it answered {(int)answer.StatusCode}";
        }
        catch (HttpRequestException e)
        {
            return e.InnerException is { } inner and not IOException ? inner.Message : e.Message;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return $"it did not answer within {Limit.TotalSeconds} s";
        }
    }

    public void Dispose()
    {
        http.Dispose();
        signer.Dispose();
    }
}
