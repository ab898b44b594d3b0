using System.Text;
using Strongroom.Policy;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Sts;

namespace Strongroom.Server.Functions;

/// <summary>Credentials of a function's execution role, for one process.</summary>
internal sealed record FunctionSession(string AccessKeyId, string SecretAccessKey, string SessionToken, DateTimeOffset ExpiresAt)
{
    // A record prints its members, and two of them are secrets.
    public override string ToString() => $"{AccessKeyId} until {ExpiresAt:O}";
}

/// <summary>Makes sessions of execution roles, for roles that trust Lambda.</summary>
internal sealed class FunctionSessions(IamDirectories identities, SessionIssuer issuer, TimeProvider time)
{
    private const string Lambda = "lambda.amazonaws.com";

    /// <returns>Null when there is no such role in the function's account, or it does not trust Lambda to run this function.</returns>
    public async ValueTask<FunctionSession?> FindAsync(FunctionDefinition function, TimeSpan life, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (Protocol.Arn.TryParse(function.RoleArn!) is not { } arn || arn.Account != function.Account)
            return null;
        var target = await RoleTarget.FindAsync(identities, function.RoleArn!, ct);
        if (target.Role is not { } role)
            return null;

        target = target with { ServiceKeys = new AssumeRoleKeys(role, function.Name) };
        var facts = new RequestFacts { Now = now, RequestedRegion = function.Region, SourceArn = function.Arn, SourceAccount = function.Account };
        if (!PolicyEvaluator.Evaluate(new AccessRequest(Principal.Service(Lambda), "sts:AssumeRole", target, facts), PrincipalPolicies.None).IsAllowed)
            return null;

        var issued = SessionParameters.Issued(now);
        using var credentials = issuer.Issue(new SessionGrant
        {
            Kind = SessionKind.Role,
            Account = function.Account,
            AccessKeyId = "",
            IssuedAt = issued,
            ExpiresAt = issued + life,
            EntityId = role.Id,
            EntityName = role.Name,
            SessionName = function.Name,
            ChainDepth = 1,
        });
        // A string, because it becomes a variable of another process's environment, where nobody zeroes it either.
        return new FunctionSession(credentials.Grant.AccessKeyId, Encoding.ASCII.GetString(credentials.Secret.Reveal()), credentials.Token, credentials.Grant.ExpiresAt);
    }
}
