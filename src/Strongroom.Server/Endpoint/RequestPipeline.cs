using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Observability;
using Strongroom.Server.Quotas;
using Strongroom.Storage;

namespace Strongroom.Server.Endpoint;

/// <summary>The path of every request: receive, route, authenticate, run, answer. Nothing else calls an operation.</summary>
internal sealed partial class RequestPipeline(
    RequestRouter router, SigV4Authenticator authenticator, AuditTrail audit, HealthEndpoint health, Limiter limiter, LargeBodies largeBodies, ServerMeter meter, Entropy entropy, TimeProvider time, ILogger<RequestPipeline> log)
{
    /// <summary>Larger than any request of the services served, with room for JSON's escapes.</summary>
    public const int MaxBodyBytes = 1 << 20;

    internal const string JsonContentType = "application/x-amz-json-1.1";
    internal const string RestContentType = "application/json";

    /// <summary>The header in which REST services name their errors. Source: IAM fact sheet 9.1.</summary>
    internal const string ErrorType = "x-amzn-ErrorType";

    public async Task HandleAsync(HttpContext http)
    {
        if (HealthEndpoint.IsAsked(http.Request))
        {
            await health.AnswerAsync(http);
            return;
        }

        if (limiter.RefuseAtDoor(http) is { } refused)
        {
            await Refusal.SendAsync(http, refused, entropy.NewGuid());
            return;
        }

        // Asked for once: behind it are two features and a lock.
        var aborted = http.RequestAborted;
        var begun = meter.BeginCall();
        using var span = Spans.BeginCall(http.Request);
        var call = NewCall(http);
        using var answer = new ScrubbedBuffer();
        Route? route = null;
        string? failure = null;
        try
        {
            route = router.FindRest(http.Request, out var rest);                                                   // 2, where the path says it
            call.Rest = rest;
            var (maxBytes, place) = largeBodies.Admit(http, route);
            using var held = place;
            using var body = await RequestBody.ReadAsync(http.Request, maxBytes, aborted);                         // 1
            if (limiter.TryEnter())
            {
                try
                {
                    route ??= router.Find(http.Request, body.Bytes.Span);                                          // 2
                    await RunAsync(http, call, route, body.Bytes, answer, aborted);                                // 3 to 9
                }
                finally
                {
                    limiter.Leave(call.Consumer);
                }

                await SendAsync(http, call, route, call.Reply?.Status ?? StatusCodes.Status200OK, answer, aborted);
            }
            else
            {
                var error = limiter.Shed(ShedReason.Overload);
                failure = error.Code;
                await SendErrorAsync(http, call, route, error, answer);
            }
        }
        catch (ServiceException error)
        {
            failure = error.Code;
            if (error.Status == StatusCodes.Status413PayloadTooLarge && route?.Operation?.Path is { } path)
                error = new ServiceException(path.TooLargeCode, error.Message) { Status = error.Status, IsFrameworkError = true };
            if (route?.Operation is { IsUnsigned: true })
                limiter.Failed(http);
            await SendErrorAsync(http, call, route, error, answer);
        }
        catch (Exception error) when (error is OperationCanceledException or BadHttpRequestException or IOException && http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; there is nobody to answer.
            failure = CallTags.Gone;
            http.Abort();
        }
        catch (BadHttpRequestException error)
        {
            // Too slow or malformed on the wire: Kestrel's status, without its text.
            failure = "BadHttpRequest";
            http.Response.StatusCode = error.StatusCode;
            http.Response.Headers.Connection = "close";
        }
#pragma warning disable CA1031 // The rim: whatever is not a caller's error is an outage or a bug, and must not reach the caller as text.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failure = "InternalServiceError";
            if (error is StoreUnavailableException or AuditUnavailableException)
                health.Report(error.Message);
            Log.Failed(log, call.RequestId, route?.Name.Name ?? "?", error.GetType().Name, error is StoreUnavailableException or AuditUnavailableException ? error.Message : error.StackTrace ?? "");
            if (route is not null && error is not AuditUnavailableException)
                RecordOutage(call, route);
            await SendErrorAsync(http, call, route, FrameworkErrors.Internal(), answer);
        }

        var (tags, status) = (route?.Operation?.Tags ?? CallTags.Unknown, failure is CallTags.Gone ? 499 : http.Response.StatusCode);
        meter.EndCall(begun, tags, failure, status);
        Spans.EndCall(span, tags, call.RequestId, failure, status);
    }

    private async ValueTask RunAsync(HttpContext http, CallContext call, Route route, ReadOnlyMemory<byte> body, ScrubbedBuffer answer, CancellationToken ct)
    {
        if (route.Operation is null)
            throw Recorded(call, route, route.Error!);
        if (!route.IsRest && http.Request.Path != "/")
            throw Recorded(call, route, FrameworkErrors.UnknownOperation());
        if (route.XmlNamespace is not null)
            (call.IsQuery, call.QueryText) = (true, QueryText.Of(http.Request, body.Span));
        if (!route.Operation.IsUnsigned)
            await AuthenticateAsync(http, call, route, body, ct);
        if (limiter.Admit(http, call, route.Operation) is { } refused)
            throw Recorded(call, route, refused);
        await route.Operation.RunAsync(call, body, audit, answer, ct);
    }

    private async ValueTask AuthenticateAsync(HttpContext http, CallContext call, Route route, ReadOnlyMemory<byte> body, CancellationToken ct)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var result = await authenticator.AuthenticateAsync(
            http.Request.Method, target, new KestrelHeaders(http.Request.Headers), body, route.Options, call.Now, ct);
        call.ClaimedAccessKeyId = result.Claims.AccessKeyId is { Length: > 0 } id ? id : null;
        if (result.Caller is null)
        {
            limiter.Failed(http);
            var error = SigV4Failures.Describe(result.Failure, result.Claims, route.Options, call.Now);
            throw Recorded(call, route, new ServiceException(error.Code, error.Message)
            {
                // Source: answers of Lambda and other REST services to unsigned and wrongly signed calls, which are 403 where JSON services say 400.
                Status = route.IsRest ? StatusCodes.Status403Forbidden : error.HttpStatus,
                IsFrameworkError = true,
            });
        }

        call.VerifiedCaller = result.Caller;
        call.Region = result.Claims.Region;
    }

    // Refused before it reached an operation: that is audited too.
    private ServiceException Recorded(CallContext call, Route route, ServiceException error)
    {
        audit.RecordFailure<object>(call, route.Name, null, null, error);
        return error;
    }

    private void RecordOutage(CallContext call, Route route)
    {
        try
        {
            Recorded(call, route, FrameworkErrors.Internal());
        }
        catch (AuditUnavailableException error)
        {
            // The caller gets the same error and learns nothing; /health says why there is no record.
            health.Report(error.Message);
        }
    }

    private CallContext NewCall(HttpContext http)
    {
        var now = time.GetUtcNow();
        // Asked for only where it can be: over plain HTTP the search through all features finds nothing.
        var tls = http.Request.IsHttps ? http.Features.Get<ITlsHandshakeFeature>() : null;
        return new CallContext
        {
            RequestId = entropy.NewGuid(),
            Now = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero),
            SourceIp = http.Connection.RemoteIpAddress?.ToString() ?? "",
            UserAgent = http.Request.Headers.UserAgent is { Count: > 0 } agent ? agent.ToString() : null,
            Host = http.Request.Host.Value,
            Tls = tls is null ? null : (TlsName(tls), tls.NegotiatedCipherSuite?.ToString() ?? ""),
        };
    }

    private static string TlsName(ITlsHandshakeFeature tls) =>
        tls.Protocol.ToString() == "Tls13" ? "TLSv1.3" : "TLSv1.2";

    private static async Task SendErrorAsync(HttpContext http, CallContext call, Route? route, ServiceException error, ScrubbedBuffer answer)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        answer.Clear();
        call.Reply = null;
        if (route is { IsRest: true })
        {
            if (error.Code == "InternalServiceError")
                error = new ServiceException("ServiceException", error.Message) { Status = error.Status };
            http.Response.Headers[ErrorType] = error.Code;
            Encode.RestError(error, answer);
        }
        else if (route?.XmlNamespace is { } ns)
            Encode.QueryError(call.RequestId, error, ns, answer);
        else
            Encode.JsonError(error, answer);
        if (error.Status == StatusCodes.Status413PayloadTooLarge)
            http.Response.Headers.Connection = "close";
        await SendAsync(http, call, route, error.Status, answer, http.RequestAborted);
    }

    private static async Task SendAsync(HttpContext http, CallContext call, Route? route, int status, ScrubbedBuffer answer, CancellationToken ct)
    {
        var response = http.Response;
        response.StatusCode = status;
        response.ContentType = route is { IsRest: true } ? RestContentType : route?.XmlNamespace is null ? JsonContentType : "text/xml";
        response.Headers["x-amzn-RequestId"] = call.RequestId.ToString();
        if (call.Reply is { } reply)
        {
            foreach (var (name, value) in reply.Headers)
                response.Headers[name] = value;
        }

        if (status == StatusCodes.Status204NoContent)
        {
            response.ContentType = null;
            return;
        }

        response.ContentLength = answer.Written.Length;
        await response.BodyWriter.WriteAsync(answer.Written, ct);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "Request {RequestId} {Operation} failed: {Kind}: {Detail}")]
        public static partial void Failed(ILogger log, Guid requestId, string operation, string kind, string detail);
    }
}

/// <summary>A request's raw bytes in a pooled buffer that is zeroed afterwards: they may hold a secret.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly byte[] buffer;
    private readonly int length;

    private RequestBody(byte[] buffer, int length) => (this.buffer, this.length) = (buffer, length);

    public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

    /// <exception cref="ServiceException">The body is larger than allowed; it has not been read to its end.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpRequest request, int maxBytes, CancellationToken ct)
    {
        if (request.ContentLength > maxBytes)
            throw FrameworkErrors.TooLarge(maxBytes);
        var reader = request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(ct);
            var bytes = result.Buffer;
            if (bytes.Length > maxBytes)
            {
                reader.AdvanceTo(bytes.End);
                throw FrameworkErrors.TooLarge(maxBytes);
            }

            if (result.IsCompleted)
            {
                var copy = System.Buffers.ArrayPool<byte>.Shared.Rent((int)Math.Max(1, bytes.Length));
                System.Buffers.BuffersExtensions.CopyTo(bytes, copy);
                var length = (int)bytes.Length;
                reader.AdvanceTo(bytes.End);
                return new RequestBody(copy, length);
            }

            reader.AdvanceTo(bytes.Start, bytes.End);
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(buffer.AsSpan(0, length));
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
    }
}
