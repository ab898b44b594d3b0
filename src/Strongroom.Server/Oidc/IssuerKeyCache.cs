using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Strongroom.Server.Oidc;

/// <summary>What is known of an issuer's keys now.</summary>
/// <param name="Keys">Null when there are none.</param>
/// <param name="IsUnreachable">For want of keys: whether trying again may help.</param>
internal readonly record struct IssuerLookup(IssuerKeys? Keys, bool IsUnreachable);

/// <summary>
/// Keeps issuers' keys, so that a token costs no request to its issuer. They are fetched again when they are old or when a token names a key that is
/// not among them; an issuer that is away is not missed for a day. Safe for concurrent use.
/// </summary>
internal sealed partial class IssuerKeyCache(IssuerFiles files, IssuerClient client, TimeProvider time, ILogger log)
{
    /// <summary>After this, the issuer is asked again; what it said before counts while it does not answer.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromHours(1);

    /// <summary>After this, keys that could not be fetched again no longer count.</summary>
    public static readonly TimeSpan Usable = TimeSpan.FromHours(24);

    /// <summary>However many tokens name unknown keys, an issuer is asked no more often.</summary>
    public static readonly TimeSpan Floor = TimeSpan.FromMinutes(1);

    /// <summary>The same while nothing is known of it.</summary>
    public static readonly TimeSpan FloorWithoutKeys = TimeSpan.FromSeconds(10);

    // Providers are made by whoever may make them; what was once asked for must not stay for ever.
    private const int MaxIssuers = 1_000;

    private readonly ConcurrentDictionary<string, Issuer> issuers = new(StringComparer.Ordinal);

    /// <param name="url">The URL of a provider that is registered, without scheme.</param>
    /// <param name="kid">The key that is looked for; null for the only one.</param>
    public async ValueTask<IssuerLookup> FindAsync(string url, string? kid, CancellationToken ct)
    {
        var given = files.FindKeys(url, out var isGiven);
        if (isGiven)
            return new IssuerLookup(given, false);
        if (issuers.Count >= MaxIssuers && !issuers.ContainsKey(url))
            issuers.Clear();
        var issuer = issuers.GetOrAdd(url, static _ => new Issuer());
        var now = time.GetUtcNow();
        Task? fetch;
        lock (issuer)
        {
            if (issuer.Keys is { } keys && now - issuer.FetchedAt < Fresh && keys.Has(kid))
                return new IssuerLookup(keys, false);
            if (issuer.Fetch is null && now - issuer.AskedAt >= (issuer.Keys is null ? FloorWithoutKeys : Floor))
                issuer.Fetch = Task.Run(() => FetchAsync(url, issuer), CancellationToken.None);
            fetch = issuer.Fetch;
        }

        // One fetch for all who wait; whoever hangs up leaves it to the others.
        if (fetch is not null)
            await fetch.WaitAsync(ct);
        lock (issuer)
            return new IssuerLookup(time.GetUtcNow() - issuer.FetchedAt < Usable ? issuer.Keys : null, issuer.IsUnreachable);
    }

    private async Task FetchAsync(string url, Issuer issuer)
    {
        IssuerKeys? keys = null;
        var isUnreachable = false;
        try
        {
            keys = await client.FetchAsync(url);
        }
        catch (IssuerException e)
        {
            isUnreachable = e.IsUnreachable;
            NoKeys(log, url, e.Message);
        }
#pragma warning disable CA1031 // A fault of ours must not leave those who wait without an answer, nor the issuer unasked for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            NoKeys(log, url, e.GetType().Name);
        }

        lock (issuer)
        {
            issuer.AskedAt = time.GetUtcNow();
            issuer.IsUnreachable = isUnreachable;
            issuer.Fetch = null;
            if (keys is not null)
                (issuer.Keys, issuer.FetchedAt) = (keys, issuer.AskedAt);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No keys from the OIDC issuer {Issuer}: {Reason}")]
    private static partial void NoKeys(ILogger log, string issuer, string reason);

    /// <summary>Read and written under its own lock.</summary>
    private sealed class Issuer
    {
        public IssuerKeys? Keys;
        public DateTimeOffset FetchedAt = DateTimeOffset.MinValue;
        public DateTimeOffset AskedAt = DateTimeOffset.MinValue;
        public bool IsUnreachable;
        public Task? Fetch;
    }
}
