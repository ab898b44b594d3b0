using System.Collections.Frozen;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Server.Quotas;

/// <summary>
/// The rules of <c>rate-limit</c> against the operations that there are: which buckets a call of an operation takes from, by their numbers in a
/// <see cref="Consumer"/>. Immutable.
/// </summary>
internal sealed class RateTable
{
    private readonly FrozenDictionary<OperationEntry, (int[] OfPrincipal, int[] OfAccount)> slots;
    private readonly List<(RateScope Scope, RateBucket.Size? Everybody, Dictionary<string, RateBucket.Size> Named)> groups = [];

    /// <exception cref="StoreRefusedException">A rule names an operation that is none, or is one of several services.</exception>
    public RateTable(IReadOnlyList<RateRule> rules, OperationTable table, TimeProvider time)
    {
        var found = new Dictionary<OperationEntry, (List<int> OfPrincipal, List<int> OfAccount)>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var rule in rules)
        {
            var operations = rule.Operations.SelectMany(name => Matching(name, table)).Distinct().ToList();
            var canonical = $"{rule.Scope} {string.Join('+', operations.Select(o => $"{o.Name.Service}:{o.Name.Name}").Order(StringComparer.Ordinal))}";
            if (!numbers.TryGetValue(canonical, out var number))
            {
                numbers.Add(canonical, number = groups.Count);
                groups.Add((rule.Scope, null, new Dictionary<string, RateBucket.Size>(StringComparer.Ordinal)));
                foreach (var operation in operations)
                {
                    if (!found.TryGetValue(operation, out var lists))
                        found.Add(operation, lists = ([], []));
                    (rule.Scope == RateScope.Principal ? lists.OfPrincipal : lists.OfAccount).Add(number);
                }
            }

            var size = RateBucket.Size.Of(rule.Rate, time);
            if (rule.Who is { } who)
                groups[number].Named[who] = size;
            else
                groups[number] = groups[number] with { Everybody = size };
        }

        slots = found.ToFrozenDictionary(pair => pair.Key, pair => (pair.Value.OfPrincipal.ToArray(), pair.Value.OfAccount.ToArray()));
    }

    public bool IsEmpty => groups.Count == 0;

    /// <summary>The buckets of one account or principal, by their numbers; null where no rule is for it.</summary>
    public RateBucket?[] BucketsFor(RateScope scope, string who) => groups.Count == 0 ? [] :
    [
        .. groups.Select(group =>
            group.Scope != scope ? null
            : group.Named.TryGetValue(who, out var own) ? new RateBucket(own)
            : group.Everybody is { } size ? new RateBucket(size)
            : null),
    ];

    /// <summary>Takes a token from every bucket that a call of the operation needs. False when one of them is empty.</summary>
    /// <remarks>The principal's come first: what it asks for in vain must not be taken from its account's other principals.</remarks>
    public bool TryTake(Consumer consumer, OperationEntry operation, long now)
    {
        if (!slots.TryGetValue(operation, out var numbers))
            return true;
        return TryTake(consumer.Buckets, numbers.OfPrincipal, now) && TryTake(consumer.Account?.Buckets, numbers.OfAccount, now);
    }

    private static bool TryTake(RateBucket?[]? buckets, int[] numbers, long now)
    {
        // Addresses have none: who signs nothing is nobody whom a rate is for.
        if (buckets is null or [])
            return true;
        foreach (var number in numbers)
        {
            if (buckets[number] is { } bucket && !bucket.TryTake(now))
                return false;
        }

        return true;
    }

    private static IEnumerable<OperationEntry> Matching(string name, OperationTable table)
    {
        if (name == "*")
            return table.Entries;
        var (service, operation) = name.IndexOf(':', StringComparison.Ordinal) is var colon and >= 0 ? (name[..colon], name[(colon + 1)..]) : (null, name);
        var found = table.Entries.Where(e => (service is null || e.Name.Service == service) && (operation == "*" || e.Name.Name == operation)).ToList();
        if (found.Count == 0)
        {
            var known = table.Entries.Select(e => service is null ? e.Name.Name : $"{e.Name.Service}:{e.Name.Name}");
            throw new StoreRefusedException($"{RateRule.Setting} names the operation '{name}', which there is not. Did you mean {Spelling.Nearest(name, known)}?");
        }

        if (operation != "*" && found.Count > 1)
        {
            throw new StoreRefusedException(
                $"{RateRule.Setting} names the operation '{name}', which several services have. Write {string.Join(" or ", found.Select(e => $"{e.Name.Service}:{e.Name.Name}"))}.");
        }

        return found;
    }
}
