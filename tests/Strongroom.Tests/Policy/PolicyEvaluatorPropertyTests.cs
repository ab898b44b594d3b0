using System.Collections.Concurrent;
using System.Text.Json;
using CsCheck;
using Strongroom.Policy;

namespace Strongroom.Tests.Policy;

/// <summary>The evaluator and the naive one agree about random questions.</summary>
public sealed class PolicyEvaluatorPropertyTests
{
    private const int Questions = 100_000;

    [Fact]
    public void Two_evaluators_give_the_same_decision()
    {
        var outcomes = new ConcurrentDictionary<string, long>();

        // CsCheck prints the seed of a failing question; CsCheck_Seed repeats it.
        Gen.Int[0, int.MaxValue - 1].Sample(seed =>
        {
            var question = new RandomQuestion(new Random(seed)).Make();
            var expected = NaiveEvaluator.Decide(question);
            outcomes.AddOrUpdate(question.ResourceKind + " " + expected, 1, (_, n) => n + 1);
            outcomes.AddOrUpdate(question.CallerKind + " " + expected.Split(' ')[0], 1, (_, n) => n + 1);
            var actual = Decide(question, out var decision);
            if (actual != expected)
                Assert.Fail($"{actual} ({decision}), but by the rules {expected}, for seed {seed}: {JsonSerializer.Serialize(question)}");
        }, iter: Questions);

        // The comparison is worth something only if the questions reach everything.
        string[] kinds = ["allowed", "explicit session", "explicit boundary", "explicit identity", "implicit identity", "implicit boundary", "implicit session"];
        var reachable = kinds.SelectMany(k => new[] { "ordinary " + k, "key " + k, "role " + k })
            .Concat(["ordinary explicit resource", "key explicit resource", "role explicit trust", "ordinary implicit resource", "key implicit resource", "role implicit trust"])
            .Concat(new[] { "root", "user", "session", "federated", "service", "web" }.SelectMany(c => new[] { c + " allowed", c + " explicit", c + " implicit" }));
        Assert.Empty(reachable.Where(k => outcomes.GetValueOrDefault(k) < 20).Select(k => $"{k}: {outcomes.GetValueOrDefault(k)}"));
        var operators = Enum.GetNames<ConditionTest>()
            .Concat(from set in new[] { "", "ForAllValues", "ForAnyValue" } from suffix in new[] { "", "IfExists" } select set + "…" + suffix);
        Assert.Empty(
            from name in operators
            from result in new[] { true, false }
            let seen = NaiveEvaluator.Seen.GetValueOrDefault((name, result))
            where seen < 100
            select $"{name} was {result} {seen} times");
    }

    /// <summary>Asks the real evaluator, in the naive one's words.</summary>
    internal static string Decide(NaiveEvaluator.Question q, out Decision decision)
    {
        var kind = q.ResourceKind switch { "key" => ResourceKind.Key, "role" => ResourceKind.Role, _ => ResourceKind.Ordinary };
        var caller = new Principal
        {
            Kind = q.CallerKind switch
            {
                "root" => PrincipalKind.Root,
                "user" => PrincipalKind.User,
                "session" => PrincipalKind.RoleSession,
                "federated" => PrincipalKind.FederatedUser,
                "service" => PrincipalKind.Service,
                _ => PrincipalKind.WebIdentity,
            },
            Account = q.CallerAccount,
            Arn = q.CallerArn,
            EntityArn = q.EntityArn,
            EntityId = q.EntityId,
            UserId = Only(q, "aws:userid") ?? "",
            UserName = Only(q, "aws:username"),
            FederatedProvider = q.Provider.Length > 0 ? q.Provider : null,
            IsTemporary = q.Context.ContainsKey("aws:multifactorauthpresent"),
            TokenIssueTime = Only(q, "aws:tokenissuetime") is { } issued ? DateTimeOffset.Parse(issued, System.Globalization.CultureInfo.InvariantCulture) : null,
            Tags = Tags(q, "aws:principaltag/"),
        };
        var service = new Keys();
        foreach (var (name, values) in q.Context.Where(k => k.Key.StartsWith("svc:", StringComparison.Ordinal)))
            service[name] = values;
        var thing = new Thing(q.ResourceArn, q.ResourceAccount, kind)
        {
            Policy = q.ResourcePolicy,
            EntityIds = q.EntityIds,
            Tags = Tags(q, "aws:resourcetag/"),
            RequestTags = Tags(q, "aws:requesttag/"),
            Keys = service,
        };
        var facts = new RequestFacts
        {
            Now = DateTimeOffset.Parse(Only(q, "aws:currenttime")!, System.Globalization.CultureInfo.InvariantCulture),
            SourceIp = Only(q, "aws:sourceip"),
            SecureTransport = Only(q, "aws:securetransport") == "true",
            RequestedRegion = Only(q, "aws:requestedregion"),
        };
        var policies = new PrincipalPolicies
        {
            Identity = [.. q.Identity.Select(p => Asking.Attached(p))],
            Boundary = q.Boundary is null ? null : Asking.Attached(q.Boundary),
            Session = [.. q.Session.Select(p => Asking.Attached(p))],
        };
        var request = new AccessRequest(caller, q.Action, thing, facts) { Grant = Enum.Parse<PrincipalMatch>(q.Grant, ignoreCase: true) };

        decision = PolicyEvaluator.Evaluate(request, policies);
        if (q.Context.Count % 8 == 0)
            Assert.Equal(decision, PolicyEvaluator.Evaluate(request, policies, new EvaluationTrace())); // watching changes nothing
        return decision.IsAllowed ? "allowed" : $"{(decision.Outcome == Outcome.ExplicitDeny ? "explicit" : "implicit")} {decision.DecidedBy.ToString().ToLowerInvariant()}";
    }

    private static string? Only(NaiveEvaluator.Question q, string key) => q.Context.GetValueOrDefault(key)?[0];

    private static TagSet Tags(NaiveEvaluator.Question q, string prefix) =>
        TagSet.Of(q.Context.Where(k => k.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(k => KeyValuePair.Create(k.Key[prefix.Length..], k.Value[0])));
}
