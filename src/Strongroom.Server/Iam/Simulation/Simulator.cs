using System.Text.RegularExpressions;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>What came of one action on one resource.</summary>
/// <param name="Sides">Across accounts: what the caller's policies and what the resource's policy say by themselves; both have to allow. Null inside an account.</param>
internal sealed record SimulationResult(
    string Action, string Resource, Decision Decision, EvaluationTrace Trace, bool HasBoundary, (Outcome Caller, Outcome Resource)? Sides);

/// <summary>Asks the evaluator that decides real calls, with what the request tells of them. Source: IAM fact sheet 6.6; IAM API Reference, SimulatePrincipalPolicy.</summary>
internal sealed partial class Simulator
{
    // Far more than a page, and a bound on the work of finding one.
    private const int MaxQuestions = 100_000;

    private readonly Principal caller;
    private readonly PrincipalPolicies policies;
    private readonly CompiledPolicy? resourcePolicy;
    private readonly string owner;
    private readonly IConditionKeys context;
    private readonly IReadOnlyList<string> actions;
    private readonly IReadOnlyList<string> resources;

    /// <exception cref="ServiceException">InvalidInput.</exception>
    public Simulator(SimulationRequest request, Principal caller, PrincipalPolicies policies)
    {
        this.caller = caller;
        this.policies = policies;
        resourcePolicy = request.ResourcePolicy is { } text ? CompiledPolicy.Compile(SimulatedPolicies.Document(text, PolicyKind.Resource)) : null;
        if (resourcePolicy is not null && caller.Arn is null)
            throw IamErrors.InvalidInput("CallerArn is required when a ResourcePolicy is simulated for anything but a user.");
        owner = request.ResourceOwner is { } named ? Owner(named) : caller.Account;
        context = new GivenContext(request.ContextEntries ?? []);
        actions = request.ActionNames!;
        resources = request.ResourceArns is { Count: > 0 } given ? given : ["*"];
        if (actions.FirstOrDefault(action => !ActionName().IsMatch(action)) is { } badAction)
            throw IamErrors.InvalidInput($"Invalid action name: {badAction}. An action is written service:Name, without wildcards.");
        if (resources.FirstOrDefault(resource => !IsResource(resource)) is { } badResource)
            throw IamErrors.InvalidInput($"ARN {badResource} is not valid.");
        if ((long)actions.Count * resources.Count > MaxQuestions)
            throw IamErrors.InvalidInput($"A simulation answers for {MaxQuestions} combinations of actions and resources at most.");
    }

    public Page<SimulationResult> Run(PagedRequest request, Paging paging)
    {
        var questions = actions.SelectMany(action => resources.Select(resource => (Action: action, Resource: resource)))
            .Select((question, i) => (question.Action, question.Resource, Key: i.ToString("D6", System.Globalization.CultureInfo.InvariantCulture)));
        var page = paging.Cut(questions, question => question.Key, request);
        return new([.. page.Items.Select(question => Ask(question.Action, question.Resource))], page.Marker);
    }

    private SimulationResult Ask(string action, string resource)
    {
        var arn = Arn.TryParse(resource);
        var target = new SimulatedResource(arn is { Account.Length: > 0 } ? arn.Account : owner, resource, resourcePolicy)
        {
            // A key's policy takes part as it does in real calls; without one the simulation is about the caller's side alone.
            Kind = resourcePolicy is not null && arn is { Service: "kms" } && arn.Resource.StartsWith("key/", StringComparison.Ordinal) ? ResourceKind.Key : ResourceKind.Ordinary,
        };
        var trace = new EvaluationTrace();
        var decision = PolicyEvaluator.Evaluate(new AccessRequest(caller, action, target, RequestFacts.Unknown) { Overrides = context }, policies, trace);
        return new(action, resource, decision, trace, policies.Boundary is not null, target.Account == caller.Account ? null : (CallerSide(trace), ResourceSide(trace)));
    }

    // A session's policies take no part in simulations.
    private Outcome CallerSide(EvaluationTrace trace) =>
        Any(trace, PolicyEffect.Deny, DecidingPolicy.Identity) || Any(trace, PolicyEffect.Deny, DecidingPolicy.Boundary) ? Outcome.ExplicitDeny
        : Any(trace, PolicyEffect.Allow, DecidingPolicy.Identity) && (policies.Boundary is null || Any(trace, PolicyEffect.Allow, DecidingPolicy.Boundary)) ? Outcome.Allowed
        : Outcome.ImplicitDeny;

    private static Outcome ResourceSide(EvaluationTrace trace) =>
        Any(trace, PolicyEffect.Deny, DecidingPolicy.Resource) ? Outcome.ExplicitDeny
        : Any(trace, PolicyEffect.Allow, DecidingPolicy.Resource) ? Outcome.Allowed
        : Outcome.ImplicitDeny;

    private static bool Any(EvaluationTrace trace, PolicyEffect effect, DecidingPolicy kind) =>
        trace.Matched.Any(statement => statement.Effect == effect && statement.Kind == kind);

    private static string Owner(string text)
    {
        if (AccountId().IsMatch(text))
            return text;
        return Arn.TryParse(text) is { Service: "iam", Resource: "root" } arn && AccountId().IsMatch(arn.Account) ? arn.Account : throw IamErrors.InvalidInput($"ARN {text} is not valid.");
    }

    private static bool IsResource(string text) => text == "*" || (Arn.TryParse(text) is not null && XmlParts.CanHold(text));

    [GeneratedRegex(@"\A[A-Za-z0-9-]+:[A-Za-z0-9]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ActionName();

    [GeneratedRegex(@"\A[0-9]{12}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex AccountId();

    private sealed record SimulatedResource(string Account, string ResourceArn, CompiledPolicy? ResourcePolicy) : IResource
    {
        public ResourceKind Kind { get; init; }
    }

    private sealed class GivenContext : IConditionKeys
    {
        private readonly Dictionary<string, IReadOnlyList<string>> values = new(StringComparer.Ordinal);

        public GivenContext(IReadOnlyList<ContextEntryRequest> entries)
        {
            foreach (var entry in entries)
            {
                if (entry.ContextKeyName is not { } name)
                    throw IamErrors.InvalidInput("A context entry has no ContextKeyName.");
                var given = entry.ContextKeyValues ?? [];
                if (given.Count > 1 && entry.ContextKeyType is { } type && !type.EndsWith("List", StringComparison.Ordinal))
                    throw IamErrors.InvalidInput($"The context key {name} of type {type} can have one value only.");
                values[new ConditionKey(name).Name] = given;
            }
        }

        public ConditionValues Find(ConditionKey key) => values.TryGetValue(key.Name, out var found) ? new ConditionValues(found) : default;
    }
}
