using Strongroom.Crypto;

namespace Strongroom.Storage;

/// <summary>
/// Directories: small sets of documents that belong together and change together, such as the IAM entities of an account or the KMS keys
/// of an account and region. Read whole, because every decision may need any of it; changed through <see cref="SecretCommit.Directories"/>.
/// </summary>
public interface IDirectoryStore
{
    /// <summary>A directory as it is now; empty, with revision 0, when nothing was ever stored in it.</summary>
    ValueTask<StoredDirectory> LoadDirectoryAsync(string account, string scope, CancellationToken ct);

    /// <summary>The directories that have an entry of a kind, in order: for jobs that visit them all.</summary>
    ValueTask<IReadOnlyList<(string Account, string Scope)>> ListDirectoriesAsync(string kind, CancellationToken ct);

    /// <summary>The account whose access key this is; null when nobody has it. Ids are unique over all accounts.</summary>
    ValueTask<string?> FindAccessKeyAccountAsync(string accessKeyId, CancellationToken ct);

    /// <summary>All accounts, in order of their ids.</summary>
    ValueTask<IReadOnlyList<StoredAccount>> ListAccountsAsync(CancellationToken ct);

    /// <summary>Notes when keys were last used; never moves a date back. Lost uses do no harm, so this waits for no record.</summary>
    ValueTask RecordUsesAsync(IReadOnlyCollection<AccessKeyUse> uses, CancellationToken ct);

    /// <summary>The last noted use of an access key or a role; null when it was never used.</summary>
    /// <param name="id">An access key id, or a role's unique id.</param>
    ValueTask<AccessKeyUse?> FindUseAsync(string id, CancellationToken ct);
}

/// <param name="Scope">A region, or <c>global</c>.</param>
/// <param name="Revision">Grows by one with every committed change of the directory; a change names the revision it was computed from.</param>
/// <param name="Entries">Ordered by kind and name, ordinal.</param>
public sealed record StoredDirectory(string Account, string Scope, long Revision, IReadOnlyList<DirectoryEntry> Entries);

/// <summary>One document of a directory.</summary>
/// <param name="Kind">What it is, such as <c>user</c>; a constant of the code that owns it.</param>
/// <param name="Name">Unique within the kind, compared ordinal: whoever wants names that ignore case lowers them.</param>
/// <param name="Document">JSON.</param>
/// <param name="Sealed">What of it is secret; null for most.</param>
public sealed record DirectoryEntry(string Kind, string Name, string Document, SealedValue? Sealed = null)
{
    /// <summary>The kind of an access key, whose name is its id: the one kind that is found without knowing the account.</summary>
    public const string AccessKeyKind = "access-key";
}

/// <summary>A directory's part of a commit.</summary>
/// <param name="ExpectedRevision">Of the directory it was computed from; another one makes the commit stale.</param>
public sealed record DirectoryChange(string Account, string Scope, long ExpectedRevision)
{
    /// <summary>Entries to insert or to replace whole.</summary>
    public IReadOnlyList<DirectoryEntry> Puts { get; init; } = [];

    /// <summary>Entries to remove; those that are not there are passed over.</summary>
    public IReadOnlyList<(string Kind, string Name)> Removals { get; init; } = [];
}

/// <param name="Account">Twelve digits.</param>
public sealed record StoredAccount(string Account, DateTimeOffset CreatedAt);

/// <param name="Id">An access key id, or a role's unique id.</param>
/// <param name="Service">Signing name of the service that was called.</param>
public sealed record AccessKeyUse(string Id, DateTimeOffset UsedAt, string Region, string Service);
