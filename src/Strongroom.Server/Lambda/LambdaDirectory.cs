using Strongroom.Server.Directories;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Server.Lambda;

/// <summary>The functions of one account and region at one moment. Immutable and safe to share; a change makes the next one.</summary>
internal sealed class LambdaDirectory
{
    private const string ScopeEnd = "/lambda";

    private readonly SortedDictionary<string, LambdaFunction> functions = new(StringComparer.Ordinal);

    private LambdaDirectory(StoredDirectory stored)
    {
        (Account, Region, Revision) = (stored.Account, stored.Scope[..^ScopeEnd.Length], stored.Revision);
        foreach (var entry in stored.Entries)
        {
            if (LambdaJson.Read(entry, Account, Region) is { } function)
                functions.Add(entry.Name, function);
        }
    }

    public string Account { get; }

    public string Region { get; }

    public long Revision { get; }

    /// <summary>In order of their names, ordinal.</summary>
    public IReadOnlyCollection<LambdaFunction> All => functions.Values;

    public LambdaFunction? Find(string name) => functions.GetValueOrDefault(name);

    /// <summary>The scope apart from that of the region's keys, so that neither makes changes of the other stale.</summary>
    public static string ScopeOf(string region) => region + ScopeEnd;

    /// <returns>The region of a scope; null when the scope is not one of functions.</returns>
    public static string? RegionOf(string scope) => scope.EndsWith(ScopeEnd, StringComparison.Ordinal) ? scope[..^ScopeEnd.Length] : null;

    public static LambdaDirectory Parse(StoredDirectory stored, LambdaDirectory? previous) => new(stored);

    /// <summary>The change that puts a function; stale when another change of this account and region comes first.</summary>
    public DirectoryChange Change(LambdaFunction put) => new(Account, ScopeOf(Region), Revision) { Puts = [LambdaJson.Write(put)] };

    public DirectoryChange Removal(LambdaFunction function) => new(Account, ScopeOf(Region), Revision) { Removals = [(LambdaFunction.EntryKind, function.Name)] };
}

/// <summary>Finds accounts' functions.</summary>
internal sealed class LambdaDirectories(DirectoryCache cache, IamDirectories accounts)
{
    /// <summary>The functions of an account that exists, in a region.</summary>
    public ValueTask<LambdaDirectory> GetAsync(string account, string region, CancellationToken ct) =>
        cache.GetAsync<LambdaDirectory>(account, LambdaDirectory.ScopeOf(region), LambdaDirectory.Parse, ct);

    /// <summary>The functions of an account that somebody names; null when there is no such account.</summary>
    public async ValueTask<LambdaDirectory?> FindAsync(string account, string region, CancellationToken ct) =>
        await accounts.FindAsync(account, ct) is null ? null : await GetAsync(account, region, ct);
}
