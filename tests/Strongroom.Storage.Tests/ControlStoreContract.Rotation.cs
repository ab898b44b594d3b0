using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class ControlStoreContract
{
    private IRotationStore Rotations => (IRotationStore)store;

    [Fact]
    public async Task Secrets_are_due_for_rotation_from_their_time_on_the_longest_due_first()
    {
        await Secrets.AddAsync(Rotating("late", Time(30)));
        var early = await Secrets.AddAsync(Rotating("early", Time(10)));
        await Secrets.AddAsync(Secret("never"));
        await Secrets.AddAsync(Rotating("marked", Time(5)) with { PurgeAt = Time(1000) });

        Assert.Empty(await Rotations.ListDueForRotationAsync(Time(9), 10, Ct));
        Assert.Equal(["early", "late"], (await Rotations.ListDueForRotationAsync(Time(30), 10, Ct)).Select(s => s.Name));
        Assert.Equal(new DueSecret(early.Id, early.Account, early.Region, "early", Time(10)), Assert.Single(await Rotations.ListDueForRotationAsync(Time(30), 1, Ct)));
    }

    [Fact]
    public async Task A_claim_keeps_others_away_until_it_ends()
    {
        var secret = await Secrets.AddAsync(Rotating("s", Time(10)));

        Assert.True(await Rotations.TryClaimRotationAsync(secret.Id, Time(10), Time(40), Ct));
        Assert.False(await Rotations.TryClaimRotationAsync(secret.Id, Time(10), Time(41), Ct));
        Assert.Empty(await Rotations.ListDueForRotationAsync(Time(39), 10, Ct));
        Assert.Equal(Time(40), Assert.Single(await Rotations.ListDueForRotationAsync(Time(40), 10, Ct)).RotateAt);
        Assert.True(await Rotations.TryClaimRotationAsync(secret.Id, Time(40), Time(70), Ct));
    }

    [Fact]
    public async Task A_commit_leaves_a_claim_alone_unless_it_changes_the_due_time()
    {
        var secret = await Secrets.AddAsync(Rotating("s", Time(10)));
        await Rotations.TryClaimRotationAsync(secret.Id, Time(10), Time(40), Ct);

        var described = secret with { Document = secret.Document with { Description = "by somebody" } };
        await Secrets.CommitAsync(Commit(new SecretChange { Before = secret, After = described }), Ct);
        Assert.Empty(await Rotations.ListDueForRotationAsync(Time(39), 10, Ct));

        var before = (await Secrets.FindAsync(secret.Account, secret.Region, "s", Ct))!;
        await Secrets.CommitAsync(Commit(new SecretChange { Before = before, After = before with { Document = Rotating("s", Time(20)).Document } }), Ct);
        Assert.Equal(Time(20), Assert.Single(await Rotations.ListDueForRotationAsync(Time(39), 10, Ct)).RotateAt);

        before = (await Secrets.FindAsync(secret.Account, secret.Region, "s", Ct))!;
        await Secrets.CommitAsync(Commit(new SecretChange { Before = before, After = before with { Document = before.Document with { Rotation = null } } }), Ct);
        Assert.Empty(await Rotations.ListDueForRotationAsync(Time(1000), 10, Ct));
    }

    [Fact]
    public async Task Of_many_who_claim_at_once_one_has_it()
    {
        var secret = await Secrets.AddAsync(Rotating("s", Time(10)));

        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () => await Rotations.TryClaimRotationAsync(secret.Id, Time(10), Time(40 + i), Ct))));

        Assert.Single(claims, true);
    }

    [Fact]
    public async Task A_server_that_starts_ends_the_claims_of_the_one_before()
    {
        var secret = await Secrets.AddAsync(Rotating("s", Time(10)));
        await Secrets.AddAsync(Rotating("later", Time(100)));
        await Rotations.TryClaimRotationAsync(secret.Id, Time(10), Time(40), Ct);

        await Rotations.ReleaseRotationClaimsAsync(Time(12), Time(40) - Time(12), Ct);

        Assert.Equal("s", Assert.Single(await Rotations.ListDueForRotationAsync(Time(12), 10, Ct)).Name);
        Assert.False(await Rotations.TryClaimRotationAsync(secret.Id, Time(40), Time(70), Ct));
    }

    [Fact]
    public async Task Steps_are_kept_with_their_commit_the_newest_first_and_not_for_ever()
    {
        var (secret, other) = (await Secrets.AddAsync(Secret("s")), await Secrets.AddAsync(Secret("other")));
        var failed = new RotationStepRecord(secret.Id, "v2", true, 2, "setSecret", Time(3), TimeSpan.FromMilliseconds(1500), "no", [1, 2, 3]);
        await Secrets.CommitAsync(Commit() with { RotationSteps = [Step(secret.Id, "v2", "createSecret")] }, Ct);
        await Secrets.CommitAsync(Commit() with { RotationSteps = [failed, Step(other.Id, "v9", "createSecret")] }, Ct);

        var steps = await Rotations.ListRotationStepsAsync(secret.Id, long.MaxValue, 10, withOutput: true, Ct);
        Assert.Equal(["setSecret", "createSecret"], steps.Select(s => s.Step));
        Assert.Equal(failed with { Id = steps[0].Id, Output = steps[0].Output }, steps[0]);
        Assert.Equal([1, 2, 3], steps[0].Output!);
        Assert.Null(steps[1].Error);
        Assert.Equal(["createSecret"], (await Rotations.ListRotationStepsAsync(secret.Id, steps[0].Id, 10, withOutput: false, Ct)).Select(s => s.Step));
        Assert.Null((await Rotations.ListRotationStepsAsync(secret.Id, long.MaxValue, 1, withOutput: false, Ct))[0].Output);

        for (var i = 0; i < 210; i++)
            await Secrets.CommitAsync(Commit() with { RotationSteps = [Step(secret.Id, $"v{i}", "testSecret")] }, Ct);
        Assert.Equal(200, (await Rotations.ListRotationStepsAsync(secret.Id, long.MaxValue, 1000, withOutput: false, Ct)).Count);
        Assert.Single(await Rotations.ListRotationStepsAsync(other.Id, long.MaxValue, 1000, withOutput: false, Ct));
    }

    private static RotationStepRecord Step(long secret, string version, string step) => new(secret, version, false, 1, step, Time(0), TimeSpan.Zero, null, null);

    private static StoredSecret Rotating(string name, DateTimeOffset due) =>
        Secret(name) is var secret ? secret with { Document = secret.Document with { Rotation = new SecretRotation { Enabled = true, DueAt = due } } } : null!;
}
