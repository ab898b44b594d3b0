using System.Diagnostics.CodeAnalysis;

namespace Strongroom.Policy;

/// <summary>The checks of PutResourcePolicy and ValidateResourcePolicy that need only the policy. Source: API fact sheet 7.</summary>
/// <remarks>
/// Whether a principal exists is the caller's to find out (<see cref="PolicyPrincipal"/> says what to look for), and whether the policy locks its
/// author out needs the evaluator. Pure; never throws.
/// </remarks>
public static class ResourcePolicyCheck
{
    /// <summary>In characters.</summary>
    public const int MaxLength = 20_480;

    /// <summary>Parses a policy for a secret.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PolicyDocument? document, out ResourcePolicyFault fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        document = null;
        if (text.Length is 0 or > MaxLength)
        {
            fault = ResourcePolicyFault.Size;
            return false;
        }

        if (!PolicyDocument.TryParse(text, PolicyKind.Resource, out var parsed, out _) || !parsed.Statements.All(HasOnlySecretsManagerActions))
        {
            fault = ResourcePolicyFault.Syntax;
            return false;
        }

        if (parsed.Statements.Any(statement => statement.Principals!.Principals.Any(IsUnsupported)))
        {
            fault = ResourcePolicyFault.Principal;
            return false;
        }

        document = parsed;
        fault = ResourcePolicyFault.None;
        return true;
    }

    /// <summary>The message that goes with a fault. Recorded from AWS, except for <see cref="ResourcePolicyFault.Public"/>.</summary>
    public static string Message(ResourcePolicyFault fault) => fault switch
    {
        ResourcePolicyFault.Syntax => "This policy has invalid syntax.",
        ResourcePolicyFault.Principal => "This resource policy contains an unsupported principal",
        ResourcePolicyFault.Lockout => "The resource policy would keep the caller from changing it again.",
        ResourcePolicyFault.Public => "The resource policy allows public access to the secret and BlockPublicPolicy is set to true.",
        _ => "",
    };

    /// <summary>The <c>CheckName</c> of a ValidateResourcePolicy entry. AWS does not document the names; these are ours.</summary>
    public static string CheckName(ResourcePolicyFault fault) => fault switch
    {
        ResourcePolicyFault.Public => "PUBLIC_ACCESS",
        ResourcePolicyFault.Lockout => "CALLER_LOCKOUT",
        _ => "POLICY_SYNTAX",
    };

    // A bare "*" covers the service's own actions, and "Deny everything but ..." is written with it.
    private static bool HasOnlySecretsManagerActions(PolicyStatement statement) =>
        statement.Actions.Patterns.All(action => action.IsAny || action.Vendor.Equals("secretsmanager", StringComparison.OrdinalIgnoreCase));

    private static bool IsUnsupported(PolicyPrincipal principal) => principal.Form is PrincipalForm.Malformed or PrincipalForm.CanonicalUser;
}

/// <summary>Why a policy was refused for a secret.</summary>
public enum ResourcePolicyFault
{
    None,

    /// <summary>Empty, or longer than <see cref="ResourcePolicyCheck.MaxLength"/>: a constraint error (ValidationException).</summary>
    Size,

    /// <summary>MalformedPolicyDocumentException</summary>
    Syntax,

    /// <summary>MalformedPolicyDocumentException; also the answer for a principal that does not exist.</summary>
    Principal,

    /// <summary>AccessDeniedException; decided by <see cref="PolicyLockout"/>.</summary>
    Lockout,

    /// <summary>PublicPolicyException; decided by <see cref="PublicAccess.Grants"/>.</summary>
    Public,
}
