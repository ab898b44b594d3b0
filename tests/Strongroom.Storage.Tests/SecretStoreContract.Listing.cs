using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class SecretStoreContract
{
    public static TheoryData<SecretOrder, bool> Orders() => new(
        Enum.GetValues<SecretOrder>().SelectMany(order => new[] { (order, false), (order, true) }));

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Paging_meets_each_secret_once_in_order(SecretOrder order, bool descending)
    {
        // Names that other collations would put in another order, and dates that tie.
        string[] names = ["a", "B", "b", "A", "_", "a/b", "a-b", "ab", "aB", "Z", "0", "10", "9", "a+b", "a=b", "a@b", "a.b"];
        var secrets = names.Select((name, i) => Secret(name) with
        {
            CreatedAt = Time(i % 4),
            ChangedAt = Time(i * 7 % 5),
            AccessedOn = i % 3 == 0 ? null : new DateOnly(2024, 1, 1 + i % 4),
        }).ToArray();
        foreach (var secret in secrets)
            await Store.AddAsync(secret);

        await Store.AddAsync(Secret("b") with { Region = "eu-west-1" });
        await Store.AddAsync(Secret("b") with { Account = "444455556666" });

        var expected = secrets.OrderBy(s => SortKey(s, order)).ThenBy(s => s.Name, StringComparer.Ordinal).Select(s => s.Name);
        Assert.Equal(descending ? expected.Reverse() : expected, await PageAllAsync(order, descending, 3));
    }

    [Theory]
    [MemberData(nameof(Orders))]
    public async Task Paging_is_stable_while_secrets_come_and_go(SecretOrder order, bool descending)
    {
        for (var i = 0; i < 12; i++)
            await Store.AddAsync(Secret($"s{i:00}") with { CreatedAt = Time(i), ChangedAt = Time(i), AccessedOn = new DateOnly(2024, 1, 1 + i) });

        var seen = await PageAllAsync(order, descending, 4, async page =>
        {
            // One already seen goes away, and one arrives before every page so far.
            var gone = await Store.GetAsync(page[0].Name);
            await Store.ChangeAsync(new SecretChange { Before = gone, After = null });
            var early = descending ? $"t{page[0].Name}" : $"r{page[0].Name}";
            var ms = descending ? 1000 : -1000;
            await Store.AddAsync(Secret(early) with
            {
                CreatedAt = Time(ms), ChangedAt = Time(ms), AccessedOn = descending ? new DateOnly(2024, 3, 1) : null,
            });
        });

        var expected = Enumerable.Range(0, 12).Select(i => $"s{i:00}");
        Assert.Equal(descending ? expected.Reverse() : expected, seen);
    }

    [Fact]
    public async Task A_secret_marked_for_deletion_is_listed_on_request_only()
    {
        await Store.AddAsync(Secret("kept"));
        await Store.AddAsync(Secret("marked") with { PurgeAt = Time(5) });

        Assert.Equal(["kept"], (await Store.ListAsync(Query(SecretOrder.Name, false, null, 10), Ct)).Select(s => s.Name));
        Assert.Equal(["kept", "marked"],
            (await Store.ListAsync(Query(SecretOrder.Name, false, null, 10) with { IncludeMarkedForDeletion = true }, Ct)).Select(s => s.Name));
    }

    private static SecretQuery Query(SecretOrder order, bool descending, SecretPosition? after, int limit) =>
        new(Account, Region, order, descending, after, limit, IncludeMarkedForDeletion: false);

    /// <summary>The sort key as <see cref="SecretPosition"/> defines it, written from its words.</summary>
    internal static long SortKey(StoredSecret secret, SecretOrder order) => order switch
    {
        SecretOrder.CreatedDate => secret.CreatedAt.ToUnixTimeMilliseconds(),
        SecretOrder.LastChangedDate => secret.ChangedAt.ToUnixTimeMilliseconds(),
        SecretOrder.LastAccessedDate when secret.AccessedOn is { } day =>
            new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds(),
        _ => 0,
    };

    private async Task<List<string>> PageAllAsync(
        SecretOrder order, bool descending, int limit, Func<IReadOnlyList<StoredSecret>, Task>? betweenPages = null)
    {
        var seen = new List<string>();
        SecretPosition? after = null;
        while (await Store.ListAsync(Query(order, descending, after, limit), Ct) is { Count: > 0 } page)
        {
            Assert.True(page.Count <= limit);
            seen.AddRange(page.Select(s => s.Name));
            after = new SecretPosition(SortKey(page[^1], order), page[^1].Name);
            if (betweenPages is not null)
                await betweenPages(page);
        }

        return seen;
    }
}
