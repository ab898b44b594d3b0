using Microsoft.AspNetCore.Http;
using Strongroom.Protocol;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Observability;

namespace Strongroom.Server.Quotas;

/// <summary>What a request passes before an operation sees it: at the door, once its body is here, and once its caller is known. See docs/compatibility/quotas.md.</summary>
internal sealed class Limiter(LimitOptions options, RateTable rates, SigV4Authenticator authenticator, ShedCounts shed, TimeProvider time)
{
    private readonly Admission admission = new(options.MaxInFlight);
    private readonly Consumers consumers = new(rates, time);
    private readonly Sources? sources = options.AuthenticationFailures is { } rate ? new Sources(rate, time) : null;

    public int InFlight => admission.InFlight;

    public int ConsumerCount => consumers.Count;

    /// <summary>Before the body is read. Null to go on; what is refused here leaves no record of its own, but is counted.</summary>
    public ServiceException? RefuseAtDoor(HttpContext http)
    {
        if (sources is not null && sources.IsRefused(http.Connection.RemoteIpAddress))
        {
            shed.Count(ShedReason.FailedAuthentications);
            return FrameworkErrors.Throttled(Refusal.IsQuery(http.Request));
        }

        if (!admission.IsBusy)
            return null;
        return admission.IsFull || (ClaimedConsumer(http.Request) is { } claimed && admission.WouldRefuse(claimed.InFlight)) ? Shed(ShedReason.Overload) : null;
    }

    public bool TryEnter() => admission.TryEnter();

    public ServiceException Shed(ShedReason reason)
    {
        shed.Count(reason);
        return FrameworkErrors.Unavailable();
    }

    /// <summary>Once the caller is known: its part of the slots, and its rates. Null to go on.</summary>
    public ServiceException? Admit(HttpContext http, CallContext call, OperationEntry operation)
    {
        var (consumer, held) = call.VerifiedCaller is { } caller ? consumers.Enter(caller) : consumers.Enter(http.Connection.RemoteIpAddress);
        call.Consumer = consumer;
        if (!admission.IsFairShare(held))
        {
            shed.Tell(ShedReason.Share);
            return FrameworkErrors.Unavailable();
        }

        if (rates.IsEmpty || rates.TryTake(consumer, operation, time.GetTimestamp()))
            return null;
        // Source: KMS Developer Guide, "Throttling AWS KMS requests".
        if (call.Rest is not null)
            return FrameworkErrors.TooManyRequests();
        return operation.Name.Service == "kms"
            ? FrameworkErrors.Throttled(isQuery: false, "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
            : FrameworkErrors.Throttled(call.IsQuery);
    }

    /// <param name="consumer">Null when the call ended before it was known.</param>
    public void Leave(Consumer? consumer)
    {
        consumer?.Leave();
        admission.Leave();
    }

    public void Failed(HttpContext http) => sources?.Failed(http.Connection.RemoteIpAddress);

    /// <summary>A background job: forgets who has not been here for a while.</summary>
    public Task SweepAsync(CancellationToken ct)
    {
        consumers.Sweep();
        sources?.Sweep();
        return Task.CompletedTask;
    }

    // Nobody has proved anything yet: the id says whose requests to look at, which all are verified, and what is found there can only shed this request.
    private Consumer? ClaimedConsumer(HttpRequest request)
    {
        const string Mark = "Credential=";
        if (request.Headers.Authorization is not [{ } authorization])
            return null;
        var from = authorization.IndexOf(Mark, StringComparison.Ordinal);
        if (from < 0)
            return null;
        var id = authorization.AsSpan(from + Mark.Length);
        return id.IndexOf('/') is var end and > 0 ? authenticator.FindClaimed(id[..end])?.Consumer : null;
    }
}
