using CsCheck;
using Strongroom.Server.Audit.Lookup;

namespace Strongroom.Tests.Server.Audit.Lookup;

public sealed class AuditLookupTests
{
    private static readonly TrailScope Here = new("111122223333", "us-east-1");

    /// <summary>An index holds shortened hashes and may be damaged; what it names is looked at again.</summary>
    [Theory]
    [InlineData("111122223333", "us-east-1", 5, true)]
    [InlineData("111122223333", "us-east-1", 4, false)]
    [InlineData("111122223333", "us-east-1", 7, false)]
    [InlineData("111122223333", "eu-west-1", 5, false)]
    [InlineData("444455556666", "us-east-1", 5, false)]
    public void A_record_of_another_account_region_or_time_does_not_fit_whatever_an_index_says(string account, string region, int second, bool fits)
    {
        var found = LoggedEvent.TryParse(System.Text.Encoding.UTF8.GetBytes(WrittenLog.Call(1, second, account, region)))!;
        var start = (uint)WrittenLog.Start.ToUnixTimeSeconds();

        Assert.Equal(fits, new LookupQuery(Here, LookupQuery.All, start + 5, start + 6, _ => true).Fits(found));
    }

    [Theory]
    [InlineData("EventId", "00000000-0000-4000-8000-000000000002", "2")]
    [InlineData("EventName", "PutSecretValue", "2")]
    [InlineData("ReadOnly", "true", "4 3 1")]
    [InlineData("ReadOnly", "false", "2")]
    [InlineData("Username", "ada", "4 2 1")]
    [InlineData("Username", "Ada", "")]
    [InlineData("ResourceType", "AWS::SecretsManager::Secret", "4 3 2 1")]
    [InlineData("ResourceName", "prod/db", "4 1")]
    [InlineData("ResourceName", "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf", "4 1")]
    [InlineData("ResourceName", "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-XXXXXX", "1")]
    [InlineData("EventSource", "secretsmanager.amazonaws.com", "4 3 2 1")]
    [InlineData("EventSource", "kms.amazonaws.com", "")]
    [InlineData("AccessKeyId", "AKIABOB", "3")]
    [InlineData("Any", "", "4 3 2 1")]
    public async Task Every_attribute_finds_its_events_in_a_file_and_in_memory(string attribute, string value, string expected)
    {
        using var log = new WrittenLog();
        log.Write(1,
            WrittenLog.Call(1, 1, secret: "prod/db"),
            WrittenLog.Call(2, 2, name: "PutSecretValue", readOnly: false),
            WrittenLog.Call(3, 3, user: "bob", key: "AKIABOB"),
            WrittenLog.Call(4, 4, secret: "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-AbCdEf"),
            WrittenLog.Call(5, 5, account: "444455556666"),
            WrittenLog.Call(6, 6, region: "eu-west-1"));
        var query = EventMatch.Query(Here, Enum.Parse<LookupAttribute>(attribute), value, 0, uint.MaxValue);
        var ids = expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => WrittenLog.Id(int.Parse(n, System.Globalization.CultureInfo.InvariantCulture)));

