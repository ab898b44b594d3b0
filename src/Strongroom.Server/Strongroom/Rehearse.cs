using System.Collections.Immutable;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Strongroom;

/// <summary>What would a new policy have changed? Replays audited calls of the last days: the question of <c>strongroom explain --rehearse</c>.</summary>
internal sealed class RehearseRequest
{
    public string? PolicyDocument { get; private set; }

    /// <summary>ARN of the user or role whose calls are replayed; null for everybody's.</summary>
    public string? Principal { get; private set; }

    /// <summary>Name or ARN of the identity policy that the document replaces; null replaces all identity policies of <see cref="Principal"/>.</summary>
    public string? Replaces { get; private set; }

    /// <summary>The secret whose resource policy the document is; then it is no identity policy.</summary>
    public string? SecretId { get; private set; }

    /// <summary>How far back, in days of 24 hours. Default: 30.</summary>
    public long? Days { get; private set; }

    public static Shape<RehearseRequest> Shape { get; } = new(
        Member.String<RehearseRequest>("PolicyDocument", r => r.PolicyDocument, (r, v) => r.PolicyDocument = v, Constraint.Length(1, Policy.PolicyDocument.MaxLength), required: true),
        Member.String<RehearseRequest>("Principal", r => r.Principal, (r, v) => r.Principal = v, Constraint.Length(20, 2048)),
        Member.String<RehearseRequest>("Replaces", r => r.Replaces, (r, v) => r.Replaces = v, Constraint.Length(1, 2048)),
        Member.String<RehearseRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Constraint.Length(1, 2048)),
        Member.Long<RehearseRequest>("Days", r => r.Days, (r, v) => r.Days = v, 1, 3650));
}

/// <summary>Calls of one kind that the new policy decides otherwise.</summary>
/// <param name="Calls">How many there were.</param>
internal sealed record RehearsedChange(string Principal, string Action, string Resource, int Calls, DateTimeOffset Last, Decision Decision);

