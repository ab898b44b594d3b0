using System.Text.Json;
using Strongroom.Policy;

namespace Strongroom.Tests.Policy;

/// <summary>Callers, resources and policies for the tables of the policy tests.</summary>
internal static class Asking
{
    public const string Home = "111122223333";
    public const string Abroad = "444455556666";
    public const string Get = "secretsmanager:GetSecretValue";
    public const string SecretArn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:team-a/db-Ab3dEf";

    public static Principal Root(string account = Home) => Principal.Root(account, $"arn:aws:iam::{account}:root");

    public static Principal User(string account = Home, string name = "ann", string path = "/", TagSet? tags = null) => new()
    {
        Kind = PrincipalKind.User,
        Account = account,
        Arn = $"arn:aws:iam::{account}:user{path}{name}",
        EntityArn = $"arn:aws:iam::{account}:user{path}{name}",
        EntityId = "AIDAEXAMPLEEXAMPLE123",
        UserId = "AIDAEXAMPLEEXAMPLE123",
        UserName = name,
        Tags = tags ?? TagSet.Empty,
    };

    public static Principal Session(string account = Home, string role = "deploy", string session = "run-1", string path = "/ci/", TagSet? tags = null) => new()
    {
        Kind = PrincipalKind.RoleSession,
        Account = account,
        Arn = $"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        EntityArn = $"arn:aws:iam::{account}:role{path}{role}",
        EntityId = "AROAEXAMPLEEXAMPLE123",
        UserId = $"AROAEXAMPLEEXAMPLE123:{session}",
        Tags = tags ?? TagSet.Empty,
        IsTemporary = true,
        TokenIssueTime = new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero),
    };

    public static Principal Federated(string account = Home, string name = "bob") => new()
    {
        Kind = PrincipalKind.FederatedUser,
        Account = account,
        Arn = $"arn:aws:sts::{account}:federated-user/{name}",
        EntityArn = $"arn:aws:iam::{account}:user/ann",
        EntityId = "AIDAEXAMPLEEXAMPLE123",
        UserId = $"{account}:{name}",
        IsTemporary = true,
    };

    public static Principal WebIdentity(string provider = $"arn:aws:iam::{Home}:oidc-provider/token.example.com") => new()
    {
        Kind = PrincipalKind.WebIdentity,
        Account = "",
        Arn = "",
        UserId = "token.example.com:sub",
        FederatedProvider = provider,
    };

    public static Principal Service(string name = "lambda.amazonaws.com") => Principal.Service(name);

    public static CompiledPolicy Policy(string text, PolicyKind kind = PolicyKind.Identity) => CompiledPolicy.Compile(PolicyDocument.Parse(text, kind));

    public static AttachedPolicy Attached(string text, string name = "p") => new(new PolicySource(PolicySourceKind.Inline, name), Policy(text));

    /// <summary>Statements without their document, of the 2012 language.</summary>
    public static string Document(params string[] statements) => $$"""{"Version":"2012-10-17","Statement":[{{string.Join(',', statements)}}]}""";

    public static string Statement(string effect, string action = "*", string resource = "*", string? principal = null, string? condition = null, string? sid = null) =>
        "{" + (sid is null ? "" : $"\"Sid\":\"{sid}\",") + $"\"Effect\":\"{effect}\",\"Action\":\"{action}\","
        + (principal is null ? "" : $"\"Principal\":{principal},") + (condition is null ? "" : $"\"Condition\":{condition},") + $"\"Resource\":\"{resource}\"}}";

    public static Decision Evaluate(Principal caller, Thing thing, PrincipalPolicies policies, string action = Get, RequestFacts? facts = null) =>
        PolicyEvaluator.Evaluate(new AccessRequest(caller, action, thing, facts ?? RequestFacts.Unknown) { Grant = thing.Grant }, policies);

    /// <summary>Whether an Allow with this condition applies to a request that has these keys.</summary>
    public static bool Holds(string condition, Keys keys, string version = "2012-10-17", Principal? caller = null, RequestFacts? facts = null, Thing? thing = null)
    {
        var policy = Attached($$"""{"Version":"{{version}}","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{condition}} } }""");
        return Evaluate(caller ?? User(), (thing ?? new Thing()) with { Keys = keys }, new PrincipalPolicies { Identity = [policy] }, facts: facts).IsAllowed;
    }
}

/// <summary>A resource with everything settable.</summary>
internal sealed record Thing(string Arn = Asking.SecretArn, string Owner = Asking.Home, ResourceKind Kind = ResourceKind.Ordinary) : IResource
{
    public string? Policy { get; init; }
    public IReadOnlyDictionary<string, string>? EntityIds { get; init; }
    public PrincipalMatch Grant { get; init; }
    public TagSet Tags { get; init; } = TagSet.Empty;
    public TagSet? RequestTags { get; init; }
    public Keys? Keys { get; init; }

    string IResource.Account => Owner;
    string IResource.ResourceArn => Arn;
    IConditionKeys? IResource.ServiceKeys => Keys;

    CompiledPolicy? IResource.ResourcePolicy => compiled ??= Policy is null
        ? null
        : CompiledPolicy.Compile(PolicyDocument.Parse(Policy, Kind == ResourceKind.Role ? PolicyKind.Trust : PolicyKind.Resource), EntityIds);

    private CompiledPolicy? compiled;
}

/// <summary>Keys of a request by name.</summary>
internal sealed class Keys : Dictionary<string, string[]>, IConditionKeys
{
    public Keys() : base(StringComparer.OrdinalIgnoreCase)
    {
    }

    /// <param name="values">Separated by |; null for an absent key.</param>
    public static Keys Of(string key, string? values) => values is null ? [] : new Keys { [key] = values.Split('|') };

    public ConditionValues Find(ConditionKey key) => TryGetValue(key.Text, out var values) ? new ConditionValues(values) : default;
}
