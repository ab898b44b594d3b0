using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Strongroom.Storage.Sqlite;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests.Sqlite;

/// <summary>What goes wrong with a database file, and that the store says so in words and goes on when it can.</summary>
public sealed class SqliteFailureTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string DatabasePath => directory.File("strongroom.db");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_full_disk_loses_nothing_and_the_store_goes_on_when_there_is_room_again()
    {
        using var disk = new SmallDisk(directory.Path, megabytes: 3);
        var ballast = directory.File("ballast");
        await File.WriteAllBytesAsync(ballast, new byte[1 << 20], Ct);
        await using var store = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        var kept = new List<string>();

        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await AddAsync(store, $"s{i}");
                kept.Add($"s{i}");
            }
        });

        Assert.Contains("full", failure.Message, StringComparison.Ordinal);
        Assert.Contains(DatabasePath, failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => AddAsync(store, "while full"));
        Assert.Null(await store.FindAsync(Account, Region, "while full", Ct));

        File.Delete(ballast);
        await AddAsync(store, "afterwards");
        kept.Add("afterwards");
        foreach (var name in kept)
        {
            var secret = await store.GetAsync(name);
            Assert.Equal(20_000, (await store.FindVersionAsync(secret.Id, "v1", Ct))!.Value!.Bytes.Length);
        }

        Assert.Equal(kept.Count, (await store.ListAsync(Ct)).Count);
    }

    [Fact]
    public async Task A_probe_notices_a_full_disk()
    {
        using var disk = new SmallDisk(directory.Path, megabytes: 2);
        await using var store = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        await store.ProbeAsync(Ct);

        await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            for (var i = 0; i < 1000; i++)
                await AddAsync(store, $"s{i}");
        });

        await Assert.ThrowsAsync<StoreUnavailableException>(async () =>
        {
            // The failed change has given its pages back; a few thousand probes are more than the whole disk.
            for (var i = 0; i < 3000; i++)
                await store.ProbeAsync(Ct);
        });
    }

    [Fact]
    public async Task A_read_only_disk_is_named_on_opening()
    {
        using var disk = new SmallDisk(directory.Path, megabytes: 2);
        await (await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct)).DisposeAsync();
        SmallDisk.Mount("-o", "remount,ro", directory.Path);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct));

        Assert.True(failure is StoreRefusedException or StoreUnavailableException, failure.ToString());
        Assert.Contains("ead-only", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(13, "full")]
    [InlineData(8, "read-only")]
    [InlineData(10, "failed")]
    [InlineData(5, "locked")]
    [InlineData(11, "damaged")]
    public void Each_failure_of_the_disk_says_what_to_do(int sqliteCode, string word)
    {
        var mapped = SqliteErrors.Map(new SqliteException("", sqliteCode), "/data/strongroom.db");

        Assert.Contains(word, Assert.IsType<StoreUnavailableException>(mapped).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_words_and_left_as_it_is()
    {
        var known = Migration.For("Sqlite");
        await (await OpenAsync([.. known, new Migration(known.Count + 1, "CREATE TABLE later (id INTEGER);")])).DisposeAsync();
        var before = await File.ReadAllBytesAsync(DatabasePath, Ct);

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct));

        Assert.Contains($"newer Strongroom (schema {known.Count + 1}, this program knows {known.Count})", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(DatabasePath, Ct));
    }

    [Fact]
    public async Task An_older_schema_is_backed_up_and_then_migrated()
    {
        var known = Migration.For("Sqlite");
        await using (var old = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct))
            await AddAsync(old, "before");

        await using (var migrated = SqlStore.Over(
            await OpenAsync([.. known, new Migration(known.Count + 1, "ALTER TABLE secret ADD COLUMN later TEXT;")]), TimeProvider.System))
        {
            await migrated.GetAsync("before");
            await AddAsync(migrated, "after");
        }

        var backup = $"{DatabasePath}.before-schema-{known.Count + 1}";
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(backup));
        await using var restored = await SqlStore.OpenSqliteAsync(backup, TimeProvider.System, Ct);
        Assert.Equal(20_000, (await restored.FindVersionAsync((await restored.GetAsync("before")).Id, "v1", Ct))!.Value!.Bytes.Length);
        Assert.Null(await restored.FindAsync(Account, Region, "after", Ct));
    }

    [Fact]
    public async Task Keys_become_entries_of_their_directories()
    {
        await using var store = SqlStore.Over(await OpenAsync(KeyMigration.Around("Sqlite", "BLOB")), TimeProvider.System);

        await KeyMigration.CheckAsync(store, Ct);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_old_schema()
    {
        var known = Migration.For("Sqlite");
        await (await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct)).DisposeAsync();

        await Assert.ThrowsAsync<StoreRefusedException>(() =>
            OpenAsync([.. known, new Migration(known.Count + 1, "CREATE TABLE half (id INTEGER); CREATE TABLE secret (id INTEGER);")]));

        await using var store = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        await AddAsync(store, "still works");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_as_it_is()
    {
        await File.WriteAllTextAsync(DatabasePath, new string('x', 5000), Ct);

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct));

        Assert.Contains("not a database", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(new string('x', 5000), await File.ReadAllTextAsync(DatabasePath, Ct));
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused()
    {
        await using (var other = new SqliteConnection($"Data Source={DatabasePath};Pooling=false"))
        {
            await other.OpenAsync(Ct);
            await using var command = other.CreateCommand();
            command.CommandText = "CREATE TABLE songs (title TEXT)";
            await command.ExecuteNonQueryAsync(Ct);
        }

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct));

        Assert.Contains("another program", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_directory_is_refused_by_name()
    {
        var path = directory.File("missing/strongroom.db");

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenSqliteAsync(path, TimeProvider.System, Ct));

        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_owner_can_read_the_files()
    {
        await using var store = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        await AddAsync(store, "a");

        foreach (var file in Directory.GetFiles(directory.Path))
            Assert.Equal((file, UnixFileMode.UserRead | UnixFileMode.UserWrite), (file, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task What_was_handed_over_before_disposal_is_finished_and_later_changes_are_refused()
    {
        var store = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        var adding = Enumerable.Range(0, 50).Select(i => AddAsync(store, $"s{i}")).ToArray();
        await store.DisposeAsync();

        await Task.WhenAll(adding);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AddAsync(store, "late"));
        await using var again = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        Assert.Equal(50, (await again.ListAsync(new(Account, Region, SecretOrder.Name, false, null, 100, true), Ct)).Count);
    }

    [Fact]
    public async Task The_log_stays_bounded_while_readers_come_and_go()
    {
        await using var store = await SqlStore.OpenSqliteAsync(DatabasePath, TimeProvider.System, Ct);
        using var stop = new CancellationTokenSource();
        await AddAsync(store, "read");
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await store.ListAsync(new(Account, Region, SecretOrder.Name, false, null, 500, true), Ct);
        }, Ct)).ToArray();

        for (var i = 0; i < 100; i++)
            await Task.WhenAll(Enumerable.Range(0, 64).Select(n => AddAsync(store, $"s{i}-{n}")));

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.InRange(new FileInfo(DatabasePath + "-wal").Length, 0, 100 << 20);
    }

    private static async Task AddAsync(SqlStore store, string name)
    {
        var change = new SecretChange { After = Secret(name, Current("v1")), Versions = [Version("v1") with { Value = SealedValue.Parse(new byte[20_000]) }] };
        Assert.Equal(CommitResult.Committed, await store.CommitAsync(new SecretCommit([change], [Record(Guid.NewGuid())]), Ct));
    }

    private Task<SqliteEngine> OpenAsync(IReadOnlyList<Migration> migrations) => SqliteEngine.OpenAsync(DatabasePath, migrations, TimeProvider.System, Ct);

    /// <summary>A disk of a few megabytes in memory, mounted over a directory. Needs to be root, as the tests' container is.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string path;

        public SmallDisk(string path, int megabytes)
        {
            this.path = path;
            Mount("-t", "tmpfs", "-o", $"size={megabytes}m", "strongroom-test", path);
        }

        public static void Mount(params string[] arguments) => Run("mount", arguments);

        public void Dispose() => Run("umount", path);

        private static void Run(string program, params string[] arguments)
        {
            using var process = Process.Start(program, arguments);
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} failed; these tests must be allowed to mount a small disk.");
        }
    }
}
