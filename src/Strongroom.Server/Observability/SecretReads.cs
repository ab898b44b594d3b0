using System.Collections.Concurrent;
using System.Diagnostics;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Observability;

/// <summary>Counts reads by secret, where the operator has asked for it: names of secrets are nobody else's business.</summary>
internal sealed class SecretReads(ServerMeter meter)
{
    /// <summary>So many secrets have a label of their own, in the order in which they are first read; the rest share <c>other</c>.</summary>
    public const int MaxSecrets = 1000;

    private static readonly KeyValuePair<string, object?>[] Other = [new("secret", "other")];

    private readonly ConcurrentDictionary<long, KeyValuePair<string, object?>[]> tags = new();

    public void Count(StoredSecret secret)
    {
        meter.CountRead(TagsOf(secret));
        Activity.Current?.SetTag("strongroom.secret", secret.Arn());
    }

    private KeyValuePair<string, object?>[] TagsOf(StoredSecret secret)
    {
        if (tags.TryGetValue(secret.Id, out var known))
            return known;
        return tags.Count >= MaxSecrets ? Other : tags.GetOrAdd(secret.Id, static (_, arn) => [new("secret", arn)], secret.Arn());
    }
}
