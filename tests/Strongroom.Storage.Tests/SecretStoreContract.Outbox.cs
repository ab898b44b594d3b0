using System.Text;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class SecretStoreContract
{
    [Fact]
    public async Task Records_wait_in_the_outbox_in_order_until_they_are_removed()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToArray();
        await Store.CommitAsync(new SecretCommit([new SecretChange { After = Secret("a") }], [Record(ids[0]), Record(ids[1])]), Ct);
        await Store.CommitAsync(new SecretCommit([], [Record(ids[2])]), Ct);
        await Store.CommitAsync(new SecretCommit([new SecretChange { After = Secret("b") }], [Record(ids[3]), Record(ids[4])]), Ct);

        Assert.Equal(ids, (await Outbox.ListAsync(Ct)).Select(r => r.EventId));

        await Outbox.RemoveAsync([ids[1], ids[3], Guid.NewGuid()], Ct);
        var left = await Outbox.ListAsync(Ct);

        Assert.Equal([ids[0], ids[2], ids[4]], left.Select(r => r.EventId));
        Assert.Equal($$"""{"eventID":"{{ids[0]}}"}""", Encoding.UTF8.GetString(left[0].Json.Span));
    }

    [Fact]
    public async Task Removals_that_travel_with_a_stale_commit_are_not_forgotten()
    {
        var secret = await Store.AddAsync(Secret("a"));
        var id = Guid.NewGuid();
        await Store.CommitAsync(new SecretCommit([new SecretChange { Before = secret, After = secret }], [Record(id)]), Ct);
        await Outbox.RemoveAsync([id], Ct);

        Assert.Equal(CommitResult.Stale, await Store.ChangeAsync(new SecretChange { Before = secret, After = secret }));

        Assert.Empty(await Outbox.ListAsync(Ct));
    }

    [Fact]
    public async Task A_record_of_a_failing_commit_takes_its_changes_with_it_and_no_other_commit()
    {
        var id = Guid.NewGuid();
        await Store.CommitAsync(new SecretCommit([], [Record(id)]), Ct);

        // The same event twice is a bug of the caller; its commit must fail whole while others go through.
        var bad = Task.Run(() => Store.CommitAsync(new SecretCommit([new SecretChange { After = Secret("bad") }], [Record(id)]), Ct).AsTask(), Ct);
        var good = Enumerable.Range(0, 20).Select(i => Task.Run(() => Store.ChangeAsync(new SecretChange { After = Secret($"good{i}") }), Ct)).ToArray();

        await Assert.ThrowsAnyAsync<Exception>(() => bad);
        Assert.All(await Task.WhenAll(good), result => Assert.Equal(CommitResult.Committed, result));
        Assert.Null(await Store.FindAsync(Account, Region, "bad", Ct));
    }
}
