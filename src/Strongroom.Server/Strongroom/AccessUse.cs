using Strongroom.Policy;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>What one principal may do with the secrets of a region, and what of it it did.</summary>
/// <param name="Allowed">Pairs of an action and a secret that its policies allow.</param>
/// <param name="Used">Those of them that it called.</param>
/// <param name="UnusedActions">Allowed on some secret and called on none. Sorted.</param>
/// <param name="UnreadSecrets">Secrets whose value it may read and did not.</param>
internal sealed record PrincipalUse(string Principal, int Allowed, int Used, IReadOnlyList<string> UnusedActions, int UnreadSecrets);

/// <summary>Compares what policies allow with what the audit log tells.</summary>
/// <param name="secrets">Those that the comparison is about.</param>
internal sealed class AccessUse(IReadOnlyList<StoredSecret> secrets, RequestFacts facts)
{
    /// <summary>The actions that act on one secret. CreateSecret, ListSecrets and the like are not about a secret that is there.</summary>
    public static IReadOnlyList<string> Actions { get; } =
    [
        .. new[]
        {
            "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "GetResourcePolicy", "GetSecretValue", "ListSecretVersionIds", "PutResourcePolicy",
            "PutSecretValue", "RemoveRegionsFromReplication", "ReplicateSecretToRegions", "RestoreSecret", "RotateSecret", "StopReplicationToReplica", "TagResource",
            "UntagResource", "UpdateSecret", "UpdateSecretVersionStage", "ValidateResourcePolicy",
        }.Select(name => Prefix + name),
    ];

    private const string Prefix = "secretsmanager:";
    private const string Read = Prefix + "GetSecretValue";

    /// <summary>Questions that are put to the policies at most: a few seconds of work.</summary>
    private const int MaxQuestions = 2_000_000;

    private readonly Dictionary<string, HashSet<(string Action, long Secret)>> used = new(StringComparer.Ordinal);
    private readonly SecretNames names = new(secrets);
    private int asked;

    /// <summary>Whether there were more principals and secrets than could be asked about.</summary>
    public bool IsTruncated { get; private set; }

    /// <param name="entityArn">Of the user, or of the role whose session called.</param>
    public void Note(string entityArn, AuditedCall call)
    {
        foreach (var secret in names.Of(call))
        {
            if (!used.TryGetValue(entityArn, out var pairs))
                used[entityArn] = pairs = [];
            pairs.Add((call.Disclosed.Count > 0 ? Read : call.Action, secret.Id));
        }
    }

    /// <returns>Null for a principal that may do nothing which it did not do.</returns>
    public PrincipalUse? Compare(Principal principal, PrincipalPolicies policies)
    {
        var did = used.GetValueOrDefault(principal.EntityArn ?? principal.Arn) ?? [];
        var (allowed, unread) = (new HashSet<(string Action, long Secret)>(), 0);
        foreach (var secret in secrets)
        {
            var target = new SecretTarget(secret.Account, secret.Arn(), secret.Arn(), secret);
            if (policies.Identity.IsEmpty && target.ResourcePolicy is null)
                continue;
            if ((asked += Actions.Count) > MaxQuestions)
            {
                IsTruncated = true;
                break;
            }

            foreach (var action in Actions)
            {
                if (PolicyEvaluator.Evaluate(new AccessRequest(principal, action, target, facts), policies).IsAllowed)
                    allowed.Add((action, secret.Id));
            }

            if (allowed.Contains((Read, secret.Id)) && !did.Contains((Read, secret.Id)))
                unread++;
        }

        var usedOfThem = allowed.Count(did.Contains);
        var calledActions = did.Select(pair => pair.Action).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return usedOfThem == allowed.Count ? null : new PrincipalUse(
            principal.EntityArn ?? principal.Arn, allowed.Count, usedOfThem,
            [.. allowed.Select(pair => pair.Action).Distinct().Where(action => !calledActions.Contains(action)).Order(StringComparer.Ordinal)], unread);
    }
}

/// <summary>Finds the secrets that audited calls were about, by name, ARN or partial ARN.</summary>
internal sealed class SecretNames
{
    private readonly Dictionary<string, StoredSecret> known = new(StringComparer.Ordinal);

    public SecretNames(IReadOnlyList<StoredSecret> secrets)
    {
        foreach (var secret in secrets)
        {
            var arn = secret.Arn();
            known[arn] = secret;
            known[arn[..^(secret.Suffix.Length + 1)]] = secret;
            known[secret.Name] = secret;
            known[secret.Name + "-??????"] = secret; // as the call that makes it is asked about
        }
    }

    /// <summary>Those that are still there; a batch's are those that it disclosed.</summary>
    public IEnumerable<StoredSecret> Of(AuditedCall call) =>
        (call.Disclosed.Count > 0 ? call.Disclosed : call.Resource is { } one ? [one] : []).Select(id => known.GetValueOrDefault(id)).OfType<StoredSecret>();
}
