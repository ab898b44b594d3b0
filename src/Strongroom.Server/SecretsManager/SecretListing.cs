using System.Text;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>What ListSecrets and BatchGetSecretValue list: filters, order, place.</summary>
/// <param name="Operation">Keeps the tokens of the two operations apart.</param>
internal sealed record SecretListing(
    string Operation, IReadOnlyList<FilterParameter> Filters, SecretOrder Order, bool Descending, bool IncludeMarkedForDeletion)
{
    /// <summary>Binds a paging token to exactly this listing.</summary>
    public string Fingerprint(CallContext call)
    {
        var text = new StringBuilder().AppendJoin('\n', Operation, call.Caller.Account, call.Region, Order, Descending, IncludeMarkedForDeletion);
        foreach (var filter in Filters)
            text.Append('\n').Append(filter.Key).Append('=').AppendJoin(',', (filter.Values ?? []).Select(v => $"{v.Length}:{v}"));
        return text.ToString();
    }
}

/// <summary>Reads a page of a listing. Source: API fact sheet, section 6.</summary>
internal sealed class SecretPages(ISecretStore store, PagingTokens tokens)
{
    // A page ends after so many rows even when few match, so that a call's cost is bounded; the token goes on from there, as AWS allows.
    private const int MaxScanned = 20_000;
    private const int Chunk = 500;

    public async ValueTask<(IReadOnlyList<StoredSecret> Secrets, string? NextToken)> ReadAsync(
        CallContext call, SecretListing listing, int pageSize, string? nextToken, CancellationToken ct)
    {
        // The model requires neither member of a filter, so their absence is no constraint's error. Source: API fact sheet 3.10.
        foreach (var listed in listing.Filters)
        {
            if (listed.Key is null)
                throw SecretsManagerErrors.InvalidParameter("Invalid filter key");
            if (listed.Values is null)
                throw SecretsManagerErrors.InvalidParameter($"Invalid filter values for key: {listed.Key}");
        }

        if (!SecretFilter.TryCompile([.. listing.Filters.Select(f => (f.Key, f.Values))], out var filter, out var error))
            throw SecretsManagerErrors.InvalidParameter(error.Message);

        var fingerprint = listing.Fingerprint(call);
        var after = nextToken is null ? null : Position(tokens.Read(fingerprint, nextToken));
        var found = new List<StoredSecret>();
        var unfiltered = listing.Filters.Count == 0;
        for (var scanned = 0; scanned < MaxScanned;)
        {
            // One row more than the page shows tells whether there is another page.
            var limit = unfiltered ? pageSize + 1 : Chunk;
            var rows = await store.ListAsync(
                new SecretQuery(call.Caller.Account, call.Region, listing.Order, listing.Descending, after, limit, listing.IncludeMarkedForDeletion), ct);
            foreach (var row in rows)
            {
                if (filter.Matches(row))
                {
                    if (found.Count == pageSize)
                        return (found, tokens.Make(fingerprint, after!.SortKey, after.Name));
                    found.Add(row);
                }

                after = Position(listing.Order, row);
            }

            if (rows.Count < limit)
                return (found, null);
            scanned += rows.Count;
        }

        return (found, tokens.Make(fingerprint, after!.SortKey, after.Name));
    }

    private static SecretPosition Position((long SortKey, string Name) token) => new(token.SortKey, token.Name);

    private static SecretPosition Position(SecretOrder order, StoredSecret secret) => new(
        order switch
        {
            SecretOrder.CreatedDate => secret.CreatedAt.ToUnixTimeMilliseconds(),
            SecretOrder.LastChangedDate => secret.ChangedAt.ToUnixTimeMilliseconds(),
            SecretOrder.LastAccessedDate => secret.AccessedOn is { } day
                ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds()
                : 0,
            _ => 0,
        },
        secret.Name);
}
