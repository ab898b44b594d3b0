using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Backup;

/// <summary>A good backup restores and serves; anything else changes nothing.</summary>
public sealed class RestoreTests : IAsyncLifetime
{
    private Installed installed = null!;
    private string target = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        installed = await Installed.StartAsync();
        target = installed.Path_("restored");
    }

    public ValueTask DisposeAsync() => installed.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restored_server_answers_as_the_first_and_its_log_goes_on(bool withAudit)
    {
        var path = await installed.BackUpAsync("one.backup", withAudit ? ["--with-audit"] : []);
        var before = installed.Server.Records();

        var (code, output, error) = await RestoreAsync(path);

        Assert.True(code == 0, output + error);
        Assert.Contains("sealed by 'file'", output, StringComparison.Ordinal);
        var (verified, report, _) = await Typed.RunAsync("verify", "--data", target, "--seal-key-file", installed.RootKey);
        Assert.True(verified == 0, report);
        await using var restored = await RunningServer.StartAsync(target, configure: Keyed);
        await installed.CheckAsync(restored);
        var records = restored.Records();
        Assert.Contains(records, r => (string?)r["eventName"] == "GetSecretValue" && (string?)r["requestParameters"]?["secretId"] == "under-key");
        if (withAudit)
        {
            Assert.Equal(before.Select(r => (string?)r["eventID"]), records.Take(before.Count).Select(r => (string?)r["eventID"]));
            Assert.Equal(2, Directory.GetFiles(Path.Combine(target, "audit"), "audit-*.jsonl").Length);
        }

        Assert.Contains(records, r => (string?)r["eventName"] == "BackupRestored");
        Assert.False(File.Exists(Path.Combine(target, "restored.json")));
        await restored.CloseAsync();
        (verified, report, _) = await Typed.RunAsync("verify", "--data", target, "--seal-key-file", installed.RootKey);
        Assert.True(verified == 0, report);
        await restored.OpenAsync(configure: Keyed);
        Assert.Single(restored.Records(), r => (string?)r["eventName"] == "BackupRestored");
        Assert.True(File.GetUnixFileMode("/dev/null").HasFlag(UnixFileMode.OtherWrite)); // a start closes the old segment with nothing in the new one

        Assert.Equal(File.ReadAllText(Path.Combine(installed.Server.Data, "credentials")), File.ReadAllText(Path.Combine(target, "credentials")));
        Assert.All(Directory.GetFiles(target, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "lock"),
            f => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(f) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(target) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Fact]
    public async Task Without_the_key_file_it_says_which_root_key_it_needs_and_changes_nothing()
    {
        var path = await installed.BackUpAsync();
        using var keys = await installed.OpenKeysAsync();

        var (code, _, error) = await Typed.RunAsync("restore", "--from", path, "--data", target);

        Assert.Equal(1, code);
        Assert.Contains(keys.Fingerprint, error, StringComparison.Ordinal);
        Assert.Contains("sealed by 'file'", error, StringComparison.Ordinal);
        NothingHappened();

        await using var other = await Installed.StartAsync();
        (code, _, error) = await Typed.RunAsync("restore", "--from", path, "--data", target, "--seal-key-file", other.RootKey);
        Assert.Equal(1, code);
        Assert.Contains(keys.Fingerprint, error, StringComparison.Ordinal);
        NothingHappened();

        (code, _, error) = await Typed.RunAsync(
            "restore", "--from", path, "--data", target, "--seal", "pkcs11", "--seal-pkcs11-module", "/nowhere.so", "--seal-pkcs11-token", "t", "--seal-pkcs11-pin-file", installed.RootKey);
        Assert.Equal(1, code);
        Assert.Contains("sealed by 'file'", error, StringComparison.Ordinal);
        NothingHappened();
    }

    [Fact]
    public async Task Without_asking_the_root_key_it_restores_what_is_not_sealed_and_warns()
    {
        var path = await installed.BackUpAsync();

        var (code, output, error) = await Typed.RunAsync("restore", "--from", path, "--data", target, "--without-root-key");

        Assert.True(code == 0, output + error);
        Assert.Contains("nothing shows whether somebody edited", error, StringComparison.Ordinal);
        Assert.Contains("credentials", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(target, "credentials")));
        await using var restored = await RunningServer.StartAsync(target, configure: Keyed);
        await installed.CheckAsync(restored);
    }

    [Fact]
    public async Task A_backup_made_without_the_root_key_restores_only_when_that_is_said()
    {
        var path = await installed.BackUpAsync("bare.backup", "--without-root-key");

        var (code, _, error) = await RestoreAsync(path);
        Assert.Equal(1, code);
        Assert.Contains("without the root key", error, StringComparison.Ordinal);
        NothingHappened();
        (code, _, error) = await Typed.RunAsync("restore", "--from", path, "--data", target, "--without-root-key");
        Assert.True(code == 0, error);
    }

    [Fact]
    public async Task A_backup_with_the_root_key_needs_nothing_else_and_is_warned_of()
    {
        var path = installed.Path_("all.backup");
        var (code, output, error) = await Typed.RunAsync("backup", "--data", installed.Server.Data, "--to", path, "--include-root-key");
        Assert.True(code == 0, output + error);
        Assert.Contains("can read every secret", error, StringComparison.Ordinal);

        (code, output, error) = await Typed.RunAsync("restore", "--from", path, "--data", target);

        Assert.True(code == 0, output + error);
        await using var restored = await RunningServer.StartAsync(target);
        await installed.CheckAsync(restored);
    }

    [Fact]
    public async Task A_directory_with_anything_in_it_is_left_alone_and_an_empty_one_is_used()
    {
        var path = await installed.BackUpAsync();
        Directory.CreateDirectory(target);
        await File.WriteAllTextAsync(Path.Combine(target, ".keep"), "mine", Ct);

        var (code, _, error) = await RestoreAsync(path);
        Assert.Equal(1, code);
        Assert.Contains("is not empty. A restore writes over nothing", error, StringComparison.Ordinal);
        Assert.Equal([".keep"], Directory.GetFileSystemEntries(target).Select(Path.GetFileName));

        File.Delete(Path.Combine(target, ".keep"));
        (code, _, error) = await RestoreAsync(path);
        Assert.True(code == 0, error);
        (code, _, _) = await RestoreAsync(path);
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task A_damaged_backup_changes_nothing()
    {
        var path = await installed.BackUpAsync();
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, Ct);

        var (code, _, error) = await RestoreAsync(path);

        Assert.Equal(1, code);
        Assert.Contains("damaged", error, StringComparison.Ordinal);
        NothingHappened();
        var (verified, report, _) = await Typed.RunAsync("verify", "--backup", path, "--data", installed.Server.Data);
        Assert.Equal(1, verified);
        Assert.Contains("damaged", report, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_words()
    {
        var path = await installed.BackUpAsync();
        var newer = await installed.ForgeAsync(path, (manifest, sections) =>
        {
            manifest["schema"] = 99;
            return sections;
        }, withKeys: true);
        await File.WriteAllBytesAsync(path, newer, Ct);

        var (code, _, error) = await RestoreAsync(path);

        Assert.Equal(1, code);
        Assert.Contains("newer Strongroom", error, StringComparison.Ordinal);
        NothingHappened();
    }

    [Fact]
    public async Task An_older_schema_is_restored_and_brought_up_to_date_by_the_start()
    {
        await installed.Server.CloseAsync();
        OldSchema.Rewind(DataDirectory.DatabaseIn(installed.Server.Data), 3);
        var path = await installed.BackUpAsync();
        await installed.Server.OpenAsync();

        var (code, output, error) = await RestoreAsync(path);
        Assert.True(code == 0, output + error);
        Assert.Contains("schema 3", output, StringComparison.Ordinal);
        var (verified, report, _) = await Typed.RunAsync("verify", "--backup", path, "--data", installed.Server.Data);
        Assert.True(verified == 0, report);
        await using var restored = await RunningServer.StartAsync(target, configure: Keyed);
        await installed.CheckAsync(restored, hasFunction: false);
    }

    [Fact]
    public async Task A_full_disk_leaves_no_half_backup_and_no_half_directory()
    {
        var path = await installed.BackUpAsync("one.backup", "--with-audit");
        var small = Directory.CreateDirectory(installed.Path_("small")).FullName;
        Run("mount", "-t", "tmpfs", "-o", "size=12k", "tmpfs", small);
        try
        {
            var (code, _, error) = await Typed.RunAsync("backup", "--data", installed.Server.Data, "--to", Path.Combine(small, "b"), "--with-audit");
            Assert.Equal(1, code);
            Assert.Contains("can't be written", error, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(small));

            (code, _, error) = await Typed.RunAsync("restore", "--from", path, "--data", Path.Combine(small, "d"), "--seal-key-file", installed.RootKey);
            Assert.Equal(1, code);
            Assert.Matches("full|space", error);
            Assert.Empty(Directory.GetFileSystemEntries(small));
        }
        finally
        {
            Run("umount", small);
        }
    }

    [Fact]
    public async Task Killed_at_any_moment_a_backup_is_whole_or_not_there()
    {
        await FillManyAsync();
        for (var i = 0; i < 4; i++)
        {
            var path = installed.Path_($"killed{i}.backup");
            using var process = StrongroomProcess("backup", "--data", installed.Server.Data, "--to", path);
            await SeeAsync(installed.Path_(""), $"killed{i}.backup.*.partial", minBytes: i * 700_000, process);
            process.Kill();
            await process.WaitForExitAsync(Ct);

            if (File.Exists(path))
                Assert.Equal(0, (await Typed.RunAsync("verify", "--backup", path, "--data", installed.Server.Data)).Code);
            else
                await installed.BackUpAsync($"killed{i}.backup");
        }
    }

    [Fact]
    public async Task Killed_at_any_moment_a_restore_is_whole_or_not_there()
    {
        await FillManyAsync();
        var path = await installed.BackUpAsync();
        for (var i = 0; i < 4; i++)
        {
            var directory = installed.Path_($"killed{i}");
            using var process = StrongroomProcess("restore", "--from", path, "--data", directory, "--seal-key-file", installed.RootKey);
            await SeeAsync(installed.Path_(""), $"killed{i}.*.partial", 0, process);
            if (i > 0)
                await SeeAsync(Directory.GetDirectories(installed.Path_(""), $"killed{i}.*.partial").SingleOrDefault() ?? directory, "strongroom.db", i * 300_000, process);
            process.Kill();
            await process.WaitForExitAsync(Ct);

            if (!Directory.Exists(directory))
            {
                var (code, output, error) = await Typed.RunAsync("restore", "--from", path, "--data", directory, "--seal-key-file", installed.RootKey);
                Assert.True(code == 0, output + error);
            }

            Assert.Equal(0, (await Typed.RunAsync("verify", "--data", directory, "--seal-key-file", installed.RootKey)).Code);
        }
    }

    [Fact]
    public async Task What_was_acknowledged_before_a_backup_is_in_it_while_64_go_on_writing()
    {
        var acknowledged = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 64).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var name = $"w{writer}-{i}";
                await installed.Server.CallAsync("CreateSecret", new { Name = name, ClientRequestToken = Guid.NewGuid().ToString(), SecretString = "v-" + name });
                acknowledged.Add(name);
            }
        })).ToArray();
        await Eventually.ComesAsync("200 acknowledged secrets", () => acknowledged.Count >= 200);
        var before = acknowledged.ToArray();
        var path = await installed.BackUpAsync("one.backup", "--with-audit");
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        var (code, output, error) = await RestoreAsync(path);
        Assert.True(code == 0, output + error);
        Assert.Equal(0, (await Typed.RunAsync("verify", "--data", target, "--seal-key-file", installed.RootKey)).Code);
        await using var restored = await RunningServer.StartAsync(target, configure: Keyed);
        foreach (var name in before)
            Assert.Equal("v-" + name, (string?)(await restored.CallAsync("GetSecretValue", new { SecretId = name }))["SecretString"]);
        var recorded = restored.Records().Where(r => (string?)r["eventName"] == "CreateSecret").Select(r => (string?)r["requestParameters"]!["name"]).ToHashSet();
        Assert.Empty(before.Except(recorded));
    }

    [Fact]
    public async Task In_a_pipe_it_is_quiet_and_as_json_it_can_be_read()
    {
        var path = installed.Path_("one.backup");

        var (code, output, error) = await Typed.RunAsync("backup", "--data", installed.Server.Data, "--to", path, "--json");

        Assert.Equal((0, ""), (code, error));
        var result = JsonNode.Parse(output)!;
        Assert.Equal(path, (string?)result["file"]);
        Assert.Equal("rows", (string?)result["sections"]![0]!["name"]);
        (code, output, error) = await Typed.RunAsync("backup", "--data", installed.Server.Data, "--to", path);
        Assert.Equal(1, code);
        Assert.Contains("exists already", error, StringComparison.Ordinal);
        (code, output, error) = await Typed.RunAsync("restore", "--from", path, "--data", target, "--seal-key-file", installed.RootKey, "--json");
        Assert.Equal((0, ""), (code, error));
        Assert.True((bool)JsonNode.Parse(output)!["authenticated"]!);
    }

    [Fact]
    public async Task No_secret_is_readable_in_a_backup()
    {
        var path = await installed.BackUpAsync("one.backup", "--with-audit");

        var text = System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path, Ct));

        Assert.DoesNotContain(Installed.Canary, text, StringComparison.Ordinal);
        Assert.DoesNotContain(RunningServer.SecretAccessKey, text, StringComparison.Ordinal);
        Assert.DoesNotContain(installed.UserSecret, text, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllLinesAsync(installed.RootKey, Ct))[^1], text, StringComparison.Ordinal);
        Assert.Contains("app/db", text, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Error)> RestoreAsync(string path) =>
        Typed.RunAsync("restore", "--from", path, "--data", target, "--seal-key-file", installed.RootKey);

    private ServerOptions Keyed(ServerOptions options) => options with { Seal = options.Seal with { KeyFile = installed.RootKey } };

    private void NothingHappened()
    {
        Assert.False(Directory.Exists(target));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(target)!, "restored*"));
    }

    private async Task FillManyAsync()
    {
        foreach (var batch in Enumerable.Range(0, 60).Chunk(20))
        {
            await Task.WhenAll(batch.Select(i => installed.Server.CallAsync(
                "CreateSecret", new { Name = $"many{i}", ClientRequestToken = Guid.NewGuid().ToString(), SecretString = new string('x', 60_000) })));
        }
    }

    /// <summary>Waits until a file or directory of some size is there, or the process has ended.</summary>
    private static async Task SeeAsync(string directory, string pattern, long minBytes, Process process)
    {
        while (!process.HasExited && Directory.Exists(directory)
            && !Directory.GetFileSystemEntries(directory, pattern).Any(path => minBytes == 0 || new FileInfo(path) is { Exists: true } file && file.Length >= minBytes))
            await Task.Yield();
    }

    private static Process StrongroomProcess(params string[] arguments)
    {
        var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        var executable = Path.Combine(Architecture.Repository.Root, "src", "Strongroom.Cli", "bin", configuration, "net10.0", "strongroom");
        return Process.Start(new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"{program} failed; these tests mount a small file system and need root."));
    }
}
