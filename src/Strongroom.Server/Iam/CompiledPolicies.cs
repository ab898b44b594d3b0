using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Strongroom.Policy;

namespace Strongroom.Server.Iam;

/// <summary>Policies as the evaluator wants them, made once for each stored text.</summary>
internal static class CompiledPolicies
{
    // By the identity of the text: an entity that did not change keeps its strings from one snapshot to the next, and when it goes, this goes with it.
    private static readonly ConditionalWeakTable<string, CompiledPolicy> Known = [];

    // Every text was checked when it was stored. One that no longer passes was edited in the database: it must not become a hole.
    private static readonly CompiledPolicy Nothing =
        CompiledPolicy.Compile(PolicyDocument.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"""));

    /// <summary>A policy of a user, group or role, or a boundary.</summary>
    public static CompiledPolicy Identity(string text) => Known.GetValue(text, static text => Compile(text, PolicyKind.Identity));

    /// <summary>The policy on a secret or key, or a role's trust policy.</summary>
    /// <param name="entityIds">Unique ids of the principals it names, as found when it was stored.</param>
    public static CompiledPolicy Resource(string text, PolicyKind kind, IReadOnlyDictionary<string, string>? entityIds) =>
        Known.TryGetValue(text, out var known) ? known : Add(text, Compile(text, kind, entityIds));

    private static CompiledPolicy Add(string text, CompiledPolicy compiled)
    {
        Known.AddOrUpdate(text, compiled);
        return compiled;
    }

    private static CompiledPolicy Compile(string text, PolicyKind kind, IReadOnlyDictionary<string, string>? entityIds = null) =>
        PolicyDocument.TryParse(text, kind, out var document, out _) ? CompiledPolicy.Compile(document, entityIds) : Nothing;
}

/// <summary>Gathers the policies on a caller's side from the account's directory.</summary>
internal static class CallerPolicies
{
    public static PrincipalPolicies Of(IamDirectory directory, IamUser user) => new()
    {
        Identity =
        [
            .. Held(directory, user, group: null),
            .. user.Groups.Select(directory.FindGroup).OfType<IamGroup>().SelectMany(group => Held(directory, group, group.Name)),
        ],
        Boundary = Boundary(directory, user.Boundary),
    };

    /// <summary>What a group gives its members.</summary>
    public static PrincipalPolicies Of(IamDirectory directory, IamGroup group) => new() { Identity = [.. Held(directory, group, group.Name)] };

    public static PrincipalPolicies Of(IamDirectory directory, IamRole role) => new()
    {
        Identity = [.. Held(directory, role, group: null)],
        Boundary = Boundary(directory, role.Boundary),
    };

    /// <summary>The document in force of a managed policy, the account's or AWS's; null when there is none with this ARN.</summary>
    public static string? FindManaged(IamDirectory directory, string arn) =>
        AwsManagedPolicies.Find(arn)?.Document ?? directory.FindPolicyByArn(arn)?.Default.Document;

    private static IEnumerable<AttachedPolicy> Held(IamDirectory directory, PolicyHolder holder, string? group)
    {
        foreach (var (name, text) in holder.InlinePolicies)
            yield return new AttachedPolicy(new PolicySource(PolicySourceKind.Inline, name, Group: group), CompiledPolicies.Identity(text));
        foreach (var arn in holder.AttachedPolicies)
        {
            if (FindManaged(directory, arn) is { } text)
                yield return Managed(arn, text, group);
        }
    }

    private static AttachedPolicy? Boundary(IamDirectory directory, string? arn) => arn is null ? null
        // A boundary that is gone bounds everything away.
        : Managed(arn, FindManaged(directory, arn) ?? "", group: null);

    private static AttachedPolicy Managed(string arn, string text, string? group) =>
        new(new PolicySource(PolicySourceKind.Managed, arn[(arn.LastIndexOf('/') + 1)..], arn, group), CompiledPolicies.Identity(text));
}