/// <param name="Replayed">Calls that were asked again.</param>
/// <param name="Unreproduced">Calls of which the policies as they are now decide otherwise than was recorded: they changed since, or the record says too little.</param>
internal sealed record RehearseResponse(int Replayed, int Unreproduced, bool IsTruncated, IReadOnlyList<RehearsedChange> Denied, IReadOnlyList<RehearsedChange> Allowed) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteBoolean("IsTruncated"u8, IsTruncated);
        Write(writer, "NewlyAllowed"u8, Allowed);
        Write(writer, "NewlyDenied"u8, Denied);
        writer.WriteNumber("ReplayedCalls"u8, Replayed);
        writer.WriteNumber("UnreproducedCalls"u8, Unreproduced);
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<RehearsedChange> changes)
    {
        writer.WriteStartArray(name);
        foreach (var change in changes)
        {
            writer.WriteStartObject();
            writer.WriteString("Action"u8, change.Action);
            writer.WriteNumber("Calls"u8, change.Calls);
            DecisionParts.Write(writer, change.Decision);
            writer.WriteDate("LastCall"u8, change.Last);
            writer.WriteString("Principal"u8, change.Principal);
            writer.WriteOptional("Reason"u8, change.Decision.Reason(change.Action));
            writer.WriteString("Resource"u8, change.Resource);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal sealed class Rehearse(IamDirectories directories, PolicyResources resources, AuditedCalls calls)
    : IOperation<RehearseRequest, AccountTarget, RehearseResponse>
{
    private const long DefaultDays = 30;
    private const int MaxChanges = 1000;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, RehearseRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<RehearseResponse>> PlanAsync(CallContext call, Authorized<RehearseRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var proposal = Proposal.Of(request);
        var directory = await directories.GetAsync(target.Account, ct);
        var found = new Dictionary<(bool Denied, string Principal, string Action, string Resource), RehearsedChange>();
        var (replayed, unreproduced, truncated) = (0, 0, false);
        foreach (var audited in calls.Read(target.Account, call.Now.AddDays(-(request.Days ?? DefaultDays)), ct))
        {
            if (PrincipalLookup.Find(directory, audited.PrincipalArn) is not { } asked || !proposal.Concerns(asked.Principal))
                continue;
            var resource = await resources.FindAsync(target.Account, audited.Region, audited.Action, audited.Resource ?? "*", audited.Parameters, ct);
            if (!proposal.Concerns(resource))
                continue;

            var before = Decide(audited, asked.Principal, asked.Policies, resource);
            var after = Decide(audited, asked.Principal, proposal.Apply(asked.Policies), proposal.Apply(resource));
            replayed++;
            // What this side allows the other account may have denied.
            if (before.IsAllowed == audited.WasDenied && !(before.IsAllowed && resource is ForeignResource))
                unreproduced++;
            if (before.IsAllowed == after.IsAllowed)
                continue;
            var key = (before.IsAllowed, asked.Principal.Arn, audited.Action, resource.ResourceArn);
            if (found.TryGetValue(key, out var known))
                found[key] = known with { Calls = known.Calls + 1, Last = audited.Facts.Now!.Value };
            else if (found.Count < MaxChanges)
                found.Add(key, new RehearsedChange(asked.Principal.Arn, audited.Action, resource.ResourceArn, 1, audited.Facts.Now!.Value, after));
            else
                truncated = true;
        }

        return new RehearseResponse(replayed, unreproduced, truncated, [.. Of(found, denied: true)], [.. Of(found, denied: false)]);
    }

    private static Decision Decide(AuditedCall audited, Principal principal, PrincipalPolicies policies, IResource resource) =>
        PolicyEvaluator.Evaluate(new AccessRequest(principal, audited.Action, resource, audited.Facts), policies);

    private static IEnumerable<RehearsedChange> Of(Dictionary<(bool Denied, string, string, string), RehearsedChange> found, bool denied) =>
        found.Where(pair => pair.Key.Denied == denied).Select(pair => pair.Value).OrderByDescending(change => change.Calls);
}

/// <summary>The new policy and the place it would take.</summary>
internal sealed class Proposal
{
    private readonly CompiledPolicy policy;
    private readonly RehearseRequest request;

    private Proposal(CompiledPolicy policy, RehearseRequest request) => (this.policy, this.request) = (policy, request);

    /// <exception cref="ServiceException">MalformedPolicyDocumentException or InvalidParameterException.</exception>
    public static Proposal Of(RehearseRequest request)
    {
        if (request.SecretId is null && request.Principal is null && request.Replaces is null)
            throw new ServiceException("InvalidParameterException", "Say what the policy would replace: Replaces, Principal, or SecretId for a resource policy.");
        var kind = request.SecretId is null ? PolicyKind.Identity : PolicyKind.Resource;
        return PolicyDocument.TryParse(request.PolicyDocument!, kind, out var document, out var error)
            ? new Proposal(CompiledPolicy.Compile(document), request)
            : throw new ServiceException("MalformedPolicyDocumentException", error.Message);
    }

    public bool Concerns(Principal principal) => request.Principal is null || request.Principal == principal.Arn || request.Principal == principal.EntityArn;

    public bool Concerns(IResource resource) =>
        request.SecretId is not { } id || (resource as SecretTarget)?.Secret is { } secret && (secret.Name == id || resource.ResourceArn == id);

    public PrincipalPolicies Apply(PrincipalPolicies policies)
    {
        if (request.SecretId is not null)
            return policies;
        var proposed = new AttachedPolicy(new PolicySource(PolicySourceKind.Passed, request.Replaces ?? "PolicyDocument"), policy);
        return policies with
        {
            Identity = request.Replaces is not { } name ? [proposed]
                : [.. policies.Identity.Select(attached => attached.Source.Arn == name || attached.Source.Name == name ? proposed : attached)],
        };
    }

    public IResource Apply(IResource resource) => request.SecretId is null ? resource : new ResourceWithPolicy(resource, policy);
}

/// <summary>Reads audited calls back from the log.</summary>
internal sealed class AuditedCalls(string auditDirectory)
{
    /// <summary>An account's calls since an instant, oldest first. Lines that are no calls are passed over.</summary>
    public IEnumerable<AuditedCall> Read(string account, DateTimeOffset since, CancellationToken ct) =>
        Lines(since, ct).Select(AuditedCall.TryParse).OfType<AuditedCall>().Where(call => call.Account == account && call.Facts.Now >= since);

    /// <summary>The lines of all segments that may hold something since an instant, oldest first. Each is valid until the next.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Lines(DateTimeOffset since, CancellationToken ct)
    {
        foreach (var segment in AuditSegments.List(auditDirectory))
        {
            // A segment that was last written before the time asked about holds nothing of it.
            if (segment.LastWrittenUtc < since.UtcDateTime)
                continue;
            using var reader = AuditSegments.TryOpen(segment);
            while (reader is not null && TryRead(reader, out var line))
            {
                ct.ThrowIfCancellationRequested();
                yield return line;
            }
        }
    }

    private static bool TryRead(AuditSegmentReader reader, out ReadOnlyMemory<byte> line)
    {
        try
        {
            return reader.TryReadLine(out line);
        }
        catch (InvalidDataException)
        {
            // A segment that an outside hand broke is `audit verify`'s to report.
            line = default;
            return false;
        }
    }
}
