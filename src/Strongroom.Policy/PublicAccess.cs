using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Strongroom.Policy;

/// <summary>Whether a resource policy opens its resource to anyone: what <c>BlockPublicPolicy</c> asks.</summary>
/// <remarks>
/// An approximation on the safe side of AWS's solver: an Allow to a wildcard principal is public unless some condition pins the caller to fixed
/// values; an Allow with NotPrincipal always is. Source: API fact sheet 7, IAM fact sheet 4.4.
/// </remarks>
public static class PublicAccess
{
    public static bool Grants(PolicyDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return document.Statements.Any(statement =>
            statement is { Effect: PolicyEffect.Allow, Principals: { } principals }
            && (principals.IsNegated || (principals.Principals.Any(IsWild) && !statement.Conditions.Any(Pins))));
    }

    private static bool IsWild(PolicyPrincipal principal) => HasWildcard(principal.Text);

    private static bool Pins(PolicyCondition condition)
    {
        var @operator = condition.Operator;

        // IfExists and ForAllValues hold for a request that lacks the key; and no values at all is no list of fixed ones.
        if (@operator.IfExists || @operator.Quantifier == ConditionQuantifier.ForAllValues || condition.Values.IsEmpty || !Keys.Contains(condition.Key))
            return false;

        return @operator.Test switch
        {
            ConditionTest.StringEquals or ConditionTest.StringEqualsIgnoreCase or ConditionTest.StringLike
                or ConditionTest.ArnEquals or ConditionTest.ArnLike => condition.Values.All(IsFixed),
            ConditionTest.IpAddress => condition.Key.Equals("aws:SourceIp", StringComparison.OrdinalIgnoreCase) && condition.Values.All(IsNarrow),
            _ => false,
        };
    }

    // A variable takes its value from the caller: aws:PrincipalArn = ${aws:PrincipalArn} holds for everyone.
    private static bool IsFixed(string value) => value.Length > 0 && !HasWildcard(value) && !value.Contains("${", StringComparison.Ordinal);

    private static bool HasWildcard(string text) => text.AsSpan().ContainsAny('*', '?');

    /// <summary>At most a /8 of IPv4 or a /32 of IPv6: two halves of the Internet are as public as the whole.</summary>
    private static bool IsNarrow(string range)
    {
        var slash = range.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? range : range.AsSpan(0, slash), out var address))
            return false;

        var (narrowest, widest) = address.AddressFamily == AddressFamily.InterNetwork ? (32, 8) : (128, 32);
        var prefix = narrowest;
        return (slash < 0 || int.TryParse(range.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix))
            && prefix >= widest && prefix <= narrowest;
    }

    private static readonly FrozenSet<string> Keys = FrozenSet.ToFrozenSet(
    [
        "aws:SourceArn", "aws:SourceVpc", "aws:SourceVpce", "aws:SourceAccount", "aws:SourceIp",
        "aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:userid", "aws:username",
    ], StringComparer.OrdinalIgnoreCase);
}
