using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class ControlStoreContract
{
    [Fact]
    public async Task What_there_is_is_counted()
    {
        var (secrets, figures) = ((ISecretStore)store, (IStoreFigures)store);
        SecretRotation Rotation(bool enabled, long? next) => new() { Enabled = enabled, NextRotationAt = next is { } ms ? Time(ms) : null };
        StoredSecret With(string name, SecretRotation? rotation) => Secret(name) with { Document = new SecretDocument { Description = "\"rotation\":{\"enabled\":true", Rotation = rotation } };

        Assert.Equal(new StoreFigures(0, 0), await figures.CountAsync(Ct));
        Assert.Equal(new RotationFigures(0, 0), await figures.CountRotationsAsync(Time(0), Ct));

        await secrets.AddAsync(With("none", null));
        await secrets.AddAsync(With("off", Rotation(false, 5)));
        await secrets.AddAsync(With("overdue", Rotation(true, 5)));
        await secrets.AddAsync(With("due later", Rotation(true, 50)));
        await secrets.AddAsync(With("without a date", Rotation(true, null)));
        await secrets.AddAsync(With("deleted", Rotation(true, 5)) with { PurgeAt = Time(100) });
        await secrets.CommitAsync(new SecretCommit([], [Record(Guid.NewGuid()), Record(Guid.NewGuid())]), Ct);

        Assert.Equal(new StoreFigures(Outbox: 2, MarkedForDeletion: 1), await figures.CountAsync(Ct));
        Assert.Equal(new RotationFigures(Enabled: 3, Overdue: 1), await figures.CountRotationsAsync(Time(10), Ct));
        Assert.Equal(new RotationFigures(Enabled: 3, Overdue: 0), await figures.CountRotationsAsync(Time(5), Ct));
    }

    [Fact]
    public async Task A_watch_is_told_of_commits_and_of_those_that_failed()
    {
        var (secrets, figures) = ((ISecretStore)store, (IStoreFigures)store);
        var watch = new Watch();
        figures.CommitWatch = watch;

        await secrets.AddAsync(Secret("a"));
        Assert.Equal([(7, 1, true)], watch.Ends);
        Assert.Equal(0, figures.QueuedChanges);

        figures.CommitWatch = null;
        await secrets.AddAsync(Secret("b"));
        Assert.Single(watch.Ends);
    }

    private sealed class Watch : ICommitWatch
    {
        public List<(long Begun, int Changes, bool IsCommitted)> Ends { get; } = [];

        public long Begin() => 7;

        public void End(long begun, int changes, bool isCommitted) => Ends.Add((begun, changes, isCommitted));
    }
}
