using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Cli;
using Strongroom.Cli.Commands;
using Strongroom.Tests.Server.Audit.Lookup;

namespace Strongroom.Tests.Server.Audit;

/// <summary><c>strongroom audit tail</c> and <c>search</c> on a log that lies still, and <see cref="LogFollower"/> on one that grows.</summary>
public sealed class AuditCommandTests : IDisposable
{
    private const string Prefix = "00000000-0000-4000-8000-";

    private readonly string data = Directory.CreateTempSubdirectory("strongroom-data-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Theory]
    [InlineData("", "7 6 5 4 3 2 1")]
    [InlineData("--limit 2", "7 6")]
    [InlineData("--principal bob", "5 2")]
    [InlineData("--principal AKIABOB", "5 2")]
    [InlineData("--principal arn:aws:iam::111122223333:user/bob", "2")]
    [InlineData("--principal arn:aws:iam::111122223333:role/team/deploy", "7 6")]
    [InlineData("--principal arn:aws:sts::111122223333:assumed-role/deploy/b2", "7")]
    [InlineData("--principal b2", "7")]
    [InlineData("--principal nobody", "")]
    [InlineData("--secret prod/db", "4 3")]
    [InlineData("--secret arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf", "4 3")]
    [InlineData("--secret prod", "")]
    [InlineData("--event PutSecretValue", "3")]
    [InlineData("--event PutSecretValue --principal bob", "")]
    [InlineData("--outcome ok", "7 6 5 3 1")]
    [InlineData("--outcome denied", "2")]
    [InlineData("--outcome failed", "4")]
    [InlineData("--outcome ResourceNotFoundException", "4")]
    [InlineData("--outcome AccessDenied", "2")]
    [InlineData("--source-ip 198.51.100.7", "5")]
    [InlineData("--since 2026-02-03T10:00:03Z", "7 6 5 4 3")]
    [InlineData("--since 2026-02-03T10:00:02.5Z --until 2026-02-03T10:00:04Z", "4 3")]
    [InlineData("--since 2026-02-03T11:00:03+01:00 --until 2026-02-03", null)]
    [InlineData("--until 2026-02-03", "")]
    public async Task Filters_choose_records(string arguments, string? expected)
    {
        WriteLog();

        var (code, output, errors) = await RunAsync(isScreen: false, ["search", "--json", .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        if (expected is null)
        {
            Assert.Equal((1, "strongroom: --since is after --until.\n"), (code, errors));
            return;
        }

        Assert.Equal((0, ""), (code, errors));
        Assert.Equal(expected, string.Join(' ', output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(IdOf)));
    }

    [Fact]
    public async Task A_pipe_gets_columns_between_tabs()
    {
        WriteLog();

        var (_, output, _) = await RunAsync(isScreen: false, ["search", "--limit", "1", "--outcome", "denied"]);

        Assert.Equal("2026-02-03T10:00:02Z\tuser/bob\tGetSecretValue\ts\tdenied\t192.0.2.1\n", output);
    }

    [Fact]
    public async Task A_terminal_gets_a_table()
    {
        WriteLog();

        var (_, output, _) = await RunAsync(isScreen: true, ["search", "--secret", "prod/db"]);

        Assert.Contains("Time", output, StringComparison.Ordinal);
        Assert.Contains("user/ada", output, StringComparison.Ordinal);
        Assert.Contains("prod/db", output, StringComparison.Ordinal);
        Assert.DoesNotContain("user/bob", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("search")]
    [InlineData("tail")]
    public async Task What_callers_chose_reaches_no_terminal_raw(string command)
    {
        const string Hostile = "x\u001b[2Jy\u0007\u009b1m\u202ez[red]\u2028\ud800";
        Directory.CreateDirectory(Audit);
        File.WriteAllText(Path.Combine(Audit, "audit-00000001.jsonl"), WrittenLog.Call(1, user: Hostile, secret: Hostile, error: Hostile, source: Hostile) + "\n");

        foreach (var arguments in new string[][] { [command], [command, "--json"] })
        {
            var (code, output, _) = await RunAsync(isScreen: true, arguments);
            Assert.Equal(0, code);
            Assert.Contains("[red]", output, StringComparison.Ordinal);
            // Spectre.Console's own colours are escapes of it; there are none where the output is no console of this process.
            Assert.DoesNotContain(output, c => c is '\u001b' or '\u0007' or '\u009b' or '\u202e' or '\u2028' || char.IsSurrogate(c));
        }
    }

    [Fact]
    public async Task A_line_that_an_outside_hand_wrote_is_escaped_too()
    {
        Directory.CreateDirectory(Audit);
        File.WriteAllText(Path.Combine(Audit, "audit-00000001.jsonl"), "not json \u001b[31m\n");

        var (_, output, _) = await RunAsync(isScreen: true, ["tail", "--json"]);

        Assert.Equal("not json \\u001b[31m\n", output);
    }

    [Fact]
    public async Task Tail_prints_the_newest_lines_oldest_first_across_segments()
    {
        WriteLog();

        var (_, output, _) = await RunAsync(isScreen: false, ["tail", "-n", "4", "--json"]);

        Assert.Equal(["4", "5", "6", "7"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(IdOf));
        Assert.Equal("", (await RunAsync(isScreen: false, ["tail", "-n", "0"])).Output);
    }

    [Theory]
    [InlineData("search --since yesterday", "--since takes how long ago")]
    [InlineData("search --until 2x", "--until takes how long ago")]
    [InlineData("search --limit 0", "--limit must be at least 1")]
    [InlineData("tail -n -1", "-n must be at least 0")]
    public async Task What_is_wrong_is_said(string arguments, string message)
    {
        WriteLog();

        var (code, _, errors) = await RunAsync(isScreen: false, arguments.Split(' '));

        Assert.NotEqual(0, code);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_log_the_reason_is_said()
    {
        var (code, _, errors) = await RunAsync(isScreen: false, ["tail"]);

        Assert.Equal((1, $"strongroom: There is no audit log in {data}. Name the data directory with --data.\n"), (code, errors));
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("2h", 7200)]
    [InlineData("3d", 259_200)]
    [InlineData("1w", 604_800)]
    public void Durations_count_back_from_now(string text, int seconds) =>
        Assert.Equal(WrittenLog.Start.AddSeconds(-seconds), AuditFilter.TimeOf(text, "--since", WrittenLog.Start));

    [Fact]
    public async Task Following_goes_on_with_new_lines_and_new_segments_and_shows_each_once()
    {
        WriteLog();
        var time = new FakeTimeProvider();
        var log = new LogFollower(Audit, time);
        Assert.Equal(["7"], log.Last(1).Select(line => IdOf(System.Text.Encoding.UTF8.GetString(line.Span))));
        await using var lines = log.FollowAsync(Ct).GetAsyncEnumerator(Ct);

        var next = lines.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);
        // Half a line, then the rest of it and a segment behind it.
        File.AppendAllText(Path.Combine(Audit, "audit-00000002.jsonl"), WrittenLog.Call(8)[..20]);
        time.Advance(TimeSpan.FromSeconds(1));
        File.AppendAllText(Path.Combine(Audit, "audit-00000002.jsonl"), WrittenLog.Call(8)[20..] + "\n");
        File.WriteAllText(Path.Combine(Audit, "audit-00000003.jsonl"), WrittenLog.Call(9) + "\n");
        var seen = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            await Eventually.ComesAsync("a line that was written", () => next.IsCompleted, () => time.Advance(TimeSpan.FromSeconds(1)));
            Assert.True(await next);
            seen.Add(IdOf(System.Text.Encoding.UTF8.GetString(lines.Current.Span)));
            next = lines.MoveNextAsync().AsTask();
        }

        Assert.Equal(["8", "9"], seen);
        Assert.False(next.IsCompleted);
        File.AppendAllText(Path.Combine(Audit, "audit-00000003.jsonl"), WrittenLog.Call(10) + "\n");
        await Eventually.ComesAsync("the third line", () => next.IsCompleted, () => time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal("10", IdOf(System.Text.Encoding.UTF8.GetString(lines.Current.Span)));
    }

    private string Audit => Path.Combine(data, "audit");

    private void WriteLog()
    {
        Directory.CreateDirectory(Audit);
        string Session(int id, string name) => WrittenLog.Call(id, id).Replace(
            "\"type\":\"IAMUser\",\"principalId\":\"AIDAada\",\"arn\":\"arn:aws:iam::111122223333:user/ada\"",
            $"\"type\":\"AssumedRole\",\"principalId\":\"AROAX:{name}\",\"arn\":\"arn:aws:sts::111122223333:assumed-role/deploy/{name}\","
                + "\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"arn\":\"arn:aws:iam::111122223333:role/team/deploy\",\"userName\":\"deploy\"}}",
            StringComparison.Ordinal);
        string[] lines =
        [
            WrittenLog.Call(1, 1), WrittenLog.Call(2, 2, user: "bob", key: "AKIABOB", error: "AccessDenied"), WrittenLog.Call(3, 3, name: "PutSecretValue", secret: "prod/db"),
            WrittenLog.Call(4, 4, secret: "prod/db", error: "ResourceNotFoundException"), WrittenLog.Call(5, 5, user: "bob", account: "444455556666", key: "AKIABOB", source: "198.51.100.7"),
            Session(6, "b1"), Session(7, "b2"),
        ];
        File.WriteAllLines(Path.Combine(Audit, "audit-00000001.jsonl"), lines[..5]);
        File.WriteAllLines(Path.Combine(Audit, "audit-00000002.jsonl"), lines[5..]);
    }

    private static string IdOf(string line) => int.Parse(
        line[(line.IndexOf("\"eventID\":\"" + Prefix, StringComparison.Ordinal) + 11 + Prefix.Length)..][..12], CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture);

    private async Task<(int Code, string Output, string Errors)> RunAsync(bool isScreen, string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var code = await CommandLine.RunAsync(["audit", .. arguments, "--data", data], new Terminal(output, errors, isScreen, new Dictionary<string, string>()));
        return (code, output.ToString(), errors.ToString());
    }
}
