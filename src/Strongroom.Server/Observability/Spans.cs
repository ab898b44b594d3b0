using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Strongroom.Server.Observability;

/// <summary>Spans of calls and of what they wait for. Free while nobody listens.</summary>
/// <remarks>A span says what was called and how it ended: never a secret's name or value, an ARN, a principal or an access key.</remarks>
internal static class Spans
{
    public const string SourceName = "Strongroom";

    private static readonly ActivitySource Source = new(SourceName, ProductVersion.Text);

    /// <summary>The span of a call, under the caller's own when the header <c>traceparent</c> names it.</summary>
    /// <remarks>The headers <c>tracestate</c> and <c>baggage</c> are not read: they are free text from a caller that nobody has verified yet.</remarks>
    public static Activity? BeginCall(HttpRequest request)
    {
        if (!Source.HasListeners())
            return null;
        var parent = default(ActivityContext);
        if (request.Headers.TryGetValue("traceparent", out var header) && header is [{ Length: <= 128 } text])
            ActivityContext.TryParse(text, null, isRemote: true, out parent);
        return Source.StartActivity(CallTags.Unknown.SpanName, ActivityKind.Server, parent);
    }

    /// <param name="code">AWS's error code; null for a call that succeeded.</param>
    public static void EndCall(Activity? span, CallTags tags, Guid requestId, string? code, int status)
    {
        if (span is null)
            return;
        span.DisplayName = tags.SpanName;
        if (!span.IsAllDataRequested)
            return;
        span.SetTag("rpc.system", "aws-api");
        span.SetTag("rpc.service", tags.Service);
        span.SetTag("rpc.method", tags.Operation);
        span.SetTag("aws.request_id", requestId.ToString());
        span.SetTag("http.response.status_code", status);
        if (code is null)
            return;
        span.SetTag("error.type", code);
        // A caller's error is not ours. Source: OpenTelemetry, semantic conventions of HTTP spans, status.
        if (status >= 500)
            span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>A part of a call, or of a job, that waits for something: one of our own names.</summary>
    public static Activity? Begin(string name, ActivityKind kind = ActivityKind.Internal) => Source.HasListeners() ? Source.StartActivity(name, kind) : null;

    /// <summary>Names the kind of what went wrong; its message may quote what it must not.</summary>
    public static void Fail(Activity? span, Exception error)
    {
        span?.SetTag("error.type", error.GetType().Name);
        span?.SetStatus(ActivityStatusCode.Error);
    }
}
