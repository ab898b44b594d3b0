using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Kms;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>A condition key with the values that the question assumes for it.</summary>
internal sealed class ContextEntry
{
    public string? Key { get; private set; }
    public IReadOnlyList<string>? Values { get; private set; }

    public static Shape<ContextEntry> Shape { get; } = new(
        Member.String<ContextEntry>("Key", r => r.Key, (r, v) => r.Key = v, Constraint.Length(1, 256), required: true),
        Member.Strings<ContextEntry>("Values", r => r.Values, (r, v) => r.Values = v, Constraint.Length(0, 2048), min: 1, max: 100, required: true));
}

/// <summary>Who may do what, and why? The question that <c>strongroom explain</c> asks.</summary>
internal sealed class ExplainRequest
{
    /// <summary>ARN of a user, a role, a role session or the root of the caller's account.</summary>
    public string? Principal { get; private set; }

    /// <summary><c>service:Operation</c></summary>
    public string? Action { get; private set; }

    /// <summary>An ARN, the name of a secret, or <c>*</c>.</summary>
    public string? Resource { get; private set; }

    public IReadOnlyList<ContextEntry>? Context { get; private set; }

    public static Shape<ExplainRequest> Shape { get; } = new(
        Member.String<ExplainRequest>("Principal", r => r.Principal, (r, v) => r.Principal = v, Constraint.Length(20, 2048), required: true),
        Member.String<ExplainRequest>("Action", r => r.Action, (r, v) => r.Action = v, Constraint.Matching(3, 128, "[A-Za-z0-9-]+:[A-Za-z0-9]+"), required: true),
        Member.String<ExplainRequest>("Resource", r => r.Resource, (r, v) => r.Resource = v, Constraint.Length(1, 2048), required: true),
        Member.Structs<ExplainRequest, ContextEntry>("Context", ContextEntry.Shape, r => r.Context, (r, v) => r.Context = v, max: 50));
}

/// <summary>One question with its answer.</summary>
internal sealed record Explained(string Action, string ResourceArn, Decision Decision, EvaluationTrace Trace)
{
    /// <summary>The grant that allows it, where one does.</summary>
    public string? GrantId { get; init; }

    /// <summary>The other account that owns the resource and has to allow as well; what it decides is not told.</summary>
    public string? OtherAccount { get; init; }

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("Decision"u8, DecisionParts.Word(Decision));
        DecisionParts.Write(writer, Decision);
        writer.WriteOptional("GrantId"u8, GrantId);
        writer.WriteStartArray("MatchedStatements"u8);
        foreach (var statement in Trace.Matched.Where(statement => OtherAccount is null || statement.Kind != DecidingPolicy.Resource))
            WriteStatement(writer, statement);
        writer.WriteEndArray();
        writer.WriteStartArray("MissingContextKeys"u8);
        foreach (var key in Trace.MissingKeys)
            writer.WriteStringValue(key);
        writer.WriteEndArray();
        writer.WriteOptional("OtherAccount"u8, OtherAccount);
        writer.WriteOptional("Reason"u8, Decision.Reason(Action));
        writer.WriteString("ResourceArn"u8, ResourceArn);
    }

    private static void WriteStatement(Utf8JsonWriter writer, MatchedStatement statement)
    {
        writer.WriteStartObject();
        writer.WriteString("Effect"u8, statement.Effect.ToString());
        writer.WriteNumber("EndLine"u8, statement.Span.EndLine);
        writer.WriteOptional("Group"u8, statement.Source?.Group);
        writer.WriteString("Kind"u8, statement.Kind.ToString());
        writer.WriteString("Policy"u8, statement.Source?.Arn ?? statement.Source?.Name ?? "resource policy");
        writer.WriteOptional("Sid"u8, statement.Sid);
        writer.WriteNumber("StartLine"u8, statement.Span.StartLine);
        writer.WriteEndObject();
    }
}

/// <param name="KeyUse">Whether the principal may use the key of the secret for it, and the key's state; null when no policy of a key is asked.</param>
internal sealed record ExplainResponse(Explained Answer, (Explained Answer, string State)? KeyUse) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        Answer.WriteMembers(writer);
        if (KeyUse is not var (use, state))
            return;
        writer.WriteStartObject("KeyUse"u8);
        writer.WriteString("Action"u8, use.Action);
        use.WriteMembers(writer);
        writer.WriteString("KeyState"u8, state);
        writer.WriteEndObject();
    }
}

