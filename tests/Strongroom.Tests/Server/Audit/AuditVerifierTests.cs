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

    /// <summary>Most damage is found in more than one way. Each way is looked at by itself, so that none is lost behind another.</summary>
    [Theory]
    [InlineData("a segment removed", "audit-00000002.jsonl", "The segment is missing.")]
    [InlineData("a line feed cut off", "audit-00000001.jsonl", "The segment ends in the middle of a line.")]
    [InlineData("a last line cut off", "audit-00000001.jsonl", "Records {last1} to {last1} are missing at the end of the segment.")]
    [InlineData("a line repeated", "audit-00000002.jsonl", "Record {first2} stands where record {second2} should: it was moved, repeated or put in.")]
    [InlineData("a line added to a closed segment", "audit-00000001.jsonl", "Record {first2} was added after the segment was closed.")]
    [InlineData("a digest removed", "audit-00000001.digest", "The segment's digest is missing, so nothing vouches for its records.")]
    [InlineData("a digest removed that the database has not heard of", "audit-00000002.digest", "The segment's digest is missing, so nothing vouches for its records.")]
    [InlineData("an older digest put back", "audit-00000001.digest", "The digest does not close the segment, though another one follows: it is an older one, or the server ended in between and has not been started since.")]
    [InlineData("a digest of another log", "audit-00000002.digest", "The digest belongs to another segment or another log.")]
    [InlineData("a digest that follows from another record", "audit-00000002.digest", "The digest begins with record {first2} after another record than the segment before ends with.")]
    [InlineData("a digest of another length", "audit-00000002.jsonl", "Record {last2} ends at byte {bytes2} and not, as was signed, at {bytes2+1}: something was put in or taken out before it.")]
    [InlineData("a digest of another change", "audit-00000002.digest", "The digest names change 8 of the store, its record 7.")]
    [InlineData("an end written anew", "audit-00000003.jsonl", "Record 41 is not the one that the database knows.")]
    [InlineData("a change that goes back", "audit-00000003.jsonl", "Record 41 names change 3 of the store, an earlier record 7: one of them was changed.")]
    [InlineData("another log", "", "The database knows the log {known}, and this is the log {log}: the log or the database was exchanged.")]
    [InlineData("one segment more removed than was stated", "audit-00000003.jsonl", "Segments 1 to 2 are missing, and no statement says that they were removed.")]
    public async Task Each_kind_of_damage_is_named_for_itself(string what, string file, string text)
    {
        await WriteSequenceAsync();
        var (one, two) = (AuditDigest.Find(Audit, 1)!, AuditDigest.Find(Audit, 2)!);
        var (path1, path2) = (AuditLog.PathOf(Audit, 1), AuditLog.PathOf(Audit, 2));
        var known = await KnownAsync();
        switch (what)
        {
            case "a segment removed":
                File.Delete(path2);
                File.Delete(AuditDigest.PathOf(Audit, 2));
                break;
            case "a line feed cut off":
                await File.WriteAllBytesAsync(path1, (await File.ReadAllBytesAsync(path1, Ct))[..^1], Ct);
                break;
            case "a last line cut off":
                await WriteLinesAsync(path1, (await File.ReadAllLinesAsync(path1, Ct))[..^1]);
                break;
            case "a line repeated":
                var lines = await File.ReadAllLinesAsync(path2, Ct);
                await WriteLinesAsync(path2, [lines[0], .. lines]);
                break;
            case "a line added to a closed segment":
                await WriteLinesAsync(path1, [.. await File.ReadAllLinesAsync(path1, Ct), Forged(one.Last + 1, one.Change, one.Hash)]);
                break;
            case "a digest removed":
                File.Delete(AuditDigest.PathOf(Audit, 1));
                break;
            case "a digest removed that the database has not heard of":
                File.Delete(AuditDigest.PathOf(Audit, 2));
                known = one;
                break;
            case "an older digest put back":
                await SignAnewAsync(one with { IsClosed = false });
                break;
            case "a digest of another log":
                await SignAnewAsync(two with { Log = Guid.NewGuid() });
                break;
            case "a digest that follows from another record":
                await SignAnewAsync(two with { Previous = one.Previous });
                break;
            case "a digest of another length":
                await SignAnewAsync(two with { Bytes = two.Bytes + 1 });
                break;
            case "a digest of another change":
                await SignAnewAsync(two with { Change = two.Change + 1 });
                break;
            case "an end written anew":
                await ForgeEndAsync(change: 7);
                break;
            case "a change that goes back":
                await ForgeEndAsync(change: 3);
                break;
            case "another log":
                known = known with { Log = Guid.NewGuid() };
                break;
            default:
                await StateRemovalAsync(new AuditRemoval(one.Log, 1, one.Last, one.Hash, one.Time));
                foreach (var path in (string[])[path1, path2, AuditDigest.PathOf(Audit, 1), AuditDigest.PathOf(Audit, 2)])
                    File.Delete(path);
                break;
        }

        var expected = text.Replace("{last1}", $"{one.Last}", StringComparison.Ordinal).Replace("{first2}", $"{two.First}", StringComparison.Ordinal)
            .Replace("{second2}", $"{two.First + 1}", StringComparison.Ordinal).Replace("{last2}", $"{two.Last}", StringComparison.Ordinal)
            .Replace("{bytes2}", $"{two.Bytes}", StringComparison.Ordinal).Replace("{bytes2+1}", $"{two.Bytes + 1}", StringComparison.Ordinal)
            .Replace("{known}", $"{known.Log}", StringComparison.Ordinal).Replace("{log}", $"{one.Log}", StringComparison.Ordinal);
        var found = (await VerifyAsync(known)).Findings.Select(f => (f.File, f.Text)).ToList();
        Assert.True(found.Contains((file, expected)), string.Join('\n', found));
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

    // As the one that was there, with a change of the store in each of the first two segments; the third ends with record 41.
    private async Task WriteSequenceAsync()
    {
        System.IO.Directory.Delete(Audit, recursive: true);
        var (log, digests, _) = await OpenAsync(AuditLogOptions.Default with { SegmentBytes = 6000 });
        for (var number = 1; number <= 41; number++)
            log.Append(Encoding.UTF8.GetBytes($$"""{"eventName":"Probe","filler":"{{new string('x', 200)}}","eventID":"{{Guid.NewGuid()}}"}""" + "\n"), sequence: number == 5 ? 6 : number == 20 ? 7 : 0);
        await digests.SignAsync(Ct);
        log.Dispose();
        digests.Dispose();
        Assert.Equal([1, 2, 3], AuditSegments.List(Audit).Select(s => s.Number));
        Assert.Equal(7, AuditDigest.Find(Audit, 2)!.Change);
        Assert.Empty((await VerifyAsync()).Findings);
    }

    // Another last record in place of the last one, with a right link and without a digest.
    private async Task ForgeEndAsync(long change)
    {
        var path = AuditLog.PathOf(Audit, 3);
        var lines = await File.ReadAllLinesAsync(path, Ct);
        var before = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(lines[^2])));
        await WriteLinesAsync(path, [.. lines[..^1], Forged(41, change, before)]);
        File.Delete(AuditDigest.PathOf(Audit, 3));
    }

    private static string Forged(long number, long change, string previous)
    {
        var record = Encoding.UTF8.GetBytes($$"""{"eventName":"Forged","eventID":"{{Guid.NewGuid()}}"}""");
        var line = new byte[record.Length + ChainLink.MaxBytes];
        return Encoding.UTF8.GetString(line, 0, ChainLink.Write(line, record, number, change, Convert.FromBase64String(previous)));
    }

    // With the installation's own key: what its owner could do.
    private async Task SignAnewAsync(AuditDigest digest)
    {
        using var key = await DigestKey.OpenAsync(store, keyring, Ct);
        AuditDigest.Write(Audit, digest.Segment, SignedStatement.Sign(digest, key));
    }

    private async Task StateRemovalAsync(AuditRemoval removal)
    {
        using var key = await DigestKey.OpenAsync(store, keyring, Ct);
        await File.WriteAllTextAsync(AuditRemoval.PathOf(Audit), SignedStatement.Sign(removal, key).Text, Ct);
    }

    private static Task WriteLinesAsync(string path, IEnumerable<string> lines) => File.WriteAllTextAsync(path, string.Concat(lines.Select(l => l + "\n")), Ct);

    private async Task<AuditDigest> KnownAsync() => AuditDigest.Known(await store.FindSettingAsync(AuditDigests.KnownSetting, Ct))!;

    private async Task<AuditVerification> VerifyAsync(AuditDigest? known = null)
    {
        using var key = DigestVerifier.FromPem(Encoding.ASCII.GetString((await store.FindSettingAsync(DigestKey.PublicSetting, Ct))!));
        return new AuditVerifier(Audit, key, known ?? await KnownAsync()).Verify();
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
