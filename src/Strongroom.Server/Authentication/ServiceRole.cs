using Strongroom.Policy;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Authentication;

/// <summary>
/// The role in which built-in rotators use the secrets of an account, like a service-linked role: it exists without being made, trusts nobody else, and
/// may do only what the rotation of one secret needs. Policies of secrets and keys can deny it by the condition key <c>aws:PrincipalArn</c>; as a principal
/// they can't name it, because it is in no directory.
/// </summary>
internal static class ServiceRole
{
    public const string Name = "AWSServiceRoleForStrongroomRotation";

    /// <summary>A secret with this tag may be used by rotators of other secrets: its value is <c>true</c> for all of the account, or the name of the one.</summary>
    public const string SharingTag = "strongroom:rotation-master";

    /// <param name="secretArn">The secret that is rotated.</param>
    /// <param name="secretName">Its name.</param>
    /// <param name="function">Name of the rotator, which becomes the session's.</param>
    public static Caller ForRotation(string account, string secretArn, string secretName, string function)
    {
        var principal = new Principal
        {
            Kind = PrincipalKind.RoleSession,
            Account = account,
            Arn = $"arn:aws:sts::{account}:assumed-role/{Name}/{function}",
            UserId = $"{Name}:{function}",
            EntityArn = $"arn:aws:iam::{account}:role/aws-service-role/secretsmanager.amazonaws.com/{Name}",
        };
        var policy = new AttachedPolicy(new PolicySource(PolicySourceKind.Inline, "Rotation"), CompiledPolicies.Identity(Policy(secretArn, secretName)));
#pragma warning disable RS0030 // The service's own caller: nobody signs for it, and nobody else can become it.
        return new Caller(principal, "") { Policies = new PrincipalPolicies { Identity = [policy] } };
#pragma warning restore RS0030
    }

    // Neither ARNs nor names of secrets can hold a quote or a backslash, a wildcard or a variable. Source: API fact sheet 2.2.
    private static string Policy(string secretArn, string secretName) => $$"""
        {"Version":"2012-10-17","Statement":[
          {"Effect":"Allow","Action":["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","secretsmanager:PutSecretValue",
            "secretsmanager:UpdateSecretVersionStage"],"Resource":"{{secretArn}}"},
          {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*",
            "Condition":{"StringEquals":{"secretsmanager:ResourceTag/{{SharingTag}}":["true","{{secretName}}"] } } },
          {"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"*",
            "Condition":{"StringLike":{"kms:ViaService":"secretsmanager.*" } } }] }
        """;
}
