using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Strongroom.Policy;

/// <summary>A policy that has passed every check of its kind. Immutable, thread-safe, independent of the text it came from.</summary>
/// <remarks>Source: IAM fact sheet 2.1–2.4 and 2.7 (IAM user guide, "Grammar of the IAM JSON policy language").</remarks>
public sealed class PolicyDocument
{
    /// <summary>The longest text accepted, in characters. Tighter quotas belong to the operation that stores the policy. Source: IAM model.</summary>
    public const int MaxLength = 131_072;

    internal PolicyDocument(PolicyKind kind, PolicyVersion version, string? id, ImmutableArray<PolicyStatement> statements)
    {
        Kind = kind;
        Version = version;
        Id = id;
        Statements = statements;
    }

    public PolicyKind Kind { get; }
    public PolicyVersion Version { get; }
    public string? Id { get; }

    /// <summary>At least one, in the order of the document.</summary>
    public ImmutableArray<PolicyStatement> Statements { get; }

    /// <summary>Whether <c>${...}</c> is a variable; before version 2012-10-17 it is literal text.</summary>
    public bool HasVariables => Version == PolicyVersion.V2012;

    /// <summary>Parses and checks <paramref name="text"/>. Never throws; time and memory are proportional to its length.</summary>
    /// <returns>False with the first fault in AWS's order of stages.</returns>
    public static bool TryParse(string text, PolicyKind kind, [NotNullWhen(true)] out PolicyDocument? document, [NotNullWhen(false)] out PolicyError? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        document = null;
        if (!PolicyParser.TryParse(text, kind, out var parsed, out var isMiscased, out error))
            return false;

        error = PolicyValidator.FirstFault(parsed, isMiscased);
        document = error is null ? parsed : null;
        return error is null;
    }

    /// <summary>For policies that are known to be right: built-in ones, stored ones, those of tests.</summary>
    /// <exception cref="FormatException">The policy is not valid; the message is AWS's.</exception>
    public static PolicyDocument Parse(string text, PolicyKind kind = PolicyKind.Identity) =>
        TryParse(text, kind, out var document, out var error) ? document : throw new FormatException(error.Message);
}

/// <summary>What a policy is attached to, which decides the elements it must and must not have.</summary>
public enum PolicyKind
{
    /// <summary>Inline in a user, group or role: no principal, resources required.</summary>
    Identity,

    /// <summary>A managed policy: as <see cref="Identity"/>, and of version 2012-10-17.</summary>
    Managed,

    /// <summary>On a secret or a key: principal and resources required.</summary>
    Resource,

    /// <summary>A role's trust policy: principal required, resources forbidden, STS actions only.</summary>
    Trust,

    /// <summary>Passed with AssumeRole: as <see cref="Identity"/>.</summary>
    Session,
}

/// <summary>The policy language. An absent version means 2008-10-17 and is kept apart, because it is shown back as absent.</summary>
public enum PolicyVersion { Absent, V2008, V2012 }

public enum PolicyEffect { Allow, Deny }

/// <param name="Sid">Null if absent; may be empty.</param>
/// <param name="Principals">Null in identity and session policies.</param>
/// <param name="Resources">Null in trust policies only.</param>
/// <param name="Conditions">All must hold. Empty if there is no Condition element or it is empty.</param>
public sealed record PolicyStatement(
    string? Sid,
    PolicyEffect Effect,
    PrincipalElement? Principals,
    ActionElement Actions,
    ResourceElement? Resources,
    ImmutableArray<PolicyCondition> Conditions)
{
    /// <summary>Where it stands in the text.</summary>
    public StatementSpan Span { get; init; }
}

/// <summary><c>Principal</c>, or <c>NotPrincipal</c> if <paramref name="IsNegated"/>: then the statement applies when none matches. Never empty.</summary>
public sealed record PrincipalElement(bool IsNegated, ImmutableArray<PolicyPrincipal> Principals);

/// <summary><c>Action</c>, or <c>NotAction</c> if <paramref name="IsNegated"/>. Never empty.</summary>
public sealed record ActionElement(bool IsNegated, ImmutableArray<ActionPattern> Patterns);

/// <summary><c>Resource</c>, or <c>NotResource</c> if <paramref name="IsNegated"/>. Never empty.</summary>
public sealed record ResourceElement(bool IsNegated, ImmutableArray<ResourcePattern> Patterns);

/// <summary><c>*</c> or <c>vendor:name</c>; the name may have <c>*</c> and <c>?</c>. Both are matched ignoring case.</summary>
public readonly record struct ActionPattern(string Text)
{
    /// <summary>Matches every action of every vendor.</summary>
    public bool IsAny => Text == "*";

    /// <summary>Before the colon; <c>*</c> for <see cref="IsAny"/>.</summary>
    public ReadOnlySpan<char> Vendor => Text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? Text.AsSpan(0, colon) : Text;

    /// <summary>After the colon; <c>*</c> for <see cref="IsAny"/>.</summary>
    public ReadOnlySpan<char> Name => Text.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? Text.AsSpan(colon + 1) : Text;
}

/// <summary><c>*</c> or an ARN of six parts; each may have <c>*</c> and <c>?</c>, the last also variables. Case-sensitive.</summary>
public readonly record struct ResourcePattern(string Text)
{
    public bool IsAny => Text == "*";
}

/// <param name="Key">As written; keys are compared ignoring case.</param>
/// <param name="Values">Any may match. Numbers and booleans as their JSON text. May be empty: then a positive operator never holds.</param>
public sealed record PolicyCondition(ConditionOperator Operator, string Key, ImmutableArray<string> Values);
