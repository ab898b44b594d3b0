using System.Text;

namespace Strongroom.Storage.Tests;

/// <summary>Secrets and versions with nothing remarkable about them.</summary>
internal static class Sample
{
    public const string Account = "111122223333";
    public const string Region = "us-east-1";

    public static DateTimeOffset Time(long offsetMs) => DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000 + offsetMs);

    public static StoredSecret Secret(string name, params LabelledVersion[] versions) => new()
    {
        Account = Account,
        Region = Region,
        Name = name,
        Suffix = "Ab3dEf",
        CreatedAt = Time(0),
        ChangedAt = Time(0),
        Document = new SecretDocument { Versions = versions },
    };

    public static LabelledVersion Current(string id) => new(id, ["AWSCURRENT"]);

    public static StoredVersion Version(string id, long createdMs = 0, string value = "sealed") => new()
    {
        VersionId = id,
        CreatedAt = Time(createdMs),
        KmsKeyId = "DefaultEncryptionKey",
        Value = SealedValue.Parse(Encoding.UTF8.GetBytes(value)),
        ContentMac = Encoding.UTF8.GetBytes("mac of " + value),
    };

    public static AuditEntry Record(Guid id) => new(id, Encoding.UTF8.GetBytes($$"""{"eventID":"{{id}}"}"""));

    public static SecretCommit Commit(params SecretChange[] changes) => new(changes, []);

    /// <summary>Inserts a secret and returns it as the store has it.</summary>
    public static async Task<StoredSecret> AddAsync(this ISecretStore store, StoredSecret secret, params StoredVersion[] versions)
    {
        var result = await store.CommitAsync(Commit(new SecretChange { After = secret, Versions = versions }), TestContext.Current.CancellationToken);
        Assert.Equal(CommitResult.Committed, result);
        return await store.GetAsync(secret.Name, secret.Account, secret.Region);
    }

    public static async Task<StoredSecret> GetAsync(this ISecretStore store, string name, string account = Account, string region = Region)
    {
        var found = await store.FindAsync(account, region, name, TestContext.Current.CancellationToken);
        Assert.NotNull(found);
        return found;
    }

    public static async Task<CommitResult> ChangeAsync(this ISecretStore store, SecretChange change) =>
        await store.CommitAsync(Commit(change), TestContext.Current.CancellationToken);

    public static async Task<string[]> VersionIdsAsync(this ISecretStore store, long secretId, bool includeUnlabelled = true) =>
        [.. (await store.ListVersionsAsync(secretId, includeUnlabelled, null, 10_000, TestContext.Current.CancellationToken)).Select(v => v.VersionId)];
}