        Assert.Equal(ids, log.Find(query));
        log.Write(2);
        await log.RunJobAsync();
        Assert.True(File.Exists(log.IndexPath(1)));
        Assert.Equal(ids, log.Find(query));
    }

    [Fact]
    public void Events_of_one_second_come_in_the_reverse_order_of_the_log_and_times_before_order()
    {
        using var log = new WrittenLog();
        log.Write(1, WrittenLog.Call(1, 5), WrittenLog.Call(2, 5), WrittenLog.Call(3, 4), WrittenLog.Call(4, 9));
        log.Write(2, WrittenLog.Call(5, 5), WrittenLog.Call(6, 8), WrittenLog.Call(7, 1));

        Assert.Equal(
            new[] { 4, 6, 5, 2, 1, 3, 7 }.Select(WrittenLog.Id), log.Find(new LookupQuery(Here, LookupQuery.All, 0, uint.MaxValue, _ => true)));
    }

    [Fact]
    public void What_is_no_event_is_passed_over()
    {
        using var log = new WrittenLog();
        log.Write(1,
            "", "no json", "[]", "{}", "{\"eventName\":\"AuditResumed\",\"eventType\":\"StrongroomEvent\",\"eventID\":\"x\"}", "{\"eventTime\":{},\"readOnly\":{\"a\":[1]}}",
            WrittenLog.Call(1), WrittenLog.Call(2)[..^1], WrittenLog.Call(3).Replace("2026-02", "0001-13", StringComparison.Ordinal), "\"\\ud800\"");

        Assert.Equal([WrittenLog.Id(1)], log.Find(new LookupQuery(null, LookupQuery.All, 0, uint.MaxValue, _ => true)));
    }

    [Fact]
    public void The_newest_segment_is_followed_while_it_grows_and_when_lines_are_taken_back()
    {
        using var log = new WrittenLog();
        using var indexes = new AuditIndexes(log.Path, mayWrite: true);
        var query = new LookupQuery(Here, LookupQuery.All, 0, uint.MaxValue, _ => true);
        List<string> Find() => [.. new AuditLookup(indexes).Newest(query, null, TestContext.Current.CancellationToken).Select(found => found.Event.EventId)];

        log.Write(1, WrittenLog.Call(1));
        Assert.Equal([WrittenLog.Id(1)], Find());
        File.AppendAllText(log.PlainPath(1), WrittenLog.Call(2) + "\n" + WrittenLog.Call(3)[..30]);
        Assert.Equal([WrittenLog.Id(2), WrittenLog.Id(1)], Find());

        // What a writer could not finish is written over.
        log.Write(1, WrittenLog.Call(1), WrittenLog.Call(40, user: "somebody-with-a-longer-name"), WrittenLog.Call(5));
        Assert.Equal([WrittenLog.Id(5), WrittenLog.Id(40), WrittenLog.Id(1)], Find());

        // The log rolls: what is known of the segment becomes its file.
        File.AppendAllText(log.PlainPath(1), WrittenLog.Call(6) + "\n");
        log.Write(2, WrittenLog.Call(7));
        Assert.Equal([WrittenLog.Id(7), WrittenLog.Id(6), WrittenLog.Id(5), WrittenLog.Id(40), WrittenLog.Id(1)], Find());
        Assert.True(File.Exists(log.IndexPath(1)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(log.IndexPath(1)));
    }

    [Fact]
    public async Task A_missing_index_or_one_of_another_text_is_made_anew()
    {
        using var log = new WrittenLog();
        log.Write(1, WrittenLog.Call(1));
        log.Write(2);
        await log.RunJobAsync(compress: false);
        var query = new LookupQuery(Here, LookupQuery.All, 0, uint.MaxValue, _ => true);

        log.Write(1, WrittenLog.Call(8), WrittenLog.Call(9));
        Assert.Equal([WrittenLog.Id(9), WrittenLog.Id(8)], log.Find(query, mayWrite: true));
        File.Delete(log.IndexPath(1));
        Assert.Equal([WrittenLog.Id(9), WrittenLog.Id(8)], log.Find(query, mayWrite: false));
        Assert.False(File.Exists(log.IndexPath(1)));
        Assert.Equal([WrittenLog.Id(9), WrittenLog.Id(8)], log.Find(query, mayWrite: true));
        Assert.True(File.Exists(log.IndexPath(1)));
    }

    [Fact]
    public async Task An_index_with_any_byte_damaged_never_shows_what_does_not_match_and_is_made_anew_by_the_job()
    {
        using var log = new WrittenLog();
        log.Write(1, Enumerable.Range(1, 300).Select(n => WrittenLog.Call(n, n / 2, user: n % 3 == 0 ? "bob" : "ada")));
        log.Write(2);
        await log.RunJobAsync();
        var intact = File.ReadAllBytes(log.IndexPath(1));
        var query = EventMatch.Query(Here, LookupAttribute.Username, "bob", 0, uint.MaxValue);
        var expected = log.Find(query);
        Assert.Equal(100, expected.Count);

        Gen.Select(Gen.Int[0, intact.Length - 1], Gen.Byte[1, 255], Gen.Int[0, 3]).Sample(
            (at, change, cut) =>
            {
                var damaged = intact.ToArray();
                damaged[at] ^= change;
                File.WriteAllBytes(log.IndexPath(1), cut == 0 ? damaged[..at] : damaged);
                Assert.Empty(log.Find(query, mayWrite: true).Except(expected));
                log.RunJobAsync().GetAwaiter().GetResult();
                return intact.AsSpan().SequenceEqual(File.ReadAllBytes(log.IndexPath(1)));
            },
            iter: 60, threads: 1);
    }

    [Fact]
    public void Any_log_answers_as_a_look_at_every_line_does_page_by_page()
    {
        var call = Gen.Select(Gen.Int[0, 30], OneOf("111122223333", "444455556666"), OneOf("us-east-1", "eu-west-1"), OneOf("ada", "bob", "eve"), OneOf("a", "b"));
        Gen.Select(call.List[0, 400].List[1, 4], Gen.Int[0, 30], Gen.Int[0, 30], Gen.Int[1, 50], Gen.Bool).Sample(
            (segments, from, to, size, indexed) =>
            {
                using var log = new WrittenLog();
                var (id, all) = (0, new List<(int Second, int Order, string Id, string Account, string Region, string User)>());
                for (var s = 0; s < segments.Count; s++)
                {
                    log.Write(s + 1, segments[s].Select(c =>
                    {
                        all.Add((c.Item1, ++id, WrittenLog.Id(id), c.Item2, c.Item3, c.Item4));
                        return WrittenLog.Call(id, c.Item1, c.Item2, c.Item3, c.Item4, secret: c.Item5);
                    }).ToList());
                }

                if (indexed)
                    log.RunJobAsync(compress: from % 2 == 0).GetAwaiter().GetResult();
                var zero = (uint)WrittenLog.Start.ToUnixTimeSeconds();
                var query = EventMatch.Query(Here, LookupAttribute.Username, "bob", zero + (uint)from, zero + (uint)to);
                var expected = all.Where(e => e is { Account: "111122223333", Region: "us-east-1", User: "bob" } && e.Second >= from && e.Second <= to)
                    .OrderByDescending(e => e.Second).ThenByDescending(e => e.Order).Select(e => e.Id).ToList();

                using var indexes = new AuditIndexes(log.Path, mayWrite: false);
                var (found, after) = (new List<string>(), default(LogPosition?));
                while (true)
                {
                    var page = new AuditLookup(indexes).Newest(query, after, TestContext.Current.CancellationToken).Take(size).Select(f => (f.Event.EventId, f.Position)).ToList();
                    if (page.Count == 0)
                        break;
                    found.AddRange(page.Select(p => p.EventId));
                    after = page[^1].Position;
                }

                Assert.Equal(expected, found);
            },
            iter: 60, threads: 1);
    }

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
