using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>A condition key with the values a simulation is told. Source: IAM model, ContextEntry.</summary>
internal sealed class ContextEntryRequest
{
    public string? ContextKeyName { get; private set; }
    public IReadOnlyList<string>? ContextKeyValues { get; private set; }
    public string? ContextKeyType { get; private set; }

    public static Shape<ContextEntryRequest> Shape { get; } = new(
        Member.String<ContextEntryRequest>("ContextKeyName", r => r.ContextKeyName, (r, v) => r.ContextKeyName = v, Constraint.Length(5, 256)),
        Member.Strings<ContextEntryRequest>("ContextKeyValues", r => r.ContextKeyValues, (r, v) => r.ContextKeyValues = v, Constraint.None),
        Member.String<ContextEntryRequest>("ContextKeyType", r => r.ContextKeyType, (r, v) => r.ContextKeyType = v, Constraint.Enum(
            "string", "stringList", "numeric", "numericList", "boolean", "booleanList", "ip", "ipList", "binary", "binaryList", "date", "dateList")));
}

/// <summary>What both simulations take. Source: IAM model, SimulateCustomPolicy and SimulatePrincipalPolicy.</summary>
internal abstract class SimulationRequest : PagedRequest
{
    private static readonly Constraint Name = Constraint.Length(1, 2048);

    public IReadOnlyList<string>? PolicyInputList { get; private set; }
    public IReadOnlyList<string>? PermissionsBoundaryPolicyInputList { get; private set; }
    public IReadOnlyList<string>? ActionNames { get; private set; }
    public IReadOnlyList<string>? ResourceArns { get; private set; }
    public string? ResourcePolicy { get; private set; }
    public string? ResourceOwner { get; private set; }
    public string? CallerArn { get; private set; }
    public IReadOnlyList<ContextEntryRequest>? ContextEntries { get; private set; }

    /// <summary>For EC2's scenarios alone, so nothing here depends on it.</summary>
    public string? ResourceHandlingOption { get; private set; }

    protected static Member<T>[] SimulationMembers<T>(bool needsPolicies, params Member<T>[] members)
        where T : SimulationRequest => Members<T>(
    [
        .. members,
        Member.Strings<T>("PolicyInputList", r => r.PolicyInputList, (r, v) => r.PolicyInputList = v, IamLimits.PolicyDocument, required: needsPolicies),
        Member.Strings<T>(
            "PermissionsBoundaryPolicyInputList", r => r.PermissionsBoundaryPolicyInputList, (r, v) => r.PermissionsBoundaryPolicyInputList = v,
            IamLimits.PolicyDocument),
        Member.Strings<T>("ActionNames", r => r.ActionNames, (r, v) => r.ActionNames = v, Constraint.Length(3, 128), required: true),
        Member.Strings<T>("ResourceArns", r => r.ResourceArns, (r, v) => r.ResourceArns = v, Name),
        Member.String<T>("ResourcePolicy", r => r.ResourcePolicy, (r, v) => r.ResourcePolicy = v, IamLimits.PolicyDocument),
        Member.String<T>("ResourceOwner", r => r.ResourceOwner, (r, v) => r.ResourceOwner = v, Name),
        Member.String<T>("CallerArn", r => r.CallerArn, (r, v) => r.CallerArn = v, Name),
        Member.Structs<T, ContextEntryRequest>("ContextEntries", ContextEntryRequest.Shape, r => r.ContextEntries, (r, v) => r.ContextEntries = v),
        Member.String<T>("ResourceHandlingOption", r => r.ResourceHandlingOption, (r, v) => r.ResourceHandlingOption = v, Constraint.Length(1, 64)),
    ]);
}
