using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>The user, group or role whose policies a call looks at: its <c>PolicySourceArn</c>.</summary>
internal static class PolicySourceTargets
{
    /// <exception cref="ServiceException">InvalidInput: the ARN is not that of a user, group or role of the account.</exception>
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string arn, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        if (Arn.TryParse(arn) is not { Service: "iam" } parsed || parsed.Account != directory.Account)
            throw Unclear(arn);
        var name = parsed.Resource[(parsed.Resource.LastIndexOf('/') + 1)..];
        NamedEntity? entity = parsed.Resource[..Math.Max(0, parsed.Resource.IndexOf('/', StringComparison.Ordinal))] switch
        {
            "user" => directory.FindUser(name),
            "group" => directory.FindGroup(name),
            "role" => directory.FindRole(name),
            _ => throw Unclear(arn),
        };
        return new IamTarget(directory, arn, entity?.Arn(directory.Account) == arn ? entity : null);
    }

    /// <summary>Who calls with these policies, and which they are: a role's policies are those of a session of it, a group's those of any member.</summary>
    /// <exception cref="ServiceException">NoSuchEntity.</exception>
    public static (Principal Principal, PrincipalPolicies Policies) Existing(IamTarget target) => target.Entity switch
    {
        IamGroup group => (SimulatedCaller.Anyone(target.Account), CallerPolicies.Of(target.Directory, group)),
        PolicyHolder when PrincipalLookup.Find(target.Directory, target.ResourceArn) is { } found => found,
        _ => throw NotFound(target.ResourceArn),
    };

    private static ServiceException NotFound(string arn)
    {
        var resource = Arn.TryParse(arn)!.Resource;
        return IamErrors.NoSuchEntity($"The {resource[..resource.IndexOf('/', StringComparison.Ordinal)]} with name {resource[(resource.LastIndexOf('/') + 1)..]} cannot be found.");
    }

    private static ServiceException Unclear(string arn) => IamErrors.InvalidInput($"Invalid Entity Arn: {arn} does not clearly define entity type and name.");
}
