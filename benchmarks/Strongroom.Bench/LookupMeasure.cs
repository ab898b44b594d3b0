using System.Diagnostics;
using System.Globalization;
using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Background;

namespace Strongroom.Bench;

/// <summary>
/// How long LookupEvents looks for a page of 50 among ten million records, in this process. The log is written by a generator, then indexed and
/// compressed by the server's own job, and kept for later runs.
/// </summary>
internal static class LookupMeasure
{
    private const int Records = 10_000_000;
    private const int Rounds = 5;
    private const int Page = 50;
    private const long SegmentBytes = 256L << 20;
    private const string Account = "111122223333";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TrailScope Scope = new(Account, "us-east-1");

    /// <summary>Each attribute with a value that most records have, one that few have and one that none has.</summary>
    private static readonly (LookupAttribute Attribute, string Value)[] Questions =
    [
        (LookupAttribute.Any, ""),
        (LookupAttribute.EventId, IdOf(12_345)), (LookupAttribute.EventId, IdOf(Records - 1)), (LookupAttribute.EventId, "absent"),
        (LookupAttribute.EventName, "GetSecretValue"), (LookupAttribute.EventName, "DeleteSecret"), (LookupAttribute.EventName, "CreateUser"),
        (LookupAttribute.ReadOnly, "true"), (LookupAttribute.ReadOnly, "false"),
        (LookupAttribute.Username, "user-7"), (LookupAttribute.Username, "rare"), (LookupAttribute.Username, "absent"),
        (LookupAttribute.ResourceType, "AWS::SecretsManager::Secret"), (LookupAttribute.ResourceType, "AWS::KMS::Key"),
        (LookupAttribute.ResourceName, "app/service-0000042/database"), (LookupAttribute.ResourceName, "absent"),
        (LookupAttribute.EventSource, "secretsmanager.amazonaws.com"), (LookupAttribute.EventSource, "kms.amazonaws.com"),
        (LookupAttribute.AccessKeyId, "AKIAUSER0007"), (LookupAttribute.AccessKeyId, "absent"),
    ];

    public static async Task<IReadOnlyList<Measure>> RunAsync()
    {
        var directory = await DirectoryAsync();
        var slowest = new List<double>();
        foreach (var (attribute, value) in Questions)
        {
            foreach (var (from, name) in new[] { (0u, ""), ((uint)Start.AddDays(10).ToUnixTimeSeconds(), " of ten days") })
            {
                var to = from == 0 ? uint.MaxValue : (uint)Start.AddDays(20).ToUnixTimeSeconds();
                var rounds = new List<(double Milliseconds, int Found)>();
                for (var round = 0; round < Rounds; round++)
                    rounds.Add(Ask(directory, attribute, value, from, to));
                slowest.Add(rounds.Max(r => r.Milliseconds));
                await Console.Error.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {attribute} {value}{name}: {rounds[0].Found} found, first {rounds[0].Milliseconds:F1} ms, median {Measure.Median(rounds.Select(r => r.Milliseconds)):F1} ms"));
            }
        }

        return [Measure.Of("lookup", "milliseconds the slowest lookup of a page of 50 among 10,000,000 records", [slowest.Max()], 1000)];
    }

    // As a request does: nothing is kept between two of them but the newest segment's index, which is empty here.
    private static (double Milliseconds, int Found) Ask(string directory, LookupAttribute attribute, string value, uint from, uint to)
    {
        using var indexes = new AuditIndexes(directory, mayWrite: false);
        var clock = Stopwatch.StartNew();
        var found = new AuditLookup(indexes).Newest(EventMatch.Query(Scope, attribute, value, from, to), null, default).Take(Page).Count();
        return (clock.Elapsed.TotalMilliseconds, found);
    }

