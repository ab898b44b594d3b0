namespace Strongroom.Policy;

/// <summary>The key under which a principal stands; <see cref="Any"/> is the bare string <c>"*"</c>.</summary>
public enum PrincipalType { Any, Aws, Federated, Service, CanonicalUser }

/// <summary>What the text of a principal names. Source: IAM fact sheet 2.3.</summary>
public enum PrincipalForm
{
    /// <summary>None of the forms below; wildcards inside a principal end here.</summary>
    Malformed,

    /// <summary><c>"*"</c> or <c>{"AWS":"*"}</c>.</summary>
    Anyone,

    /// <summary>Twelve digits or <c>arn:…:iam::A:root</c>: every principal of the account, by delegation.</summary>
    Account,
    User,
    Role,

    /// <summary><c>arn:…:sts::A:assumed-role/R/S</c></summary>
    RoleSession,

    /// <summary><c>arn:…:sts::A:federated-user/N</c></summary>
    FederatedUser,

    /// <summary><c>AIDA…</c> or <c>AROA…</c>: what a stored ARN turns into when its entity is deleted.</summary>
    UniqueId,
    Service,

    /// <summary>An OIDC or SAML provider's ARN, or the host of a provider that AWS knows.</summary>
    Federated,
    CanonicalUser,
}

/// <summary>One principal of a policy, as written and as understood.</summary>
public sealed record PolicyPrincipal
{
    public PolicyPrincipal(PrincipalType type, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Type = type;
        Text = text;
        (Form, AccountId) = Classify(type, text);
    }

    public PrincipalType Type { get; }
    public string Text { get; }
    public PrincipalForm Form { get; }

    /// <summary>The account, where the form has one.</summary>
    public string? AccountId { get; }

    private static (PrincipalForm, string?) Classify(PrincipalType type, string text) => type switch
    {
        PrincipalType.Any => (text == "*" ? PrincipalForm.Anyone : PrincipalForm.Malformed, null),
        PrincipalType.Aws => ClassifyAws(text),
        PrincipalType.Service => (IsServiceName(text) ? PrincipalForm.Service : PrincipalForm.Malformed, null),
        PrincipalType.Federated => ClassifyFederated(text),
        _ => (text.Length == 64 && text.All(char.IsAsciiHexDigitLower) ? PrincipalForm.CanonicalUser : PrincipalForm.Malformed, null),
    };

    private static (PrincipalForm, string?) ClassifyAws(string text)
    {
        if (text == "*")
            return (PrincipalForm.Anyone, null);
        if (IsAccountId(text))
            return (PrincipalForm.Account, text);
        if (IsUniqueId(text))
            return (PrincipalForm.UniqueId, null);
        if (!TrySplitArn(text, out var service, out var account, out var rest))
            return (PrincipalForm.Malformed, null);

        var parts = rest.Split('/');
        var form = (service, parts[0]) switch
        {
            ("iam", "root") when parts.Length == 1 => PrincipalForm.Account,
            ("iam", "user") when IsPathAndName(parts) => PrincipalForm.User,
            ("iam", "role") when IsPathAndName(parts) => PrincipalForm.Role,
            ("sts", "assumed-role") when parts.Length == 3 && IsName(parts[1]) && IsName(parts[2]) => PrincipalForm.RoleSession,
            ("sts", "federated-user") when parts.Length == 2 && IsName(parts[1]) => PrincipalForm.FederatedUser,
            _ => PrincipalForm.Malformed,
        };
        return (form, form == PrincipalForm.Malformed ? null : account);
    }

    private static (PrincipalForm, string?) ClassifyFederated(string text)
    {
        if (TrySplitArn(text, out var service, out var account, out var rest))
        {
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            return service == "iam" && slash > 0 && rest[..slash] is "oidc-provider" or "saml-provider" && IsPlain(rest[(slash + 1)..])
                ? (PrincipalForm.Federated, account)
                : (PrincipalForm.Malformed, null);
        }

        return (IsHostName(text) ? PrincipalForm.Federated : PrincipalForm.Malformed, null);
    }

    /// <summary>Splits an ARN that has an account and no region, as all principals do.</summary>
    private static bool TrySplitArn(string text, out string service, out string account, out string rest)
    {
        service = account = rest = "";
        if (text.Split(':', 6) is not ["arn", var partition, var s, "", var a, var r] || !Partitions.IsKnown(partition) || !IsAccountId(a))
            return false;
        (service, account, rest) = (s, a, r);
        return true;
    }

    private static bool IsAccountId(string text) => text.Length == 12 && text.All(char.IsAsciiDigit);

    private static bool IsUniqueId(string text) =>
        text.Length is >= 16 and <= 128
        && (text.StartsWith("AIDA", StringComparison.Ordinal) || text.StartsWith("AROA", StringComparison.Ordinal))
        && text.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c));

    private static bool IsPathAndName(string[] parts) => parts.Length >= 2 && IsName(parts[^1]) && parts[1..^1].All(IsPlain);

    private static bool IsName(string text) =>
        text.Length is > 0 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || "_+=,.@-".Contains(c, StringComparison.Ordinal));

    /// <summary>Visible ASCII without a wildcard.</summary>
    private static bool IsPlain(string text) => text.Length > 0 && text.All(c => c is > ' ' and < '\x7f' and not ('*' or '?'));

    private static bool IsServiceName(string text) =>
        IsHostName(text)
        && (text.EndsWith(".amazonaws.com", StringComparison.Ordinal) || text.EndsWith(".amazonaws.com.cn", StringComparison.Ordinal));

    private static bool IsHostName(string text) =>
        text.Length <= 255 && text.Contains('.', StringComparison.Ordinal)
        && text.Split('.').All(label => label.Length > 0 && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_'));
}

internal static class Partitions
{
    public static bool IsKnown(string name) =>
        name is "aws" or "aws-cn" or "aws-us-gov" or "aws-eusc" or "aws-iso" or "aws-iso-b" or "aws-iso-e" or "aws-iso-f";
}
