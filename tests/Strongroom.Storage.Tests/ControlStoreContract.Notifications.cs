using System.Text;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class ControlStoreContract
{
    private INotificationStore Notifications => (INotificationStore)store;

    private ISecretStore Secrets => (ISecretStore)store;

    [Fact]
    public async Task Notifications_are_committed_with_their_change_and_due_at_once()
    {
        var first = Notification("ops", 0);
        await Secrets.CommitAsync(Commit(new SecretChange { After = Secret("a") }) with { Notifications = [first, Notification("audit", 0)] }, Ct);
        await Secrets.CommitAsync(Commit() with { Notifications = [Notification("ops", 5)] }, Ct);

        Assert.Empty(await Notifications.ListDueNotificationsAsync("ops", Time(-1), 10, Ct));
        var due = await Notifications.ListDueNotificationsAsync("ops", Time(5), 10, Ct);
        Assert.Equal([Time(0), Time(5)], due.Select(n => n.CreatedAt));
        Assert.Equal((first.EventId, "ops", "Secret Created", "{}", 0, false), (due[0].EventId, due[0].Destination, due[0].DetailType, Encoding.UTF8.GetString(due[0].Json.Span), due[0].Attempts, due[0].IsDead));
        Assert.Null(due[0].Reason);
        Assert.Single(await Notifications.ListDueNotificationsAsync("ops", Time(5), 1, Ct));
        Assert.Equal([("audit", 1L, 0L, Time(0)), ("ops", 2L, 0L, Time(0))], (await Notifications.CountNotificationsAsync(Ct)).Select(c => (c.Destination, c.Waiting, c.Dead, c.OldestWaiting!.Value)));
    }

    [Fact]
    public async Task A_stale_commit_leaves_no_notification()
    {
        var secret = await Secrets.AddAsync(Secret("a"));
        var change = Commit(new SecretChange { Before = secret with { Revision = 9 }, After = secret }) with { Notifications = [Notification("ops", 0)] };

        Assert.Equal(CommitResult.Stale, await Secrets.CommitAsync(change, Ct));
        Assert.Empty(await Notifications.CountNotificationsAsync(Ct));
    }

    [Fact]
    public async Task Notifications_are_postponed_given_up_tried_again_and_removed()
    {
        await Secrets.CommitAsync(Commit() with { Notifications = [Notification("ops", 0), Notification("ops", 0), Notification("ops", 0)] }, Ct);
        var ids = (await Notifications.ListDueNotificationsAsync("ops", Time(0), 10, Ct)).Select(n => n.Id).ToList();
        await Notifications.PostponeNotificationAsync(ids[0], 3, Time(100), "it answered 500", Ct);
        await Notifications.PostponeNotificationAsync(ids[1], 96, null, "it answered 404", Ct);
        await Notifications.RemoveNotificationsAsync([ids[2], 1234], Ct);

        Assert.Empty(await Notifications.ListDueNotificationsAsync("ops", Time(99), 10, Ct));
        var waiting = Assert.Single(await Notifications.ListDueNotificationsAsync("ops", Time(100), 10, Ct));
        Assert.Equal((ids[0], 3, Time(100), "it answered 500"), (waiting.Id, waiting.Attempts, waiting.NextAt, waiting.Reason));
        var dead = Assert.Single(await Notifications.ListNotificationsAsync(null, true, 0, 10, Ct));
        Assert.Equal((ids[1], 96, true, "it answered 404"), (dead.Id, dead.Attempts, dead.IsDead, dead.Reason));
        Assert.Equal([ids[0], ids[1]], (await Notifications.ListNotificationsAsync("ops", null, 0, 10, Ct)).Select(n => n.Id));
        Assert.Equal([ids[1]], (await Notifications.ListNotificationsAsync("ops", null, ids[0], 10, Ct)).Select(n => n.Id));
        Assert.Empty(await Notifications.ListNotificationsAsync("other", null, 0, 10, Ct));

        await Secrets.CommitAsync(Commit() with { NotificationChange = new NotificationChange([ids[1]], [ids[0]], Time(200)) }, Ct);

        var again = Assert.Single(await Notifications.ListDueNotificationsAsync("ops", Time(200), 10, Ct));
        Assert.Equal((ids[1], 0, false), (again.Id, again.Attempts, again.IsDead));
        Assert.Equal([("ops", 1L, 0L)], (await Notifications.CountNotificationsAsync(Ct)).Select(c => (c.Destination, c.Waiting, c.Dead)));
    }

    [Fact]
    public async Task A_setting_stands_or_falls_with_its_commit_and_must_be_as_it_was_read()
    {
        SecretCommit With(byte[]? expected, string value, params SecretChange[] changes) =>
            Commit(changes) with { Notifications = [Notification("ops", 0)], Setting = new SettingChange("announced", expected, Encoding.UTF8.GetBytes(value)) };

        Assert.Equal(CommitResult.Stale, await Secrets.CommitAsync(With("30"u8.ToArray(), "7"), Ct));
        Assert.Equal(CommitResult.Committed, await Secrets.CommitAsync(With(null, "30"), Ct));
        Assert.Equal(CommitResult.Stale, await Secrets.CommitAsync(With(null, "30"), Ct));
        Assert.Equal(CommitResult.Stale, await Secrets.CommitAsync(With("7"u8.ToArray(), "1"), Ct));
        Assert.Equal(CommitResult.Committed, await Secrets.CommitAsync(With("30"u8.ToArray(), "7"), Ct));
        var secret = await Secrets.AddAsync(Secret("a"));
        Assert.Equal(CommitResult.Stale, await Secrets.CommitAsync(With("7"u8.ToArray(), "1", new SecretChange { Before = secret with { Revision = 9 }, After = secret }), Ct));

        Assert.Equal("7", Encoding.UTF8.GetString((await store.FindSettingAsync("announced", Ct))!));
        Assert.Equal(2, Assert.Single(await Notifications.CountNotificationsAsync(Ct)).Waiting);
    }

    [Fact]
    public async Task Surplus_are_the_oldest_of_a_destination_s_that_were_given_up()
    {
        await Secrets.CommitAsync(Commit() with { Notifications = [.. Enumerable.Range(0, 5).Select(_ => Notification("ops", 0)), Notification("other", 0), Notification("ops", 0)] }, Ct);
        var ids = (await Notifications.ListDueNotificationsAsync("ops", Time(0), 10, Ct)).Select(n => n.Id).ToList();
        var other = (await Notifications.ListDueNotificationsAsync("other", Time(0), 10, Ct)).Single().Id;
        // The last and the first of ops still wait.
        foreach (var id in (long[])[ids[4], ids[1], other, ids[3], ids[2]])
            await Notifications.PostponeNotificationAsync(id, 96, null, "it answered 404", Ct);

        Assert.Equal([ids[1], ids[2]], await Notifications.ListSurplusAsync("ops", 2, 10, Ct));
        Assert.Equal([ids[1]], await Notifications.ListSurplusAsync("ops", 2, 1, Ct));
        Assert.Equal([ids[1]], await Notifications.ListSurplusAsync("ops", 3, 10, Ct));
        Assert.Empty(await Notifications.ListSurplusAsync("ops", 4, 10, Ct));
        Assert.Empty(await Notifications.ListSurplusAsync("other", 1, 10, Ct));
        Assert.Empty(await Notifications.ListSurplusAsync("nobody", 1, 10, Ct));
    }

    private static NewNotification Notification(string destination, long createdMs) =>
        new(Guid.NewGuid(), destination, "Secret Created", "{}"u8.ToArray(), Time(createdMs));
}
