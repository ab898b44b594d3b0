using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Backup;

/// <summary>Backups that the server makes by itself.</summary>
public sealed class ScheduledBackupTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("strongroom-scheduled-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Backups => Path.Combine(place, "backups");

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Theory]
    [InlineData("rate(6 hours)", "2026-02-03T16:20:30Z")]
    [InlineData("rate(1 hour)", "2026-02-03T11:20:30Z")]
    [InlineData("rate(5 minutes)", "2026-02-03T10:25:30Z")]
    [InlineData("rate(1 day)", "2026-02-04T10:20:30Z")]
    [InlineData("cron(0 3 * * ? *)", "2026-02-04T03:00:00Z")]
    [InlineData("cron(0 /4 * * ? *)", "2026-02-03T12:00:00Z")]
    [InlineData("cron(0 3 ? * SUN *)", "2026-02-08T03:00:00Z")]
    public void The_next_one_is_due(string expression, string due) =>
        Assert.Equal(DateTimeOffset.Parse(due, System.Globalization.CultureInfo.InvariantCulture),
            BackupSchedule.TryParse(expression)!.NextAfter(new DateTimeOffset(2026, 2, 3, 10, 20, 30, TimeSpan.Zero)));

    [Theory]
    [InlineData("rate(4 minutes)")]
    [InlineData("rate(0 days)")]
    [InlineData("rate(-1 days)")]
    [InlineData("rate(99999 days)")]
    [InlineData("rate(1 week)")]
    [InlineData("cron(* * * * * *)")]
    [InlineData("daily")]
    [InlineData("")]
    public void Other_schedules_are_refused(string expression) => Assert.Null(BackupSchedule.TryParse(expression));

    [Fact]
    public async Task One_is_made_when_it_is_due_and_the_oldest_goes_when_there_are_too_many()
    {
        await using var server = await RunningServer.StartAsync(configure: With(keep: 2));
        var job = server.Server.Backups!;

        await job.RunAsync(Ct);
        await job.RunAsync(Ct);
        var first = Assert.Single(Directory.GetFiles(Backups));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(first));
        Assert.EndsWith("-20260203T102030Z.backup", first, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(Backups, "strongroom-00000000-20200101T000000Z.backup"), "another installation's", Ct);
        for (var day = 0; day < 2; day++)
        {
            server.Time.Advance(TimeSpan.FromMinutes(5));
            await job.RunAsync(Ct);
        }

        Assert.Equal(
            ["00000000-20200101T000000Z", "20260203T102530Z", "20260203T103030Z"],
            Directory.GetFiles(Backups).Select(f => Path.GetFileNameWithoutExtension(f)["strongroom-".Length..]).Select(n => n.StartsWith('0') && n[8] == '-' && n.Contains("2020", StringComparison.Ordinal) ? n : n[9..]).Order(StringComparer.Ordinal));
        Assert.Equal(server.Time.GetUtcNow(), job.SucceededAt);
        Assert.Equal(3, server.Records().Count(r => (string?)r["eventName"] == "BackupCompleted"));
        var newest = Directory.GetFiles(Backups, "*-20260203T103030Z.backup").Single();
        var (code, output, _) = await Typed.RunAsync("verify", "--backup", newest, "--data", server.Data);
        Assert.True(code == 0, output);
    }

    [Fact]
    public async Task A_failure_is_recorded_keeps_the_older_ones_and_is_tried_again_later()
    {
        await using var server = await RunningServer.StartAsync(configure: With(keep: 1));
        var job = server.Server.Backups!;
        await job.RunAsync(Ct);
        var first = Directory.GetFiles(Backups).Single();
        var blocked = first.Replace("T102030Z", "T102530Z", StringComparison.Ordinal);
        Directory.CreateDirectory(blocked); // where the file is to go
        server.Time.Advance(TimeSpan.FromMinutes(5));

        var failure = await Record.ExceptionAsync(() => job.RunAsync(Ct)); // unless the server's own timer came first and met it
        Assert.True(failure is null or BackupException);
        Assert.Contains("exists already", job.Failure, StringComparison.Ordinal);
        Assert.True(File.Exists(first));
        Assert.Single(server.Records(), r => (string?)r["eventName"] == "BackupFailed");

        Directory.Delete(blocked);
        await job.RunAsync(Ct); // too soon
        Assert.True(File.Exists(first));
        server.Time.Advance(TimeSpan.FromMinutes(15));
        await job.RunAsync(Ct);
        Assert.False(File.Exists(first));
        Assert.Null(job.Failure);
    }

    [Fact]
    public async Task One_that_the_disk_gives_back_otherwise_than_it_was_written_does_not_pass_for_the_newest()
    {
        Action<string> disk = _ => { };
        await using var server = await RunningServer.StartAsync(configure: o => With(keep: 1)(o with { Backup = o.Backup with { Written = path => disk(path) } }));
        var job = server.Server.Backups!;
        await job.RunAsync(Ct);
        var first = Directory.GetFiles(Backups).Single();
        disk = Spoil;
        server.Time.Advance(TimeSpan.FromMinutes(5));

        await Record.ExceptionAsync(() => job.RunAsync(Ct)); // unless the server's own timer came first

        Assert.Contains("is damaged", job.Failure, StringComparison.Ordinal);
        Assert.Equal([first], Directory.GetFiles(Backups));
        Assert.Single(server.Records(), r => (string?)r["eventName"] == "BackupFailed");
    }

    [Fact]
    public async Task What_a_killed_run_left_is_cleared_away()
    {
        await using var server = await RunningServer.StartAsync(configure: With(keep: 1));
        await server.Server.Backups!.RunAsync(Ct);
        var left = Directory.GetFiles(Backups).Single() + ".0123.partial";
        await File.WriteAllTextAsync(left, "half", Ct);
        server.Time.Advance(TimeSpan.FromMinutes(5));

        await server.Server.Backups!.RunAsync(Ct);

        Assert.False(File.Exists(left));
    }

    [Fact]
    public async Task Without_a_directory_there_are_none()
    {
        await using var server = await RunningServer.StartAsync();

        Assert.Null(server.Server.Backups);
    }

    [Theory]
    [InlineData("STRONGROOM_BACKUP_SCHEDULE", "hourly", "is no schedule")]
    [InlineData("STRONGROOM_BACKUP_KEEP", "0", "1 to 10000")]
    [InlineData("STRONGROOM_BACKUP_KEEP", "many", "1 to 10000")]
    public void Settings_that_can_not_be_are_refused(string variable, string value, string words) =>
        Assert.Contains(words, Assert.Throws<SettingsException>(() => SettingsReader.Read(
            place, null, new Dictionary<string, IReadOnlyList<string>>(), new Dictionary<string, string> { [variable] = value })).Message, StringComparison.Ordinal);

    private Func<ServerOptions, ServerOptions> With(int keep) => options => options with { Backup = options.Backup with { Directory = Backups, Keep = keep, Schedule = BackupSchedule.TryParse("rate(5 minutes)")! } };

    private static void Spoil(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
