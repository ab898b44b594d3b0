using System.Collections.Immutable;

namespace Strongroom.Policy;

/// <summary>Where a policy came from, for <c>explain</c> and SimulatePrincipalPolicy. The evaluator only passes it on.</summary>
/// <param name="Name">The policy's name; that of the parameter for policies which a request brought along.</param>
/// <param name="Arn">Of a managed policy, else null.</param>
/// <param name="Group">The group through which a user has it, else null.</param>
public sealed record PolicySource(PolicySourceKind Kind, string Name, string? Arn = null, string? Group = null);

public enum PolicySourceKind
{
    Inline,
    Managed,

    /// <summary>On the secret, the key or the role that is acted on.</summary>
    Resource,

    /// <summary>Passed to AssumeRole or to a simulation.</summary>
    Passed,
}

/// <summary>A policy in a place. One <see cref="CompiledPolicy"/> can be shared by all the places a managed policy is attached to.</summary>
public sealed record AttachedPolicy(PolicySource Source, CompiledPolicy Policy);

/// <summary>All policies on the caller's side. Immutable; made when a key or session is first seen or its policies change, not per call.</summary>
public sealed record PrincipalPolicies
{
    /// <summary>No policies: a root needs none, anybody else may do nothing but what resource policies grant.</summary>
    public static PrincipalPolicies None { get; } = new();

    /// <summary>Of the user and all its groups, or of the role; inline and managed.</summary>
    public ImmutableArray<AttachedPolicy> Identity { get; init; } = [];

    /// <summary>The permissions boundary of the user or role. One that is set but can't be read must be given as a policy that allows nothing, never as null.</summary>
    public AttachedPolicy? Boundary { get; init; }

    /// <summary>Inline and managed session policies: one set, of which at least one must allow. Empty if the session was made without any.</summary>
    public ImmutableArray<AttachedPolicy> Session { get; init; } = [];
}
