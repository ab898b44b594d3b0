using Strongroom.Policy;
using Strongroom.Protocol;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Who calls in a simulation.</summary>
internal static class SimulatedCaller
{
    /// <summary>Nobody in particular, of an account: all keys that tell of the caller are missing, but for the account's.</summary>
    public static Principal Anyone(string account) => new()
    {
        Kind = PrincipalKind.User,
        Account = account,
        Arn = null!, // an absent key, which nobody who really calls has
        UserId = null!,
    };

    /// <summary>The user that <c>CallerArn</c> names. One of our account that exists is known; of others only the ARN is.</summary>
    /// <exception cref="ServiceException">InvalidInput: not the ARN of a user. Source: IAM API Reference, CallerArn: users alone can be named.</exception>
    public static Principal Named(IamDirectory directory, string arn)
    {
        if (Arn.TryParse(arn) is not { Service: "iam" } parsed || !parsed.Resource.StartsWith("user/", StringComparison.Ordinal))
            throw IamErrors.InvalidInput($"ARN {arn} is not valid.");
        var name = parsed.Resource[(parsed.Resource.LastIndexOf('/') + 1)..];
        return parsed.Account == directory.Account && directory.FindUser(name) is { } user && user.Arn(directory.Account) == arn
            ? user.ToPrincipal(directory.Account)
            : Anyone(parsed.Account) with { Arn = arn, EntityArn = arn, UserName = name };
    }
}
