using System.Globalization;
using System.Text;
using System.Text.Json;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

/// <summary>The same random operations on both engines and on the model; after each, all three must have said and hold the same.</summary>
/// <remarks>A run prints its seed; <c>STRONGROOM_TEST_SEED</c> repeats it.</remarks>
public sealed class ModelTests(PostgresFixture postgres)
{
    private const int Operations = 600;

    [Fact]
    public async Task Both_engines_do_what_the_model_does()
    {
        var ct = TestContext.Current.CancellationToken;
        var seed = int.TryParse(Environment.GetEnvironmentVariable("STRONGROOM_TEST_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"STRONGROOM_TEST_SEED={seed}");
        using var directory = new TemporaryDirectory();
        await using var sqlite = await SqlStore.OpenSqliteAsync(directory.File("s.db"), TimeProvider.System, ct);
        await using var postgresql = await SqlStore.OpenPostgresAsync(postgres.ConnectionString(await postgres.CreateDatabaseAsync()), TimeProvider.System, ct);
        ISecretStore[] stores = [new ModelStore(), sqlite, postgresql];
        var random = new Random(seed);
        // Ids may differ between the stores (PostgreSQL leaves gaps), so each store has its own memory of what it read.
        var memories = stores.Select(_ => new Dictionary<string, StoredSecret>()).ToArray();

        for (var i = 0; i < Operations; i++)
        {
            var operation = random.Next();
            var outcomes = new List<string>();
            for (var s = 0; s < stores.Length; s++)
                outcomes.Add(await RunAsync(stores[s], memories[s], new Random(operation), i, ct));

            Assert.True(outcomes.Distinct().Count() == 1, $"Seed {seed}, operation {i}:\n{string.Join("\n", outcomes)}");
            if (i % 20 == 0)
            {
                var states = await Task.WhenAll(stores.Select(store => DumpAsync(store, ct)));
                Assert.True(states.Distinct().Count() == 1, $"Seed {seed}, after operation {i}:\n{string.Join("\n\n", states)}");
            }
        }
    }

    private static async Task<string> RunAsync(ISecretStore store, Dictionary<string, StoredSecret> memory, Random random, int step, CancellationToken ct)
    {
        switch (random.Next(10))
        {
            case 0:
            {
                var name = PickName(random);
                if (await store.FindAsync(Account, Region, name, ct) is not { } found)
                    return "touch nothing";

                await store.TouchAsync(found.Id, $"v{random.Next(6)}", new DateOnly(2024, 1, 1 + random.Next(28)), ct);
                return "touch";
            }
            case 1:
            {
                var (order, isDescending) = ((SecretOrder)random.Next(4), random.Next(2) == 0);
                SecretPosition? after = null;
                var seen = new StringBuilder();
                while (await store.ListAsync(new(Account, Region, order, isDescending, after, 3, random.Next(2) == 0), ct) is { Count: > 0 } page)
                {
                    seen.AppendJoin(' ', page.Select(s => s.Name)).Append('|');
                    after = new(SecretStoreContract.SortKey(page[^1], order), page[^1].Name);
                }

                return $"list {order} {isDescending} {seen}";
            }
            case 2:
            {
                var outbox = (IAuditOutbox)store;
                var ids = (await outbox.ListAsync(ct)).Select(r => r.EventId).ToArray();
                await outbox.RemoveAsync([.. ids.Where(_ => random.Next(2) == 0)], ct);
                return $"outbox {string.Join(' ', ids)}";
            }
            default:
            {
                var changes = new List<SecretChange>();
                for (var n = random.Next(1, 4); n > 0; n--)
                    changes.Add(await MakeChangeAsync(store, memory, random, step, ct));

                var id = new byte[16];
                random.NextBytes(id);
                return $"commit {await store.CommitAsync(new SecretCommit(changes, [Record(new Guid(id))]), ct)}";
            }
        }
    }

    private static async Task<SecretChange> MakeChangeAsync(
        ISecretStore store, Dictionary<string, StoredSecret> memory, Random random, int step, CancellationToken ct)
    {
        var name = PickName(random);

        // Mostly from what is there now; sometimes from what was read before, or as if nothing were there.
        var before = random.Next(6) switch
        {
            0 => memory.GetValueOrDefault(name),
            1 => null,
            _ => await store.FindAsync(Account, Region, name, ct),
        };
        if (before is not null)
            memory[name] = before;

        var labelled = Enumerable.Range(0, 6).Where(_ => random.Next(3) == 0).Select(v => new LabelledVersion($"v{v}", [$"label{v}"])).ToArray();
        var after = (before ?? Secret(name) with { CreatedAt = Time(random.Next(5)) }) with
        {
            ChangedAt = Time(random.Next(5)),
            PurgeAt = random.Next(4) == 0 ? Time(random.Next(5)) : null,
            Document = new SecretDocument { Description = $"step {step}", Versions = labelled },
        };
        var versions = Enumerable.Range(0, 6).Where(_ => random.Next(3) == 0).Select(v => Version($"v{v}", random.Next(10), $"value {random.Next(100)}")).ToArray();
        return new SecretChange
        {
            Before = before,
            After = before is not null && random.Next(8) == 0 ? null : after,
            Versions = versions,
            RemovedVersionIds = random.Next(4) == 0 ? [$"v{random.Next(6)}"] : [],
            PruneCreatedBefore = random.Next(3) == 0 ? Time(random.Next(12)) : null,
            KeepUnlabelled = random.Next(4),
        };
    }

    private static async Task<string> DumpAsync(ISecretStore store, CancellationToken ct)
    {
        var text = new StringBuilder();
        foreach (var secret in await store.ListAsync(new(Account, Region, SecretOrder.Name, false, null, 1000, true), ct))
        {
            text.AppendLine(JsonSerializer.Serialize(secret with { Id = 0 }));
            var labelled = (await store.ListVersionsAsync(secret.Id, false, null, 1000, ct)).Select(v => v.VersionId).ToHashSet();
            foreach (var summary in await store.ListVersionsAsync(secret.Id, true, null, 1000, ct))
            {
                var version = (await store.FindVersionAsync(secret.Id, summary.VersionId, ct))!;
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"  {summary} {labelled.Contains(summary.VersionId)} {Encoding.UTF8.GetString(version.Value!.Bytes.Span)} {version.AccessedOn}");
            }
        }

        text.AppendJoin(' ', (await store.ListLaggingAsync(0, 1000, ct)).Select(s => s.Name));
        text.AppendJoin(' ', (await store.ListPurgeableAsync(Time(3), null, 1000, ct)).Select(s => s.PurgeAt));
        return text.ToString();
    }

    private static string PickName(Random random) => new[] { "a", "B", "b/c", "_", "Z", "z", "a-b", "a/b" }[random.Next(8)];
}
