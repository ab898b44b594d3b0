using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Strongroom.Storage.Tests;

/// <summary>
/// A process that commits is killed with SIGKILL at random moments. Afterwards each change that it had printed as acknowledged is there
/// with its record, and of the others there is all or nothing.
/// </summary>
public sealed class CrashTests(PostgresFixture postgres)
{
    private const string Account = "111122223333";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_process_loses_nothing_acknowledged_in_SQLite()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("strongroom.db");

        await KillAndCheckAsync(runs: 6, "sqlite", path, () => SqlStore.OpenSqliteAsync(path, TimeProvider.System, Ct));
    }

    [Fact]
    public async Task A_killed_process_loses_nothing_acknowledged_in_PostgreSQL()
    {
        var text = postgres.ConnectionString(await postgres.CreateDatabaseAsync());

        await KillAndCheckAsync(runs: 3, "postgres", text, () => OpenOnceTheLockIsFreeAsync(text));
    }

    private static async Task KillAndCheckAsync(int runs, string engine, string place, Func<Task<SqlStore>> open)
    {
        var acknowledged = new List<(string Name, int Number, Guid EventId)>();
        for (var run = 0; run < runs; run++)
        {
            acknowledged.AddRange(await RunUntilKilledAsync(engine, place, run));

            await using var store = await open();
            await CheckAsync(store, acknowledged);
        }

        Assert.True(acknowledged.Count > runs, "The process was killed before it did much.");
    }

    private static async Task<List<(string, int, Guid)>> RunUntilKilledAsync(string engine, string place, int run)
    {
        using var host = Process.Start(new ProcessStartInfo("dotnet", [HostPath, engine, place, $"{run}"]) { RedirectStandardOutput = true })!;
        var lines = new List<(string, int, Guid)>();
        Assert.Equal("ready", await host.StandardOutput.ReadLineAsync(Ct));

        await using var killer = new Timer(_ => host.Kill());
        while (await host.StandardOutput.ReadLineAsync(Ct) is { } line)
        {
            // The last line may be cut off by the kill; what it says was acknowledged, but to nobody.
            if (line.Split(' ') is [var name, var number, { Length: 36 } id])
                lines.Add((name, int.Parse(number, CultureInfo.InvariantCulture), Guid.Parse(id)));

            if (lines.Count == 1)
                killer.Change(Random.Shared.Next(600), Timeout.Infinite);
        }

        await host.WaitForExitAsync(Ct);
        return lines;
    }

    private static async Task CheckAsync(SqlStore store, List<(string Name, int Number, Guid EventId)> acknowledged)
    {
        var records = (await store.ListAsync(Ct)).ToDictionary(r => Encoding.UTF8.GetString(r.Json.Span), r => r.EventId);
        foreach (var (name, number, id) in acknowledged)
            Assert.Equal(id, records[$"{name} {number}"]);

        // Whatever was committed, acknowledged or not, is whole: both secrets at one number, all their versions, a record for each.
        var expected = 0;
        foreach (var secret in await store.ListAsync(new(Account, "us-east-1", SecretOrder.Name, false, null, 1000, true), Ct))
        {
            var twin = await store.FindAsync(Account, "eu-west-1", secret.Name, Ct);
            Assert.Equal((secret.Revision, secret.Document.Description), (twin!.Revision, twin.Document.Description));
            foreach (var one in new[] { secret, twin })
            {
                var versions = await store.ListVersionsAsync(one.Id, true, null, 100_000, Ct);
                Assert.Equal(one.Revision, versions.Count);
                Assert.Equal(Enumerable.Range(0, versions.Count).Select(n => $"v{n}").Order(), versions.Select(v => v.VersionId).Order());
                Assert.Equal([one.Document.Description is var d ? $"v{d}" : ""], (await store.ListVersionsAsync(one.Id, false, null, 10, Ct)).Select(v => v.VersionId));
                var last = await store.FindVersionAsync(one.Id, versions[^1].VersionId, Ct);
                Assert.StartsWith($"{one.Name} {versions[^1].VersionId[1..]} ", Encoding.UTF8.GetString(last!.Value!.Bytes.Span), StringComparison.Ordinal);
            }

            expected += (int)secret.Revision;
        }

        Assert.Equal(expected, records.Count);
    }

    private static async Task<SqlStore> OpenOnceTheLockIsFreeAsync(string connectionString)
    {
        // PostgreSQL notices a little later than we do that the killed process is gone.
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await SqlStore.OpenPostgresAsync(connectionString, TimeProvider.System, Ct);
            }
            catch (StoreRefusedException) when (patience.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(20, Ct);
            }
        }
    }

    // Built with this project (see its ProjectReference) and copied beside it.
    private static readonly string HostPath = Path.Combine(AppContext.BaseDirectory, "Strongroom.Storage.CrashHost.dll");
}
