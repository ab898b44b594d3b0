using System.Text;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class SecretStoreContract
{
    [Fact]
    public async Task A_version_comes_back_as_it_was_given()
    {
        var bytes = Enumerable.Range(0, 65_536).Select(i => (byte)(i % 251)).ToArray();
        var given = Version("v1", 5) with { Value = SealedValue.Parse(bytes), AccessedOn = new DateOnly(2024, 1, 1), KmsKeyId = "1234abcd" };
        var secret = await Store.AddAsync(Secret("a", Current("v1")), given);

        var found = await Store.FindVersionAsync(secret.Id, "v1", Ct);

        Assert.Equal((given.VersionId, given.CreatedAt, given.AccessedOn, given.KmsKeyId), (found!.VersionId, found.CreatedAt, found.AccessedOn, found.KmsKeyId));
        Assert.Equal(bytes, found.Value!.Bytes.ToArray());
        Assert.Equal(given.ContentMac!.Value.ToArray(), found.ContentMac!.Value.ToArray());
    }

    [Fact]
    public async Task A_version_is_found_by_its_exact_id_only()
    {
        var secret = await Store.AddAsync(Secret("a", Current("Version")), Version("Version"));

        Assert.Null(await Store.FindVersionAsync(secret.Id, "version", Ct));
        Assert.Null(await Store.FindVersionAsync(secret.Id + 1, "Version", Ct));
    }

    [Fact]
    public async Task A_placeholder_has_no_value_until_it_is_filled()
    {
        var placeholder = Version("v1") with { Value = null, ContentMac = null };
        var secret = await Store.AddAsync(Secret("a", new LabelledVersion("v1", ["AWSPENDING"], HasValue: false)), placeholder);
        var empty = await Store.FindVersionAsync(secret.Id, "v1", Ct);
        Assert.Null(empty!.Value);
        Assert.Null(empty.ContentMac);

        await Store.ChangeAsync(new SecretChange { Before = secret, After = secret, Versions = [Version("v1", value: "filled")] });

        var filled = await Store.FindVersionAsync(secret.Id, "v1", Ct);
        Assert.Equal("filled", Encoding.UTF8.GetString(filled!.Value!.Bytes.Span));
        Assert.Equal("mac of filled", Encoding.UTF8.GetString(filled.ContentMac!.Value.Span));
    }

    [Fact]
    public async Task Versions_are_listed_oldest_first_then_by_id_and_page()
    {
        var secret = await Store.AddAsync(Secret("a", Current("c")), Version("c", 2), Version("b", 1), Version("a", 2), Version("B", 2), Version("d", 3));

        var seen = new List<string>();
        VersionPosition? after = null;
        while (await Store.ListVersionsAsync(secret.Id, true, after, 2, Ct) is { Count: > 0 } page)
        {
            Assert.True(page.Count <= 2);
            seen.AddRange(page.Select(v => v.VersionId));
            after = new VersionPosition(page[^1].CreatedAt, page[^1].VersionId);
        }

        Assert.Equal(["b", "B", "a", "c", "d"], seen);
    }

    [Fact]
    public async Task The_labelled_versions_follow_the_document()
    {
        var secret = await Store.AddAsync(Secret("a", Current("v1")), Version("v1", 1), Version("v0", 0));
        Assert.Equal(["v1"], await Store.VersionIdsAsync(secret.Id, includeUnlabelled: false));

        // v1 loses its label, the old v0 gets one back, v2 arrives with one and v3 without.
        var moved = secret with { Document = new SecretDocument { Versions = [Current("v2"), new("v0", ["AWSPREVIOUS"])] } };
        await Store.ChangeAsync(new SecretChange { Before = secret, After = moved, Versions = [Version("v2", 2), Version("v3", 3)] });

        Assert.Equal(["v0", "v2"], await Store.VersionIdsAsync(secret.Id, includeUnlabelled: false));
        Assert.Equal(["v0", "v1", "v2", "v3"], await Store.VersionIdsAsync(secret.Id));
    }

    [Fact]
    public async Task A_version_can_be_removed_at_once()
    {
        var secret = await Store.AddAsync(Secret("a", Current("v1"), new("t", ["AWSPENDING"])), Version("v1"), Version("t"));

        var after = secret with { Document = new SecretDocument { Versions = [Current("v1")] } };
        await Store.ChangeAsync(new SecretChange { Before = secret, After = after, RemovedVersionIds = ["t"] });

        Assert.Equal(["v1"], await Store.VersionIdsAsync(secret.Id));
    }

    [Theory]
    [InlineData(100, 3, new[] { "v3", "v4", "v5" })]                  // all are old: the three newest stay
    [InlineData(2, 3, new[] { "v2", "v3", "v4", "v5" })]              // v2 is as old as the cut-off, not older: it stays
    [InlineData(0, 0, new[] { "v0", "v1", "v2", "v3", "v4", "v5" })]  // none is old
    [InlineData(100, 0, new string[0])]
    [InlineData(100, 6, new[] { "v0", "v1", "v2", "v3", "v4", "v5" })]
    public async Task Pruning_keeps_the_newest_and_all_that_are_young(long cutOffMs, int keep, string[] left)
    {
        var unlabelled = Enumerable.Range(0, 6).Select(i => Version($"v{i}", i));
        var secret = await Store.AddAsync(Secret("a", Current("labelled")), [Version("labelled", -50), .. unlabelled]);

        await Store.ChangeAsync(new SecretChange { Before = secret, After = secret, PruneCreatedBefore = Time(cutOffMs), KeepUnlabelled = keep });

        string[] expected = ["labelled", .. left];
        Assert.Equal(expected, await Store.VersionIdsAsync(secret.Id));
    }

    [Fact]
    public async Task Pruning_leaves_other_secrets_alone()
    {
        var other = await Store.AddAsync(Secret("other"), Version("v", 0));
        var secret = await Store.AddAsync(Secret("a"), Version("v", 0));

        await Store.ChangeAsync(new SecretChange { Before = secret, After = secret, PruneCreatedBefore = Time(100), KeepUnlabelled = 0 });

        Assert.Empty(await Store.VersionIdsAsync(secret.Id));
        Assert.Equal(["v"], await Store.VersionIdsAsync(other.Id));
    }

    [Fact]
    public async Task A_version_that_loses_its_label_in_the_same_commit_is_pruned_with_it()
    {
        var secret = await Store.AddAsync(Secret("a", Current("v1")), Version("v1", 0));

        var after = secret with { Document = new SecretDocument { Versions = [Current("v2")] } };
        await Store.ChangeAsync(new SecretChange
        {
            Before = secret, After = after, Versions = [Version("v2", 200)], PruneCreatedBefore = Time(100), KeepUnlabelled = 0,
        });

        Assert.Equal(["v2"], await Store.VersionIdsAsync(secret.Id));
    }
}
