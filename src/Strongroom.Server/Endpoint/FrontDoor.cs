using Microsoft.AspNetCore.Http;
using Strongroom.Crypto;
using Strongroom.Protocol;

namespace Strongroom.Server.Endpoint;

/// <summary>
/// What Kestrel calls: the pipeline once the installation is open; until then a refusal that clients retry, and a health check that says what is
/// waited for.
/// </summary>
/// <remarks>Before the root key is there nobody can be authenticated, so these refusals tell a caller nothing and leave no audit record.</remarks>
internal sealed class FrontDoor(Entropy entropy, TimeProvider time)
{
    private volatile RequestDelegate? pipeline;
    private volatile string reason = "The server is starting.";

    /// <summary>What the health check says while the door is closed. For the operator; no secret.</summary>
    public string Reason
    {
        get => reason;
        set => reason = value;
    }

    public void Open(RequestDelegate requests) => pipeline = requests;

    public Task HandleAsync(HttpContext http) => pipeline is { } open ? open(http)
        : HealthEndpoint.IsAsked(http.Request) ? HealthEndpoint.AnswerAsync(http, reason)
        : RefuseAsync(http);

    private async Task RefuseAsync(HttpContext http)
    {
        var call = new CallContext { RequestId = entropy.NewGuid(), Now = time.GetUtcNow(), SourceIp = "" };
        var error = FrameworkErrors.Unavailable();
        using var answer = new ScrubbedBuffer();
        var isJson = http.Request.Headers.ContainsKey("X-Amz-Target");
        if (isJson)
            Encode.JsonError(error, answer);
        else
            Encode.QueryError(call, error, "", answer);

        var response = http.Response;
        response.StatusCode = error.Status;
        response.ContentType = isJson ? RequestPipeline.JsonContentType : "text/xml";
        response.Headers["x-amzn-RequestId"] = call.RequestId.ToString();
        response.ContentLength = answer.Written.Length;
        await response.BodyWriter.WriteAsync(answer.Written, http.RequestAborted);
    }
}
