using Microsoft.AspNetCore.Http;
using Strongroom.Crypto;
using Strongroom.Protocol;

namespace Strongroom.Server.Endpoint;

/// <summary>
/// What Kestrel calls: the pipeline once the installation is open; until then a refusal that clients retry, and a health check that says what is
/// waited for.
/// </summary>
/// <remarks>Before the root key is there nobody can be authenticated, so these refusals tell a caller nothing and leave no audit record.</remarks>
internal sealed class FrontDoor(Entropy entropy)
{
    private volatile RequestDelegate? pipeline;
    private volatile bool isStopping;
    private volatile string reason = "The server is starting.";

    /// <summary>What the health check says while the door is closed. For the operator; no secret.</summary>
    public string Reason
    {
        get => reason;
        set => reason = value;
    }

    public void Open(RequestDelegate requests) => pipeline = requests;

    /// <summary>From now on the health check says so, for load balancers; calls are served as before.</summary>
    public void AnnounceStop() => isStopping = true;

    public Task HandleAsync(HttpContext http) => isStopping && HealthEndpoint.IsAsked(http.Request) ? HealthEndpoint.AnswerAsync(http, "stopping")
        : pipeline is { } open ? open(http)
        : HealthEndpoint.IsAsked(http.Request) ? HealthEndpoint.AnswerAsync(http, reason)
        : Refusal.SendAsync(http, FrameworkErrors.Unavailable(), entropy.NewGuid());
}
