using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Authentication;

namespace Strongroom.Server.Endpoint;

/// <summary>A target that is printed in denials as the caller wrote it, so that a denial never tells whether it exists.</summary>
internal interface INamedResource : IResource
{
    /// <summary>The id as sent; null for actions without a resource, whose denials name none.</summary>
    string? RequestedId { get; }
}

internal static class AccessDenied
{
    /// <summary>AWS's denial. Source: IAM fact sheet 3.6.</summary>
    public static ServiceException For<TTarget>(Caller caller, string action, TTarget target, Decision decision)
        where TTarget : IResource
    {
        var resource = (target as INamedResource)?.RequestedId is { } id ? $" on resource: {id}" : "";
        return new ServiceException(
            "AccessDeniedException",
            $"User: {caller.Principal.Arn} is not authorized to perform: {action}{resource} {decision.Reason(action)}");
    }
}

/// <summary>The target of actions that name no resource: the caller's account itself.</summary>
internal sealed record AccountTarget(string Account) : IResource
{
    public string ResourceArn => "*";

    public static ValueTask<AccountTarget> Of(CallContext call) => new(new AccountTarget(call.Caller.Account));
}
