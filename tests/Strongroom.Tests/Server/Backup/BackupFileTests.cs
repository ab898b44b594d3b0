using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Crypto;
using Strongroom.Server.Backup;

namespace Strongroom.Tests.Server.Backup;

/// <summary>A backup that is not whole, or not as it was written, is refused, whatever was done to it.</summary>
public sealed class BackupFileTests(OneBackup one) : IClassFixture<OneBackup>
{
    private readonly Installed installed = one.Installed;
    private readonly string path = one.File;
    private readonly byte[] whole = one.Bytes;
    private readonly BackupKeys keys = one.Keys;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private int HeadBytes => 9 + BinaryPrimitives.ReadInt32BigEndian(whole.AsSpan(5));

    [Fact]
    public void A_whole_one_is_accepted()
    {
        Read(whole);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_cut_is_found_wherever_it_is()
    {
        var places = Boundaries().SelectMany(b => new[] { b - 1, b, b + 1 }).Concat(Enumerable.Range(0, 12))
            .Concat(Enumerable.Range(whole.Length - 70, 70)).Concat(new Random(4).GetItems([.. Enumerable.Range(0, whole.Length)], 100))
            .Where(at => at >= 0 && at < whole.Length).Distinct();

        Assert.All(places, at => Refused(whole[..at]));
    }

    [Fact]
    public void Bytes_put_in_or_taken_out_are_found()
    {
        Assert.All(Boundaries().Where(at => at <= whole.Length), at => Refused([.. whole[..at], 0, .. whole[at..]]));
        Assert.All(Boundaries().Where(at => at < whole.Length), at => Refused([.. whole[..at], .. whole[(at + 1)..]]));
        Refused([.. whole, .. whole]);
    }

    [Fact]
    public void An_edit_of_any_byte_of_header_manifest_and_trailer_is_found()
    {
        var places = Enumerable.Range(0, HeadBytes).Concat(Enumerable.Range(whole.Length - 68, 68));

        Assert.All(places, at => Refused(Edited(at)));
    }

    [Fact]
    public void An_edit_in_any_section_is_found_also_without_the_root_key()
    {
        var starts = Boundaries();
        var places = starts.SelectMany(b => new[] { b, b - 1 }).Where(at => at >= HeadBytes && at < whole.Length - 68)
            .Concat(new Random(5).GetItems([.. Enumerable.Range(HeadBytes, whole.Length - 68 - HeadBytes)], 300));

        Assert.All(places, at => Refused(Edited(at), withKeys: false));
    }

    [Fact]
    public async Task Sections_that_were_swapped_are_found()
    {
        var swapped = await installed.ForgeAsync(path, (manifest, sections) =>
        {
            var list = manifest["sections"]!.AsArray();
            var (first, second) = ((int)list[0]!["bytes"]!, (int)list[1]!["bytes"]!);
            (list[0]!["bytes"], list[1]!["bytes"]) = (second, first);
            return [.. sections[first..(first + second)], .. sections[..first], .. sections[(first + second)..]];
        }, withKeys: false);

        Refused(swapped);
        Refused([.. whole[..HeadBytes], .. whole[HeadBytes..^68].Reverse(), .. whole[^68..]], withKeys: false);
    }

    [Fact]
    public async Task An_editor_who_makes_the_hashes_anew_is_found_by_the_root_key()
    {
        var edited = await installed.ForgeAsync(path, (_, sections) =>
        {
            sections[^100] ^= 1;
            return sections;
        }, withKeys: false);
        Read(edited, withKeys: false); // hashes alone can't tell

        Assert.Contains("edited", Refused(edited), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_without_a_mac_does_not_pass_for_one_that_lost_it()
    {
        var stripped = await installed.ForgeAsync(path, (manifest, sections) =>
        {
            manifest.Remove("rootKey");
            return sections;
        }, withKeys: false);

        Assert.Contains("without the root key", Refused(stripped), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_installations_backup_is_found()
    {
        await using var other = await Installed.StartAsync();
        var theirs = await File.ReadAllBytesAsync(await other.BackUpAsync(), Ct);
        // Named, so that whoever has both keys takes the other one.
        Assert.Matches("needs the root key [0-9a-f]+, and the seal opened the root key [0-9a-f]+: it is of another installation", Refused(theirs));

        // The same root key, under another installation's id: the MAC binds to that too.
        var renamed = await installed.ForgeAsync(path, (manifest, sections) =>
        {
            manifest["installation"] = Guid.Empty.ToString();
            return sections;
        }, withKeys: false);
        Refused(renamed);
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("audit/../../escape")]
    [InlineData("audit/.hidden")]
    [InlineData("audit/a/b")]
    [InlineData("sealed/root.key")]
    [InlineData("sealed//etc/passwd")]
    [InlineData("lock")]
    public async Task A_section_of_another_name_is_refused_even_with_the_right_mac(string name)
    {
        var forged = await installed.ForgeAsync(path, (manifest, sections) =>
        {
            manifest["sections"]![1]!["name"] = name;
            return sections;
        }, withKeys: true);

        Assert.Contains("does not know", Refused(forged), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sections", "null")]
    [InlineData("sections", "[null]")]
    [InlineData("sections", "[]")]
    [InlineData("sections", """[{"name":"rows","bytes":-1,"sha256":""}]""")]
    [InlineData("sections", """[{"name":"rows","bytes":9223372036854775807,"sha256":""},{"name":"endpoint.json","bytes":2,"sha256":""}]""")]
    [InlineData("schema", "0")]
    [InlineData("schema", "\"4\"")]
    [InlineData("seal", "null")]
    [InlineData("created", "\"today\"")]
    public async Task A_manifest_that_can_not_be_is_refused(string member, string json)
    {
        var forged = await installed.ForgeAsync(path, (manifest, sections) => sections, withKeys: true);
        var room = BinaryPrimitives.ReadInt32BigEndian(forged.AsSpan(5));
        var manifest = JsonNode.Parse(forged.AsSpan(9, room))!.AsObject();
        manifest[member] = JsonNode.Parse(json);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(manifest);
        byte[] head = [.. forged[..5], 0, 0, 0, 0, .. bytes];
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), bytes.Length);

        Refused([.. head, .. forged[(9 + room)..^68], .. System.Security.Cryptography.SHA256.HashData(head), .. keys.Mac(head), .. "SRBE"u8]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SRBK")]
    [InlineData("PK\u0003\u0004 some other file")]
    public void Other_files_are_no_backups(string content) => Refused(System.Text.Encoding.UTF8.GetBytes(content));

    [Fact]
    public void A_newer_form_is_named()
    {
        var newer = (byte[])whole.Clone();
        newer[4] = 2;

        Assert.Contains("format version 2", Refused(newer), StringComparison.Ordinal);
    }

    private byte[] Edited(int at)
    {
        var edited = (byte[])whole.Clone();
        edited[at] ^= 0x20;
        return edited;
    }

    private string Refused(byte[] bytes, bool withKeys = true)
    {
        var refused = Record.Exception(() => Read(bytes, withKeys));
        Assert.IsType<BackupException>(refused);
        return refused.Message;
    }

    private void Read(byte[] bytes, bool withKeys = true)
    {
        var copy = installed.Path_("copy.backup");
        File.WriteAllBytes(copy, bytes);
        using var backup = BackupFile.Open(copy);
        if (withKeys)
            backup.Authenticate(keys);
        backup.CheckSections(null, Ct);
    }

    /// <summary>Where header, manifest, each section and the trailer begin and end.</summary>
    private List<int> Boundaries()
    {
        var at = HeadBytes;
        var found = new List<int> { 0, 4, 5, 9, at };
        using var backup = BackupFile.Open(path);
        found.AddRange(backup.Manifest.Sections.Select(section => at += (int)section.Bytes));
        found.AddRange([at + 32, at + 64, whole.Length]);
        Assert.Equal(whole.Length - 68, at);
        Assert.Contains(backup.Manifest.Sections, section => section.Name == "sealed/credentials");
        Assert.Contains(backup.Manifest.Sections, section => section.Name == "audit/audit-00000001.jsonl");
        return found;
    }
}

/// <summary>One installation and a backup of it, for tests that change neither.</summary>
public sealed class OneBackup : IAsyncLifetime
{
    internal Installed Installed { get; private set; } = null!;

    internal BackupKeys Keys { get; private set; } = null!;

    public string File { get; private set; } = "";

    public byte[] Bytes { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        Installed = await Installed.StartAsync();
        File = await Installed.BackUpAsync("one.backup", "--with-audit");
        Bytes = await System.IO.File.ReadAllBytesAsync(File, TestContext.Current.CancellationToken);
        Keys = await Installed.OpenKeysAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Keys.Dispose();
        await Installed.DisposeAsync();
    }
}
