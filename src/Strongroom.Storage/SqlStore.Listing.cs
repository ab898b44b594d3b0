namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    /// <remarks>Each order has an index that ends in the name, so a page costs what it returns however many secrets there are; only secrets
    /// marked for deletion that lie between are passed over one by one.</remarks>
    public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) =>
        engine.ReadAsync(query, static async (session, query, ct) =>
        {
            // A first page starts before (or, descending, after) every possible row, so that one statement serves all pages.
            var key = query.After?.SortKey ?? (query.Descending ? long.MaxValue : -1);
            var name = query.After?.Name ?? (query.Descending ? AfterAllNames : "");
            if (query.Order == SecretOrder.LastAccessedDate && query.After is not null)
                key /= StoredTime.MillisecondsPerDay;

            await using var reader = await session.QueryAsync(
                ListStatement(query.Order, query.Descending), ct,
                ("account", query.Account), ("region", query.Region), ("marked", query.IncludeMarkedForDeletion ? 1L : 0L),
                ("key", key), ("name", name), ("limit", (long)query.Limit));
            return await ReadSecretsAsync(reader, ct);
        }, ct);

    // The statements by name take @key too, and ignore it: all eight are called alike.
    private static string ListStatement(SecretOrder order, bool descending) => (order, descending) switch
    {
        (SecretOrder.CreatedDate, false) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND (created_at_ms, name) > (@key, @name)
            ORDER BY created_at_ms, name LIMIT @limit
            """,
        (SecretOrder.CreatedDate, true) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND (created_at_ms, name) < (@key, @name)
            ORDER BY created_at_ms DESC, name DESC LIMIT @limit
            """,
        (SecretOrder.LastAccessedDate, false) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND (accessed_day, name) > (@key, @name)
            ORDER BY accessed_day, name LIMIT @limit
            """,
        (SecretOrder.LastAccessedDate, true) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND (accessed_day, name) < (@key, @name)
            ORDER BY accessed_day DESC, name DESC LIMIT @limit
            """,
        (SecretOrder.LastChangedDate, false) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND (changed_at_ms, name) > (@key, @name)
            ORDER BY changed_at_ms, name LIMIT @limit
            """,
        (SecretOrder.LastChangedDate, true) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND (changed_at_ms, name) < (@key, @name)
            ORDER BY changed_at_ms DESC, name DESC LIMIT @limit
            """,
        (SecretOrder.Name, false) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND @key IS NOT NULL AND name > @name
            ORDER BY name LIMIT @limit
            """,
        (SecretOrder.Name, true) => """
            SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
            FROM secret
            WHERE account = @account AND region = @region AND (purge_at_ms IS NULL OR @marked = 1) AND @key IS NOT NULL AND name < @name
            ORDER BY name DESC LIMIT @limit
            """,
        _ => throw new ArgumentOutOfRangeException(nameof(order), order, "Not an order of secrets."),
    };

    /// <summary>The last code point: sorts after every name that AWS's alphabet allows.</summary>
    private const string AfterAllNames = "\U0010FFFF";
}