/// <summary>Asks the evaluator what it would decide, with the policies as they are now. Carries nothing out.</summary>
internal sealed class Explain(IamDirectories directories, PolicyResources resources, ISecretStore store, SecretKeys secretKeys)
    : IOperation<ExplainRequest, AccountTarget, ExplainResponse>
{
    private const string ContextPrefix = "kms:EncryptionContext:";

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, ExplainRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<ExplainResponse>> PlanAsync(CallContext call, Authorized<ExplainRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = await directories.GetAsync(target.Account, ct);
        if (PrincipalLookup.Find(directory, request.Principal!) is not { } asked)
            throw new ServiceException("ResourceNotFoundException", $"There is no principal {request.Principal} in account {target.Account}.");

        var entries = request.Context ?? [];
        var resource = await resources.FindAsync(target.Account, call.Region, request.Action!, request.Resource!, requestKeys: null, ct);
        var facts = new RequestFacts { Now = call.Now, RequestedRegion = call.Region };
        var answer = Ask(asked, request.Action!, resource, facts, entries);
        return new ExplainResponse(answer, await AskAboutKeyAsync(asked, request.Action!, resource, facts, entries, ct));
    }

    private static Explained Ask(
        (Principal Principal, PrincipalPolicies Policies) asked, string action, IResource resource, RequestFacts facts, IReadOnlyList<ContextEntry> entries)
    {
        // A grant may ask for an encryption context.
        if (resource is KmsTarget { Request.EncryptionContext: null } key && EncryptionContext(entries) is { Count: > 0 } context)
            resource = key with { Request = key.Request with { EncryptionContext = context } };
        var (grant, match) = action.StartsWith("kms:", StringComparison.OrdinalIgnoreCase) ? (resource as KmsTarget)?.FindGrant(asked.Principal, action) ?? default : default;
        var question = new AccessRequest(asked.Principal, action, resource, facts) { Overrides = new AssumedContext(entries), Grant = match };
        var trace = new EvaluationTrace();
        var decision = PolicyEvaluator.Evaluate(question, asked.Policies, trace);
        return new Explained(action, resource.ResourceArn, decision, trace)
        {
            GrantId = decision.DecidedBy == DecidingPolicy.Grant ? grant?.EntryName : null,
            OtherAccount = resource is ForeignResource ? resource.Account : null,
        };
    }

    /// <summary>The KMS half of reading and writing a secret: Secrets Manager uses its key as the caller.</summary>
    private async ValueTask<(Explained, string)?> AskAboutKeyAsync(
        (Principal Principal, PrincipalPolicies Policies) asked, string action, IResource resource, RequestFacts facts, IReadOnlyList<ContextEntry> entries, CancellationToken ct)
    {
        // Another account's secrets keep their keys to themselves.
        if (resource is not SecretTarget { Secret: { } secret } || secret.Account != asked.Principal.Account)
            return null;
        var label = Named(entries, "secretsmanager:VersionStage") ?? StagingLabels.Current;
        var id = Named(entries, "secretsmanager:VersionId") ?? secret.Document.Versions.HolderOf(label);
        var version = id is null ? null : await store.FindVersionAsync(secret.Id, id, ct);
        return await secretKeys.FindUseAsync(asked.Principal.Account, action, secret, version, ct) is var (use, key)
            ? (Ask(asked, use, key, facts with { ViaService = SecretKeys.ThisService }, entries), key.Existing.State)
            : null;
    }

    private static string? Named(IReadOnlyList<ContextEntry> entries, string key) =>
        entries.FirstOrDefault(entry => string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase))?.Values?[0];

    private static SortedDictionary<string, string> EncryptionContext(IReadOnlyList<ContextEntry> entries)
    {
        var context = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries.Where(entry => entry.Key!.StartsWith(ContextPrefix, StringComparison.OrdinalIgnoreCase)))
            context[entry.Key![ContextPrefix.Length..]] = entry.Values![0];
        return context;
    }

    private sealed class AssumedContext(IReadOnlyList<ContextEntry> entries) : IConditionKeys
    {
        public ConditionValues Find(ConditionKey key) =>
            entries.FirstOrDefault(entry => string.Equals(entry.Key, key.Text, StringComparison.OrdinalIgnoreCase)) is { } entry ? new(entry.Values) : default;
    }
}

/// <summary>Decisions in answers.</summary>
internal static class DecisionParts
{
    /// <summary>The words of IAM's simulations.</summary>
    public static string Word(Decision decision) => decision.Outcome switch
    {
        Outcome.Allowed => "allowed",
        Outcome.ExplicitDeny => "explicitDeny",
        _ => "implicitDeny",
    };

    /// <summary>What decided; the policy and statement where one did.</summary>
    public static void Write(Utf8JsonWriter writer, Decision decision)
    {
        writer.WriteString("DecidedBy"u8, decision.DecidedBy.ToString());
        writer.WriteOptional("Group"u8, decision.Source?.Group);
        if (decision.StatementIndex is { } index)
        {
            writer.WriteString("Policy"u8, decision.Source?.Arn ?? decision.Source?.Name ?? "resource policy");
            writer.WriteOptional("Sid"u8, decision.Sid);
            writer.WriteNumber("StatementIndex"u8, index);
        }
    }
}
