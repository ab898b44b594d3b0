using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Oidc;

namespace Strongroom.Server.Sts;

/// <summary>A role about to be assumed, existing or not: who may not assume it never learns which. Source: IAM fact sheet 3.3, 3.6, 5.6.</summary>
/// <param name="Directory">Of the role's account; null when there is no such account.</param>
internal sealed record RoleTarget(string Account, string ResourceArn, IamDirectory? Directory, IamRole? Role) : IOwnDenial
{
    public ResourceKind Kind => ResourceKind.Role;

    public CompiledPolicy? ResourcePolicy => Role is null ? null : CompiledPolicies.Resource(Role.TrustPolicy, PolicyKind.Trust, Role.TrustPrincipals);

    public TagSet Tags => IamTarget.ToTagSet(Role?.Tags);

    public TagSet? RequestTags { get; init; }

    public IConditionKeys? ServiceKeys { get; init; }

    /// <summary>Whose token is exchanged; null for AssumeRole.</summary>
    public WebIdentity? Identity { get; init; }

    public ServiceException Deny(CallContext call, string action) => call.Caller.Principal.Kind == PrincipalKind.WebIdentity
        ? StsErrors.WebIdentityNotAuthorized()
        : StsErrors.NotAuthorized(call.Caller.Principal.Arn, action, ResourceArn);

    /// <summary>Finds the role of a <c>RoleArn</c>.</summary>
    /// <exception cref="ServiceException">ValidationError: not an ARN.</exception>
    public static async ValueTask<RoleTarget> FindAsync(IamDirectories directories, string roleArn, CancellationToken ct)
    {
        if (Arn.TryParse(roleArn) is not { } arn)
            throw StsErrors.InvalidArn(roleArn);
        var directory = arn is { Partition: "aws", Service: "iam", Region: "" } ? await directories.FindAsync(arn.Account, ct) : null;
        var role = arn.Resource.StartsWith("role/", StringComparison.Ordinal) ? directory?.FindRole(arn.Resource[(arn.Resource.LastIndexOf('/') + 1)..]) : null;
        // Names are found whatever their case and path, but an ARN names one thing.
        return new RoleTarget(arn.Account, roleArn, directory, role?.Arn(directory!.Account) == roleArn ? role : null);
    }
}

/// <summary>Keys that trust policies see beside the caller's. Source: IAM fact sheet 5.6.</summary>
internal sealed record AssumeRoleKeys(IamRole? Role, string SessionName) : IConditionKeys
{
    private const string RoleTag = "iam:resourcetag/";

    public string? ExternalId { get; init; }

    public string? SourceIdentity { get; init; }

    public IReadOnlyList<string> TransitiveTagKeys { get; init; } = [];

    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "sts:externalid" => ExternalId,
        "sts:rolesessionname" => SessionName,
        "sts:sourceidentity" => SourceIdentity,
        "sts:transitivetagkeys" => new ConditionValues(TransitiveTagKeys),
        _ when key.Name.StartsWith(RoleTag, StringComparison.Ordinal) => IamTarget.ToTagSet(Role?.Tags).Find(key.Tag),
        _ => default,
    };
}