    private static async Task<string> DirectoryAsync()
    {
        var directory = Path.Combine(Workplace.Root, "lookup-" + Records.ToString(CultureInfo.InvariantCulture));
        var done = Path.Combine(directory, "done");
        if (File.Exists(done))
            return directory;
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(directory);
        using var indexes = new AuditIndexes(directory, mayWrite: true);
        var (written, segment, clock, busy) = (0, 0, Stopwatch.StartNew(), TimeSpan.Zero);
        var job = new SegmentJob(directory, () => segment + 1, indexes, compress: true);
        while (written < Records)
        {
            written = WriteSegment(AuditSegments.PathOf(directory, ++segment, AuditSegments.PlainSuffix), written);
            // The newest is never closed, so an empty one follows.
            await File.WriteAllTextAsync(AuditSegments.PathOf(directory, segment + 1, AuditSegments.PlainSuffix), "");
            var before = clock.Elapsed;
            await job.RunAsync(default);
            busy += clock.Elapsed - before;
            await Console.Error.WriteLineAsync($"  {written} records written");
        }

        var sizes = new DirectoryInfo(directory).GetFiles().ToLookup(file => file.Extension, file => file.Length);
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"  {segment} segments, {sizes[".gz"].Sum() >> 20} MiB compressed, {sizes[".index"].Sum() >> 20} MiB of indexes, {busy.TotalSeconds / segment:F1} s a segment to index and compress"));
        await File.WriteAllTextAsync(done, "");
        return directory;
    }

    private static int WriteSegment(string path, int number)
    {
        using var file = new StreamWriter(path);
        while (number < Records && file.BaseStream.Position < SegmentBytes)
            file.Write(Line(number++));
        return number;
    }

    // Forty days; neighbours in the log may stand the other way round in time, as calls that take longer do.
    private static string Line(int number)
    {
        var time = Start.AddSeconds((number / 3) - (number % 7 == 0 ? 1 : 0)).UtcDateTime.ToString("s", CultureInfo.InvariantCulture);
        var isChange = number % 97 == 0;
        var name = number % 2_000_003 == 5 ? "DeleteSecret" : isChange ? "PutSecretValue" : "GetSecretValue";
        var (isKey, user) = (number % 11 == 3, number % 3_000_017 == 9 ? "rare" : $"user-{number % 50}");
        var region = number % 20 == 0 ? "eu-west-1" : "us-east-1";
        var (source, parameters) = isKey
            ? ("kms", $$"""{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"SecretARN":"arn:aws:secretsmanager:{{region}}:{{Account}}:secret:app/service-{{number % 100_003:D7}}/database-AbCdEf"} }""")
            : ("secretsmanager", $$"""{"secretId":"app/service-{{number % 100_003:D7}}/database"}""");
        var resources = isKey ? $$""","resources":[{"ARN":"arn:aws:kms:{{region}}:{{Account}}:key/{{IdOf(number % 100)}}","accountId":"{{Account}}","type":"AWS::KMS::Key"}]""" : "";
        return $$"""{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDA{{number % 50:D17}}","arn":"arn:aws:iam::{{Account}}:user/{{user}}","accountId":"{{Account}}","accessKeyId":"AKIAUSER{{number % 50:D4}}","userName":"{{user}}"},"eventTime":"{{time}}Z","eventSource":"{{source}}.amazonaws.com","eventName":"{{(isKey ? "Decrypt" : name)}}","awsRegion":"{{region}}","sourceIPAddress":"10.0.{{number % 250}}.{{number % 241}}","userAgent":"aws-sdk-java/2.31.9 md/io#sync md/http#Apache ua/2.1 os/Linux#6.8 lang/java#21.0.4","requestParameters":{{parameters}},"responseElements":null,"requestID":"{{IdOf(~number)}}","eventID":"{{IdOf(number)}}","readOnly":{{(isChange && !isKey ? "false" : "true")}}{{resources}},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{{Account}}","eventCategory":"Management","chain":{"number":{{number}},"change":1,"previous":"u5c1DdVQm0G8h7bq5wyZ0n3T8a9k2l4f6j1s3d5g7h8="} }""" + "\n";
    }

    // Spread like random ids, and known again from the number.
    private static string IdOf(int number)
    {
        var high = unchecked((uint)number * 2_654_435_761u);
        var low = unchecked((ulong)(uint)number * 11_400_714_819_323_198_485ul);
        return string.Create(CultureInfo.InvariantCulture, $"{high:x8}-{low >> 48:x4}-4{low >> 36 & 0xfff:x3}-8{low >> 24 & 0xfff:x3}-{low & 0xffffffffffff:x12}");
    }
}
