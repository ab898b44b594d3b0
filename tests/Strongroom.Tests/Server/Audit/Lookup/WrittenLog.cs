using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Background;

namespace Strongroom.Tests.Server.Audit.Lookup;

/// <summary>An audit directory whose segments a test writes by hand.</summary>
internal sealed class WrittenLog : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 2, 3, 10, 0, 0, TimeSpan.Zero);

    public string Path { get; } = Directory.CreateTempSubdirectory("strongroom-log-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public void Write(int segment, params IEnumerable<string> lines) =>
        File.WriteAllText(PlainPath(segment), string.Concat(lines.Select(line => line + "\n")));

    public string PlainPath(int segment) => AuditSegments.PathOf(Path, segment, AuditSegments.PlainSuffix);

    public string CompressedPath(int segment) => AuditSegments.PathOf(Path, segment, AuditSegments.CompressedSuffix);

    public string IndexPath(int segment) => AuditSegments.PathOf(Path, segment, SegmentIndexFile.Suffix);

    public AuditSegment Segment(int number) => AuditSegments.List(Path).Single(segment => segment.Number == number);

    public async Task RunJobAsync(bool compress = true)
    {
        using var indexes = new AuditIndexes(Path, mayWrite: true);
        await new SegmentJob(Path, () => int.MaxValue, indexes, compress).RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The ids found, newest first.</summary>
    public List<string> Find(LookupQuery query, LogPosition? after = null, bool mayWrite = false)
    {
        using var indexes = new AuditIndexes(Path, mayWrite);
        return [.. new AuditLookup(indexes).Newest(query, after, TestContext.Current.CancellationToken).Select(found => found.Event.EventId)];
    }

    public static string Id(int number) => $"00000000-0000-4000-8000-{number:D12}";

    /// <summary>A call's record in CloudTrail's schema. Source: IAM fact sheet 8.1-8.3.</summary>
    public static string Call(
        int id, int second = 0, string account = "111122223333", string region = "us-east-1", string user = "ada", string name = "GetSecretValue", string? secret = "s",
        bool readOnly = true, string? error = null, string source = "192.0.2.1", string key = "AKIAADA")
    {
        var record = new JsonObject
        {
            ["eventVersion"] = "1.09",
            ["userIdentity"] = new JsonObject
            {
                ["type"] = "IAMUser",
                ["principalId"] = "AIDA" + user,
                ["arn"] = $"arn:aws:iam::{account}:user/{user}",
                ["accountId"] = account,
                ["accessKeyId"] = key,
                ["userName"] = user,
            },
            ["eventTime"] = Start.AddSeconds(second).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
            ["eventSource"] = "secretsmanager.amazonaws.com",
            ["eventName"] = name,
            ["awsRegion"] = region,
            ["sourceIPAddress"] = source,
            ["userAgent"] = "test",
            ["errorCode"] = error,
            ["requestParameters"] = secret is null ? null : new JsonObject { ["secretId"] = secret },
            ["responseElements"] = null,
            ["requestID"] = Id(id),
            ["eventID"] = Id(id),
            ["readOnly"] = readOnly,
            ["eventType"] = "AwsApiCall",
            ["managementEvent"] = true,
            ["recipientAccountId"] = account,
            ["eventCategory"] = "Management",
            ["chain"] = new JsonObject { ["number"] = id, ["previous"] = "AAAA" },
        };
        if (error is null)
            record.Remove("errorCode");
        return record.ToJsonString();
    }
}
