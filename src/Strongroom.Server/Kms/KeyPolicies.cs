using Strongroom.Policy;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Kms;

/// <summary>The policies that AWS gives to keys, and the checks of those that callers give. Source: IAM fact sheet 7.5, 7.7.</summary>
internal static class KeyPolicies
{
    /// <summary>A customer's key without a policy of its own: delegates to the account.</summary>
    public static string Default(string account) => $$"""
        {
          "Version" : "2012-10-17",
          "Id" : "key-default-1",
          "Statement" : [ {
            "Sid" : "Enable IAM User Permissions",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "arn:aws:iam::{{account}}:root"
            },
            "Action" : "kms:*",
            "Resource" : "*"
          } ]
        }
        """;

    /// <summary>The key that AWS manages for Secrets Manager.</summary>
    public static string ForSecretsManager(string account, string region) => $$"""
        {
          "Version" : "2012-10-17",
          "Id" : "auto-secretsmanager-2",
          "Statement" : [ {
            "Sid" : "Allow access through AWS Secrets Manager for all principals in the account that are authorized to use AWS Secrets Manager",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "*"
            },
            "Action" : [ "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:CreateGrant", "kms:DescribeKey" ],
            "Resource" : "*",
            "Condition" : {
              "StringEquals" : {
                "kms:CallerAccount" : "{{account}}",
                "kms:ViaService" : "secretsmanager.{{region}}.amazonaws.com"
              }
            }
          }, {
            "Sid" : "Allow access through AWS Secrets Manager for all principals in the account that are authorized to use AWS Secrets Manager",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "*"
            },
            "Action" : "kms:GenerateDataKey*",
            "Resource" : "*",
            "Condition" : {
              "StringEquals" : {
                "kms:CallerAccount" : "{{account}}"
              },
              "StringLike" : {
                "kms:ViaService" : "secretsmanager.*.amazonaws.com"
              }
            }
          }, {
            "Sid" : "Allow direct access to key metadata to the account",
            "Effect" : "Allow",
            "Principal" : {
              "AWS" : "arn:aws:iam::{{account}}:root"
            },
            "Action" : [ "kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant" ],
            "Resource" : "*"
          } ]
        }
        """;

    /// <summary>Checks a policy that is about to be put on a key.</summary>
    /// <exception cref="Protocol.ServiceException">MalformedPolicyDocumentException.</exception>
    public static PolicyDocument Parse(string text)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(text) > PolicySize.MaxKeyBytes)
            throw KmsErrors.MalformedPolicy($"Policy exceeds the maximum size of {PolicySize.MaxKeyBytes} bytes.");
        if (!PolicyDocument.TryParse(text, PolicyKind.Resource, out var document, out var error))
            throw KmsErrors.MalformedPolicy(error.Message);
        if (document.Statements.Any(statement => statement.Principals!.Principals.Any(p => p.Form is PrincipalForm.Malformed or PrincipalForm.CanonicalUser)))
            throw KmsErrors.InvalidPrincipals();
        return document;
    }
}

/// <summary>Finds the users and roles that a grant names: they must exist, and only they, not later ones of the same name, are meant.</summary>
internal sealed class GrantPrincipals(IamDirectories directories)
{
    /// <returns>The unique ids of users and roles by their ARNs.</returns>
    /// <exception cref="Protocol.ServiceException">InvalidArnException: no principal, or one that does not exist.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> ResolveAsync(IEnumerable<string> principals, CancellationToken ct)
    {
        var ids = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in principals)
        {
            var principal = new PolicyPrincipal(PrincipalType.Aws, text);
            if (principal.Form is PrincipalForm.Malformed or PrincipalForm.Anyone or PrincipalForm.CanonicalUser)
                throw KmsErrors.InvalidArnException(text);
            if (principal.Form is not (PrincipalForm.User or PrincipalForm.Role))
                continue;
            var directory = await directories.FindAsync(principal.AccountId!, ct);
            var name = text[(text.LastIndexOf('/') + 1)..];
            NamedEntity? entity = principal.Form == PrincipalForm.User ? directory?.FindUser(name) : directory?.FindRole(name);
            if (entity is null || entity.Arn(directory!.Account) != text)
                throw KmsErrors.InvalidArnException(text);
            ids[text] = entity.Id;
        }

        return ids;
    }
}
