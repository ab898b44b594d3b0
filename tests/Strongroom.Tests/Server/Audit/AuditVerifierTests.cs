using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Audit;

/// <summary>Everything that can be done to a log behind the server's back is found. Source: issue 4, "Tampering test".</summary>
public sealed class AuditVerifierTests : IAsyncLifetime
{
    private readonly string root = System.IO.Directory.CreateTempSubdirectory("strongroom-verify-").FullName;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 2, 3, 10, 20, 30, TimeSpan.Zero));
    private readonly Keyring keyring = new(SecretBytes.CopyFrom(new byte[32]), SystemEntropy.Instance);
    private SqlStore store = null!;

    private string Audit => Path.Combine(root, "audit");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Three segments of some forty records; the first two are closed, the third is signed up to its end.</summary>
    public async ValueTask InitializeAsync()
    {
        store = await SqlStore.OpenSqliteAsync(Path.Combine(root, "strongroom.db"), time, Ct);
        await WriteAsync(AuditLogOptions.Default with { SegmentBytes = 6000 }, 40);
    }

    public async ValueTask DisposeAsync()
    {
        await store.DisposeAsync();
        keyring.Dispose();
        System.IO.Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task An_untouched_log_has_no_findings_and_is_signed_to_its_end()
    {
        var result = await VerifyAsync();

        Assert.Empty(result.Findings);
        Assert.Equal(40, result.Records);
        Assert.Equal(40, result.SignedThrough);
        Assert.True(result.Segments >= 3);
    }

    [Fact]
    public async Task Each_byte_that_is_changed_is_found()
    {
        foreach (var segment in AuditSegments.List(Audit))
        {
            var original = await File.ReadAllBytesAsync(segment.Path, Ct);
            // Every byte of a segment would be thousands of checks that differ in nothing: every 31st meets each part of each record.
            for (var at = segment.Number; at < original.Length; at += 31)
            {
                var edited = (byte[])original.Clone();
                edited[at] ^= 1;
                await File.WriteAllBytesAsync(segment.Path, edited, Ct);
                Assert.True((await VerifyAsync()).Findings.Count > 0, $"{Path.GetFileName(segment.Path)} byte {at} of {Encoding.UTF8.GetString(original)[Math.Max(0, at - 20)..at]}");
            }

            await File.WriteAllBytesAsync(segment.Path, original, Ct);
        }

        Assert.Empty((await VerifyAsync()).Findings);
    }

    [Theory]
    [InlineData("drop", 1)]
    [InlineData("drop", 2)]
    [InlineData("drop", 3)]
    [InlineData("swap", 1)]
    [InlineData("swap", 2)]
    [InlineData("swap", 3)]
    [InlineData("repeat", 1)]
    [InlineData("repeat", 2)]
    [InlineData("repeat", 3)]
    [InlineData("insert", 1)]
    [InlineData("insert", 2)]
    [InlineData("insert", 3)]
    [InlineData("blank", 1)]
    [InlineData("blank", 2)]
    [InlineData("blank", 3)]
    public async Task Each_line_that_is_dropped_swapped_repeated_or_put_in_is_found(string what, int segment)
    {
        var path = AuditLog.PathOf(Audit, segment);
        var original = await File.ReadAllLinesAsync(path, Ct);
        Assert.True(original.Length > 3);
        for (var at = 0; at < original.Length - (what == "swap" ? 1 : 0); at++)
        {
            var lines = original.ToList();
            switch (what)
            {
                case "drop": lines.RemoveAt(at); break;
                case "swap": (lines[at], lines[at + 1]) = (lines[at + 1], lines[at]); break;
                case "repeat": lines.Insert(at, lines[at]); break;
                case "insert": lines.Insert(at, lines[at].Replace("s1", "s2", StringComparison.Ordinal)); break;
                default: lines.Insert(at, ""); break;
            }

            await File.WriteAllTextAsync(path, string.Concat(lines.Select(l => l + "\n")), Ct);
            Assert.True((await VerifyAsync()).Findings.Count > 0, $"{what} line {at}");
        }
    }

    [Fact]
    public async Task A_changed_record_is_named()
    {
        var path = AuditLog.PathOf(Audit, 2);
        var lines = await File.ReadAllLinesAsync(path, Ct);
        Assert.True(ChainLink.TryRead(Encoding.UTF8.GetBytes(lines[1]), out var link));
        Assert.True(CloudTrailRecord.TryReadEventId(lines[1], out var id));
        lines[1] = lines[1].Replace("\"Probe\"", "\"probe\"", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, string.Concat(lines.Select(l => l + "\n")), Ct);

        var finding = Assert.Single((await VerifyAsync()).Findings);

        Assert.Equal($"Record {link.Number + 1} does not follow from record {link.Number} ({id}): one of them was changed.", finding.Text);
        Assert.Equal("audit-00000002.jsonl", finding.File);
        Assert.Equal(3, finding.Line);
    }

    [Fact]
    public async Task A_whole_chain_that_was_written_anew_is_found_by_its_digest()
    {
        // Whoever edits a record and computes all hashes after it again has no key to sign with.
        var path = AuditLog.PathOf(Audit, 3);
        var lines = (await File.ReadAllLinesAsync(path, Ct)).Select(ChainLink.Strip).ToList();
        lines[0] = lines[0].Replace("\"Probe\"", "\"Forged\"", StringComparison.Ordinal);
        var before = AuditDigest.Find(Audit, 3)!;
        var hash = Convert.FromBase64String(before.Previous);
        var forged = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            var record = Encoding.UTF8.GetBytes(lines[i]);
            var line = new byte[record.Length + ChainLink.MaxBytes];
            var length = ChainLink.Write(line, record, before.First + i, before.Change, hash);
            hash = SHA256.HashData(line.AsSpan(0, length));
            forged.Append(Encoding.UTF8.GetString(line, 0, length)).Append('\n');
        }

        await File.WriteAllTextAsync(path, forged.ToString(), Ct);

        Assert.Contains((await VerifyAsync()).Findings, f => f.Text.EndsWith("is not the one that was signed: it was changed.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_tail_that_was_cut_is_found(int segment)
    {
        var path = AuditLog.PathOf(Audit, segment);
        var original = await File.ReadAllBytesAsync(path, Ct);
        foreach (var length in new[] { 0, 1, original.Length / 2, original.Length - 100, original.Length - 1 }.Concat(LineEnds(original).SkipLast(1)))
        {
            await File.WriteAllBytesAsync(path, original[..length], Ct);
            Assert.True((await VerifyAsync()).Findings.Count > 0, $"cut at {length} of {original.Length}");
        }
    }

    [Fact]
    public async Task A_log_that_was_cut_back_together_with_its_digests_is_found_by_the_database()
    {
        // An attacker keeps a copy of log and digests, and puts both back later.
        var copy = Path.Combine(root, "copy");
        CopyAll(Audit, copy);
        await WriteAsync(AuditLogOptions.Default, 5);
        System.IO.Directory.Delete(Audit, recursive: true);
        CopyAll(copy, Audit);

        var finding = Assert.Single((await VerifyAsync()).Findings);

        Assert.Equal("The database knows record 45; Records 41 to 45 are missing at the end of the log.", finding.Text);
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("edit")]
    [InlineData("other segment")]
    [InlineData("other key")]
    [InlineData("garbage")]
    public async Task A_digest_that_was_replaced_is_found(string what)
    {
        foreach (var segment in AuditSegments.List(Audit))
        {
            var path = AuditDigest.PathOf(Audit, segment.Number);
            var original = await File.ReadAllTextAsync(path, Ct);
            switch (what)
            {
                case "delete":
                    File.Delete(path);
                    break;
                case "edit":
                    await File.WriteAllTextAsync(path, original.Replace("\"first\":", "\"first\":1", StringComparison.Ordinal), Ct);
                    break;
                case "other segment":
                    await File.WriteAllTextAsync(path, await File.ReadAllTextAsync(AuditDigest.PathOf(Audit, (segment.Number % 3) + 1), Ct), Ct);
                    break;
                case "other key":
                    await using (var other = await SqlStore.OpenSqliteAsync(Path.Combine(root, $"other{segment.Number}.db"), time, Ct))
                    {
                        using var key = await DigestKey.OpenAsync(other, keyring, Ct);
                        await File.WriteAllTextAsync(path, SignedStatement.Sign(AuditDigest.Find(Audit, segment.Number)!, key).Text, Ct);
                    }

                    break;
                default:
                    await File.WriteAllTextAsync(path, "{}", Ct);
                    break;
            }

            Assert.True((await VerifyAsync()).Findings.Count > 0, $"segment {segment.Number}");
            await File.WriteAllTextAsync(path, original, Ct);
        }

        Assert.Empty((await VerifyAsync()).Findings);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_segment_that_was_removed_is_found(int segment)
    {
        File.Delete(AuditLog.PathOf(Audit, segment));
        File.Delete(AuditDigest.PathOf(Audit, segment));

        Assert.NotEmpty((await VerifyAsync()).Findings);
    }

    [Fact]
    public async Task Segments_whose_time_is_over_are_removed_with_a_statement_that_cannot_be_forged()
    {
        time.Advance(TimeSpan.FromDays(10));
        var (log, digests, _) = await OpenAsync(AuditLogOptions.Default);
        using (log)
        using (digests)
        {
            Assert.Equal(0, digests.RemoveBefore(time.GetUtcNow() - TimeSpan.FromDays(11)));
            var removed = digests.RemoveBefore(time.GetUtcNow() - TimeSpan.FromDays(9));
            Assert.True(removed >= 2);
            var result = await VerifyAsync();
            Assert.Empty(result.Findings);
            Assert.Equal(40, result.Last);
        }

        // Somebody who removes one more can't state that it was removed by us.
        var path = AuditRemoval.PathOf(Audit);
        var statement = await File.ReadAllTextAsync(path, Ct);
        await File.WriteAllTextAsync(path, statement.Replace("\"last\":", "\"last\":1", StringComparison.Ordinal), Ct);
        Assert.Contains((await VerifyAsync()).Findings, f => f.Text.Contains("not signed", StringComparison.Ordinal));
        File.Delete(path);
        Assert.Contains((await VerifyAsync()).Findings, f => f.Text.Contains("no statement says", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_of_before_there_was_a_chain_goes_on_in_a_segment_of_its_own()
    {
        System.IO.Directory.Delete(root, recursive: true);
        System.IO.Directory.CreateDirectory(Audit);
        await store.DisposeAsync();
        store = await SqlStore.OpenSqliteAsync(Path.Combine(root, "strongroom.db"), time, Ct);
        await File.WriteAllTextAsync(AuditLog.PathOf(Audit, 1), "{\"eventName\":\"Old\"}\n", Ct);
        await WriteAsync(AuditLogOptions.Default, 3);

        var result = await VerifyAsync();

        Assert.Empty(result.Findings);
        Assert.Equal((1, 1, 3, 3), (result.UncheckedSegments, result.Segments, result.Records, result.SignedThrough));

        // Stripped of their links and digests, chained records do not pass for old ones.
        await File.WriteAllLinesAsync(AuditLog.PathOf(Audit, 2), (await File.ReadAllLinesAsync(AuditLog.PathOf(Audit, 2), Ct)).Select(ChainLink.Strip), Ct);
        File.Delete(AuditDigest.PathOf(Audit, 2));
        Assert.NotEmpty((await VerifyAsync()).Findings);
    }

    [Fact]
    public async Task A_cut_log_is_reported_at_start_and_numbers_are_not_used_again()
    {
        var path = AuditLog.PathOf(Audit, AuditSegments.List(Audit)[^1].Number);
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        await File.WriteAllBytesAsync(path, bytes[..LineEnds(bytes)[^2]], Ct);

        await WriteAsync(AuditLogOptions.Default, 1);

        var result = await VerifyAsync();
        Assert.Equal(41, result.Last);
        Assert.Contains(result.Findings, f => f.Text == "Record 40 is missing before record 41.");
    }

    [Fact]
    public async Task A_segment_left_without_its_closing_digest_gets_it_at_the_next_start()
    {
        // As after a kill between the last record of a segment and the first of the next: the digest is one of the open segment.
        var first = AuditDigest.Find(Audit, 1)!;
        File.Delete(AuditDigest.PathOf(Audit, 1));
        Assert.NotEmpty((await VerifyAsync()).Findings);

        var (log, digests, findings) = await OpenAsync(AuditLogOptions.Default);
        log.Dispose();
        digests.Dispose();

        Assert.Empty(findings);
        Assert.Empty((await VerifyAsync()).Findings);
        Assert.Equal(first.Hash, AuditDigest.Find(Audit, 1)!.Hash);
    }

    [Fact]
    public async Task A_database_older_than_its_log_is_reported_at_start()
    {
        await store.CommitAsync(new SecretCommit([], [Entry()]), Ct);
        var (log, digests, none) = await OpenAsync(AuditLogOptions.Default);
        Assert.Empty(none);
        log.Append("{\"eventName\":\"Change\"}\n"u8, sequence: 17);
        await digests.SignAsync(Ct);
        log.Dispose();
        digests.Dispose();

        var (again, digestsAgain, findings) = await OpenAsync(AuditLogOptions.Default);
        again.Dispose();
        digestsAgain.Dispose();

        Assert.StartsWith("The database is older than its audit log: it stands at change 1, and the log has recorded change 17.", Assert.Single(findings), StringComparison.Ordinal);
        var entry = Entry();
        await store.CommitAsync(new SecretCommit([], [entry]), Ct);
        Assert.True(entry.Sequence > 17);
    }

    [Fact]
    public async Task An_audit_directory_that_disappeared_is_reported_at_start()
    {
        System.IO.Directory.Delete(Audit, recursive: true);

        var (log, digests, findings) = await OpenAsync(AuditLogOptions.Default);
        log.Dispose();
        digests.Dispose();

        Assert.Contains("with 40 records, which the database knows, is not in", Assert.Single(findings), StringComparison.Ordinal);
    }

    /// <summary>The script that we ship for those who don't trust us finds what we find.</summary>
    [Theory]
    [InlineData("nothing", true)]
    [InlineData("edit", false)]
    [InlineData("drop", false)]
    [InlineData("swap", false)]
    [InlineData("cut", false)]
    [InlineData("digest", false)]
    [InlineData("segment", false)]
    public async Task The_script_for_outsiders_agrees(string what, bool isGood)
    {
        var path = AuditLog.PathOf(Audit, 2);
        var lines = await File.ReadAllLinesAsync(path, Ct);
        string[] changed = what switch
        {
            "edit" => [lines[0].Replace("Probe", "probe", StringComparison.Ordinal), .. lines[1..]],
            "drop" => [lines[0], .. lines[2..]],
            "swap" => [lines[1], lines[0], .. lines[2..]],
            "cut" => lines[..^1],
            _ => lines,
        };
        await File.WriteAllTextAsync(path, string.Concat(changed.Select(l => l + "\n")), Ct);
        if (what == "segment")
            File.Delete(path);
        if (what == "digest")
            await File.WriteAllTextAsync(AuditDigest.PathOf(Audit, 2), (await File.ReadAllTextAsync(AuditDigest.PathOf(Audit, 2), Ct)).Replace("\"last\":", "\"last\":1", StringComparison.Ordinal), Ct);

        var start = new System.Diagnostics.ProcessStartInfo("python3") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(Architecture.Repository.Root, "tools", "audit-verify.py"));
        start.ArgumentList.Add(Audit);
        start.ArgumentList.Add(DigestVerifier.PathOf(Audit));
        using var script = System.Diagnostics.Process.Start(start)!;
        var output = await script.StandardOutput.ReadToEndAsync(Ct);
        await script.WaitForExitAsync(Ct);

        Assert.Equal((isGood ? 0 : 1, isGood), (script.ExitCode, output.EndsWith(", 0 findings\n", StringComparison.Ordinal)));
        Assert.Equal(isGood, (await VerifyAsync()).Findings.Count == 0);
    }

    private async Task WriteAsync(AuditLogOptions options, int count)
    {
        var (log, digests, _) = await OpenAsync(options);
        for (var i = 0; i < count; i++)
        {
            log.Append(Encoding.UTF8.GetBytes($$"""
                {"eventName":"Probe","requestParameters":{"secretId":"s{{i}}","filler":"{{new string('x', 200)}}"},"eventID":"{{Guid.NewGuid()}}"}

                """));
        }

        await digests.SignAsync(Ct);
        log.Dispose();
        digests.Dispose();
    }

    private ValueTask<(AuditLog Log, AuditDigests Digests, IReadOnlyList<string> Findings)> OpenAsync(AuditLogOptions options) =>
        AuditDigests.OpenAsync(Audit, options, store, keyring, SystemEntropy.Instance, time, Ct);

    private async Task<AuditVerification> VerifyAsync()
    {
        using var key = DigestVerifier.FromPem(Encoding.ASCII.GetString((await store.FindSettingAsync(DigestKey.PublicSetting, Ct))!));
        var known = SignedStatement.TryParse(Encoding.UTF8.GetString((await store.FindSettingAsync(AuditDigests.KnownSetting, Ct))!))!;
        return new AuditVerifier(Audit, key, known.Digest).Verify();
    }

    private static AuditEntry Entry() => new(Guid.NewGuid(), "{\"a\":1}"u8.ToArray());

    private static List<int> LineEnds(byte[] bytes) => [.. Enumerable.Range(0, bytes.Length).Where(i => bytes[i] == '\n').Select(i => i + 1)];

    private static void CopyAll(string from, string to)
    {
        System.IO.Directory.CreateDirectory(to);
        foreach (var file in System.IO.Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
