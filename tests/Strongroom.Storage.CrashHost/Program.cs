// A process for CrashTests to kill: commits as fast as it can from many tasks and prints each change once the store has acknowledged it.
// Arguments: the engine (sqlite, postgres), its path or connection string, and the run's number.
// Lines: "ready", then "<secret> <version number> <event id>". Each commit changes two secrets, adds a version to both and records one event,
// so that a half of one would show.
using System.Globalization;
using System.Text;
using Strongroom.Crypto;
using Strongroom.Storage;

const int Tasks = 16;
var (engine, place, run) = (args[0], args[1], args[2]);
await using var store = engine == "sqlite"
    ? await SqlStore.OpenSqliteAsync(place, TimeProvider.System, CancellationToken.None)
    : await SqlStore.OpenPostgresAsync(place, TimeProvider.System, CancellationToken.None);

Console.WriteLine("ready");
await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(() => WorkAsync($"run{run}-task{task}"))));

async Task WorkAsync(string name)
{
    for (var number = 0; ; number++)
    {
        var id = Guid.NewGuid();
        var record = new AuditEntry(id, Encoding.UTF8.GetBytes($"{name} {number}"));
        var commit = new SecretCommit([await ChangeAsync(name, "us-east-1", number), await ChangeAsync(name, "eu-west-1", number)], [record]);
        if (await store.CommitAsync(commit, CancellationToken.None) != CommitResult.Committed)
            throw new InvalidOperationException("Nobody else writes this secret.");

        lock (store)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {number} {id}"));
    }
}

async Task<SecretChange> ChangeAsync(string name, string region, int number)
{
    var now = TimeProvider.System.GetUtcNow();
    var version = new StoredVersion
    {
        VersionId = $"v{number}",
        CreatedAt = now,
        KmsKeyId = "DefaultEncryptionKey",
        Value = SealedValue.Parse(Encoding.UTF8.GetBytes($"{name} {number} ".PadRight(200 + number % 7 * 1000, '.'))),
        ContentMac = new byte[32],
    };
    var before = await store.FindAsync("111122223333", region, name, CancellationToken.None);
    var document = new SecretDocument { Description = $"{number}", Versions = [new(version.VersionId, ["AWSCURRENT"])] };
    var after = before is null
        ? new StoredSecret { Account = "111122223333", Region = region, Name = name, Suffix = "Ab3dEf", CreatedAt = now, ChangedAt = now, Document = document }
        : before with { ChangedAt = now, Document = document };
    return new SecretChange { Before = before, After = after, Versions = [version] };
}
