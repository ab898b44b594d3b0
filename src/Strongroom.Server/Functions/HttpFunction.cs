using System.Buffers;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Observability;
using Strongroom.Server.Rotation;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Functions;

/// <summary>Where a function is reached that speaks Lambda's Invoke API, and how.</summary>
internal sealed record HttpFunctionOptions
{
    /// <summary>The whole address of its invocations: https, or http on this machine.</summary>
    public required Uri Address { get; init; }

    /// <summary>Region and credentials to sign with, read anew for each call; null to send requests unsigned.</summary>
    public (string Region, InvokerCredentials Credentials)? Signing { get; init; }

    /// <summary>For the whole call.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>PEM file with the authorities that the certificate may come from; null for the system's.</summary>
    public string? CertificateAuthorities { get; init; }
}

/// <summary>
/// Calls functions over HTTP. Follows no redirect, keeps no cookie, uses no proxy and bounds what it reads. The address is the operator's alone: who owns secrets
/// chooses a function's name, never where it is. Safe for concurrent use. Source: IAM fact sheet 9.1, 9.5.
/// </summary>
internal sealed class HttpFunction : IRotationFunction, IDisposable
{
    /// <summary>Source: Lambda quotas, synchronous payloads.</summary>
    private const int MaxAnswerBytes = 6 << 20;

    private readonly HttpFunctionOptions options;
    private readonly StepSecrets secrets;
    private readonly TimeProvider time;
    private readonly HttpClient http;

    /// <exception cref="Storage.StoreRefusedException">The authorities can't be read; the message says what to do.</exception>
    public HttpFunction(HttpFunctionOptions options, string name, StepSecrets secrets, TimeProvider time)
    {
        (this.options, this.secrets, this.time) = (options, secrets, time);
        var handler = PeerHandler.New(WebhookClient.Limit, options.CertificateAuthorities is { } file ? PeerTrust.Read(file, $"the function '{name}'") : null);
        handler.MaxResponseHeadersLength = 64;
        // None is used again: a step is run seldom, and would fail when its end is closed just then.
        handler.PooledConnectionLifetime = TimeSpan.Zero;
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.TryAddWithoutValidation("User-Agent", "Strongroom/" + ProductVersion.Text);
    }

    public async Task<StepResult> InvokeAsync(RotationEvent step, CancellationToken ct)
    {
        using var redaction = await secrets.OpenAsync(step, ct);
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var request = Request(step, redaction);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var body = await ReadAsync(answer, either.Token);
            await redaction.CompleteAsync(ct);
            return Read(answer, body, redaction);
        }
        catch (HttpRequestException e)
        {
            return new StepResult($"The function can't be reached: {(e.InnerException is { } inner and not IOException ? inner.Message : e.Message)}");
        }
        catch (IOException e)
        {
            return new StepResult($"The function's answer can't be read: {e.Message}");
        }
        catch (CredentialsException e)
        {
            return new StepResult(e.Message);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new StepResult($"The function did not answer within {options.Timeout.TotalSeconds:0} seconds.");
        }
    }

    public void Dispose() => http.Dispose();

    private HttpRequestMessage Request(RotationEvent step, Redaction redaction)
    {
        var body = step.ToJson();
        var now = time.GetUtcNow();
        List<KeyValuePair<string, string>> headers =
        [
            new("host", options.Address.Authority), new("content-type", "application/json"), new("x-amz-date", SigV4Timestamp.Format(now)),
            new("x-amz-invocation-type", "RequestResponse"), new("x-amz-log-type", "Tail"),
        ];
        var request = new HttpRequestMessage(HttpMethod.Post, options.Address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");
        if (options.Signing is var (region, source))
        {
            var credentials = source.Read();
            redaction.Add(credentials.SecretAccessKey);
            redaction.Add(credentials.SessionToken);
            if (credentials.SessionToken is { } token)
                headers.Add(new("x-amz-security-token", token));
            request.Headers.TryAddWithoutValidation(
                "Authorization", SigV4Signer.Sign("POST", options.Address.PathAndQuery, headers, body, credentials, region, "lambda", now));
        }

        foreach (var (name, value) in headers.Skip(2))
            request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static StepResult Read(HttpResponseMessage answer, ReadOnlySpan<byte> body, Redaction redaction)
    {
        var output = Header(answer, "X-Amz-Log-Result") is { } log ? Decode(log, redaction) : "";
        if (answer.StatusCode == HttpStatusCode.OK)
            return StepAnswer.Read(body, Header(answer, "X-Amz-Function-Error") is not null, output, redaction);
        // Also other 2xx: they are no answers to a synchronous invocation.
        var type = Header(answer, "x-amzn-ErrorType")?.Split(':')[0];
        var told = Encoding.UTF8.GetString(body.Length > 512 ? body[..512] : body);
        return new StepResult(StepAnswer.Shown($"The function's address answered {(int)answer.StatusCode} {type} {told}".TrimEnd(), redaction), output);
    }

    private static string Decode(string log, Redaction redaction)
    {
        var bytes = new byte[log.Length];
        // Its end of a longer log, as Lambda cuts it.
        return Convert.TryFromBase64String(log, bytes, out var length) ? redaction.Apply(bytes.AsSpan(0, length), isCut: true) : "";
    }

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.First() : null;

    /// <exception cref="IOException">Too much.</exception>
    private static async Task<byte[]> ReadAsync(HttpResponseMessage answer, CancellationToken ct)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var body = new ArrayBufferWriter<byte>(1024);
        while (await stream.ReadAsync(body.GetMemory(1024), ct) is > 0 and var read)
        {
            body.Advance(read);
            if (body.WrittenCount > MaxAnswerBytes)
                throw new IOException($"it is larger than {MaxAnswerBytes} bytes.");
        }

        return body.WrittenSpan.ToArray();
    }
}
