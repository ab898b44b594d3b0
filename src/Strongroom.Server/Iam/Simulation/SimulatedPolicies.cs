using System.Collections.Immutable;
using Strongroom.Policy;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Policies that a request brings along.</summary>
internal static class SimulatedPolicies
{
    /// <exception cref="Protocol.ServiceException">InvalidInput: one is not valid.</exception>
    public static ImmutableArray<AttachedPolicy> Parse(IReadOnlyList<string>? texts, string parameter) =>
        [.. (texts ?? []).Select((text, i) => new AttachedPolicy(
            new PolicySource(PolicySourceKind.Passed, $"{parameter}.{i + 1}"), CompiledPolicy.Compile(Document(text, PolicyKind.Identity))))];

    /// <exception cref="Protocol.ServiceException">InvalidInput.</exception>
    public static PolicyDocument Document(string text, PolicyKind kind) => PolicyDocument.TryParse(text, kind, out var document, out var error)
        ? document
        : throw IamErrors.InvalidInput(error.Message);

    /// <summary>The policies of the entity with those that the request adds, and its boundary or the one that takes its place.</summary>
    /// <exception cref="Protocol.ServiceException">InvalidInput.</exception>
    public static PrincipalPolicies Of(SimulationRequest request, PrincipalPolicies entity)
    {
        var boundaries = Parse(request.PermissionsBoundaryPolicyInputList, "PermissionsBoundaryPolicyInputList");
        if (boundaries.Length > 1)
            throw IamErrors.InvalidInput("PermissionsBoundaryPolicyInputList can have one policy: an entity has one permissions boundary.");
        return entity with
        {
            Identity = [.. entity.Identity, .. Parse(request.PolicyInputList, "PolicyInputList")],
            Boundary = boundaries.IsEmpty ? entity.Boundary : boundaries[0],
        };
    }
}
