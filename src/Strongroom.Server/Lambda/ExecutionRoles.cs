using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Sts;

namespace Strongroom.Server.Lambda;

/// <summary>Checks the role that a function is to have: its owner must be allowed to pass it on, and it must trust Lambda.</summary>
internal static class ExecutionRoles
{
    private const string Lambda = "lambda.amazonaws.com";

    /// <exception cref="Protocol.ServiceException">AccessDeniedException; InvalidParameterValueException: there is no such role, or it does not trust Lambda.</exception>
    public static async ValueTask DemandAsync(CallContext call, IamDirectories accounts, string account, string functionArn, string roleArn, CancellationToken ct)
    {
        var role = await RoleTarget.FindAsync(accounts, roleArn, ct);
        if (role.Account != account || role.Account != call.Caller.Account)
            throw AccessDenied.With(call, "Cross-account pass role is not allowed.");
        AccessDenied.Demand(call, "iam:PassRole", new PassedRole(role, functionArn));
        var facts = new RequestFacts { Now = call.Now, RequestedRegion = call.Region, SourceAccount = account, SourceArn = functionArn };
        if (role.Role is null || !PolicyEvaluator.Evaluate(new AccessRequest(Principal.Service(Lambda), "sts:AssumeRole", role, facts), PrincipalPolicies.None).IsAllowed)
            throw LambdaErrors.RoleNotAssumable();
    }

    /// <summary>A role as the resource of iam:PassRole. Source: Service Authorization Reference, IAM, PassRole.</summary>
    private sealed record PassedRole(RoleTarget Role, string FunctionArn) : INamedResource, IConditionKeys
    {
        public string Account => Role.Account;

        public string ResourceArn => Role.ResourceArn;

        public string? RequestedId => ResourceArn;

        public TagSet Tags => Role.Tags;

        public IConditionKeys ServiceKeys => this;

        public ConditionValues Find(ConditionKey key) => key.Name switch
        {
            "iam:passedtoservice" => Lambda,
            "iam:associatedresourcearn" => FunctionArn,
            _ when key.Name.StartsWith("iam:resourcetag/", StringComparison.Ordinal) => Tags.Find(key.Tag),
            _ => default,
        };
    }
}
