using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Authentication;

namespace Strongroom.Server.Endpoint;

/// <summary>A target that has a text in denials. Secrets are printed as the caller wrote them, so that a denial never tells whether they exist.</summary>
internal interface INamedResource : IResource
{
    /// <summary>The text; null for actions without a resource, whose denials name none.</summary>
    string? RequestedId { get; }
}

/// <summary>A target whose denials have words of their own.</summary>
internal interface IOwnDenial : IResource
{
    ServiceException Deny(CallContext call, string action);
}

/// <summary>A KMS key, which grants open beside policies.</summary>
internal interface IGrantedResource : IResource
{
    /// <summary>How a grant that allows the action names the caller.</summary>
    PrincipalMatch GrantFor(Principal caller, string action);
}

internal static class AccessDenied
{
    /// <summary>AWS's denial, under the code and status of the call's protocol. Source: IAM fact sheet 3.6.</summary>
    public static ServiceException For<TTarget>(CallContext call, string action, TTarget target, Decision decision)
        where TTarget : IResource
    {
        if (target is IOwnDenial own)
            return own.Deny(call, action);
        var resource = (target as INamedResource)?.RequestedId is { } id ? $" on resource: {id}" : "";
        return With(call, $"User: {call.Caller.Principal.Arn} is not authorized to perform: {action}{resource} {decision.Reason(action)}");
    }

    public static PrincipalMatch GrantFor<TTarget>(CallContext call, string action, TTarget target)
        where TTarget : IResource => target is IGrantedResource granted ? granted.GrantFor(call.Caller.Principal, action) : PrincipalMatch.None;

    /// <summary>A denial in words of its own.</summary>
    public static ServiceException With(CallContext call, string message) => call.IsQuery
        ? new ServiceException("AccessDenied", message) { Status = 403 }
        : new ServiceException("AccessDeniedException", message) { Status = call.Rest is null ? 400 : 403 };

    /// <summary>Asks for a further permission that a call needs beside its own. Source: IAM fact sheet 4.3.</summary>
    /// <exception cref="ServiceException">AccessDenied.</exception>
    public static void Demand<TTarget>(CallContext call, string action, TTarget target)
        where TTarget : IResource
    {
        var caller = call.Caller;
        var request = new AccessRequest(caller.Principal, action, target, call.Facts) { Grant = GrantFor(call, action, target) };
        var decision = PolicyEvaluator.Evaluate(request, caller.Policies);
        if (!decision.IsAllowed)
            throw For(call, action, target, decision);
    }
}

/// <summary>The target of actions that name no resource: the caller's account itself.</summary>
internal sealed record AccountTarget(string Account) : IResource
{
    public string ResourceArn => "*";

    public ResourceKind Kind { get; init; } = ResourceKind.Ordinary;

    public static ValueTask<AccountTarget> Of(CallContext call) => new(new AccountTarget(call.Caller.Account));
}
