using Microsoft.AspNetCore.Http;
using Strongroom.Protocol;

namespace Strongroom.Server.Endpoint;

/// <summary>Answers a request that nothing was read of but its headers.</summary>
internal static class Refusal
{
    /// <summary>Which of the protocols a request speaks, as its head tells.</summary>
    public static bool IsQuery(HttpRequest request) => !request.Headers.ContainsKey("X-Amz-Target") && !IsRest(request);

    private static bool IsRest(HttpRequest request) => request.Path.Value is { Length: > 1 } && !request.Headers.ContainsKey("X-Amz-Target");

    public static async Task SendAsync(HttpContext http, ServiceException error, Guid requestId)
    {
        using var answer = new ScrubbedBuffer();
        var (isQuery, isRest) = (IsQuery(http.Request), IsRest(http.Request));
        if (isRest)
            Encode.RestError(error, answer);
        else if (isQuery)
            Encode.QueryError(requestId, error, "", answer);
        else
            Encode.JsonError(error, answer);

        var response = http.Response;
        response.StatusCode = error.Status;
        response.ContentType = isQuery ? "text/xml" : isRest ? RequestPipeline.RestContentType : RequestPipeline.JsonContentType;
        if (isRest)
            response.Headers[RequestPipeline.ErrorType] = error.Code;
        response.Headers["x-amzn-RequestId"] = requestId.ToString();
        response.ContentLength = answer.Written.Length;
        await response.BodyWriter.WriteAsync(answer.Written, http.RequestAborted);
    }
}
