using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

/// <summary>What every secret store does. One subclass for each store; the model is held to the same text.</summary>
public abstract partial class SecretStoreContract : IAsyncLifetime
{
    private protected ISecretStore Store { get; private set; } = null!;

    private protected IAuditOutbox Outbox => (IAuditOutbox)Store;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        if (Store is IAsyncDisposable store)
            await store.DisposeAsync();

        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_secret_comes_back_as_it_was_given()
    {
        var given = Secret("app/db") with
        {
            CreatedAt = Time(1),
            ChangedAt = Time(2),
            AccessedOn = new DateOnly(2024, 2, 29),
            PurgeAt = Time(3),
            Document = new SecretDocument
            {
                Description = "naïve \"quotes\" <b> \u0000 \n 密 🗝",
                KmsKeyId = "alias/team",
                Type = "t",
                OwningService = "o",
                Tags = [new("k2", "v"), new("k1", "")],
                ResourcePolicy = """{"Version":"2012-10-17"}""",
                Rotation = new SecretRotation
                {
                    Enabled = true,
                    LambdaArn = "arn:aws:lambda:us-east-1:111122223333:function:f",
                    AutomaticallyAfterDays = 30,
                    ScheduleExpression = "rate(30 days)",
                    Duration = "3h",
                    LastRotatedAt = Time(4),
                    NextRotationAt = Time(5),
                    ExternalRoleArn = "r",
                    ExternalMetadata = [new("a", "b")],
                },
                PrimaryRegion = Region,
                Replicas = [new("eu-west-1", null, "InSync", null)],
                Versions = [new("v1", ["AWSCURRENT", "blue"]), new("v2", ["AWSPENDING"], HasValue: false)],
            },
        };

        var found = await Store.AddAsync(given);

        Assert.True(found.Id > 0);
        Assert.Equivalent(given with { Id = found.Id, Revision = found.Revision }, found, strict: true);
    }

    [Fact]
    public async Task Tags_that_were_never_set_differ_from_tags_that_were_all_removed()
    {
        await Store.AddAsync(Secret("never"));
        await Store.AddAsync(Secret("removed") with { Document = new SecretDocument { Tags = [] } });

        Assert.Null((await Store.GetAsync("never")).Document.Tags);
        Assert.Empty((await Store.GetAsync("removed")).Document.Tags!);
    }

    [Fact]
    public async Task A_secret_is_found_by_account_region_and_exact_name_only()
    {
        await Store.AddAsync(Secret("App"));

        Assert.Null(await Store.FindAsync(Account, Region, "app", Ct));
        Assert.Null(await Store.FindAsync(Account, "eu-west-1", "App", Ct));
        Assert.Null(await Store.FindAsync("444455556666", Region, "App", Ct));
        Assert.NotNull(await Store.FindAsync(Account, Region, "App", Ct));
    }

    [Fact]
    public async Task The_same_name_may_exist_in_each_region_and_account()
    {
        var here = await Store.AddAsync(Secret("a"));
        var there = await Store.AddAsync(Secret("a") with { Region = "eu-west-1" });
        var elsewhere = await Store.AddAsync(Secret("a") with { Account = "444455556666" });

        Assert.Equal(3, new[] { here.Id, there.Id, elsewhere.Id }.Distinct().Count());
    }

    [Fact]
    public async Task A_secret_whose_name_is_taken_is_stale()
    {
        var first = await Store.AddAsync(Secret("a"));

        Assert.Equal(CommitResult.Stale, await Store.ChangeAsync(new SecretChange { After = Secret("a") with { Suffix = "Zz9zZz" } }));
        Assert.Equivalent(first, await Store.GetAsync("a"), strict: true);
    }

    [Fact]
    public async Task A_change_adds_one_to_the_revision_whatever_the_caller_wrote_there()
    {
        var first = await Store.AddAsync(Secret("a"));

        await Store.ChangeAsync(new SecretChange { Before = first, After = first with { Revision = 77, ChangedAt = Time(9), PurgeAt = Time(10) } });

        var second = await Store.GetAsync("a");
        Assert.Equal((first.Revision + 1, Time(9), (DateTimeOffset?)Time(10)), (second.Revision, second.ChangedAt, second.PurgeAt));
    }

    [Fact]
    public async Task A_change_from_an_old_revision_is_stale()
    {
        var first = await Store.AddAsync(Secret("a"));
        await Store.ChangeAsync(new SecretChange { Before = first, After = first });

        Assert.Equal(CommitResult.Stale, await Store.ChangeAsync(new SecretChange { Before = first, After = first with { ChangedAt = Time(5) } }));
        Assert.Equal(CommitResult.Stale, await Store.ChangeAsync(new SecretChange { Before = first, After = null }));
        Assert.Equal(Time(0), (await Store.GetAsync("a")).ChangedAt);
    }

    [Fact]
    public async Task Removing_a_secret_removes_its_versions()
    {
        var secret = await Store.AddAsync(Secret("a", Current("v1")), Version("v1"));

        Assert.Equal(CommitResult.Committed, await Store.ChangeAsync(new SecretChange { Before = secret, After = null }));

        Assert.Null(await Store.FindAsync(Account, Region, "a", Ct));
        Assert.Null(await Store.FindVersionAsync(secret.Id, "v1", Ct));
    }

    [Fact]
    public async Task A_removed_secret_can_not_be_changed()
    {
        var secret = await Store.AddAsync(Secret("a"));
        await Store.ChangeAsync(new SecretChange { Before = secret, After = null });

        Assert.Equal(CommitResult.Stale, await Store.ChangeAsync(new SecretChange { Before = secret, After = secret }));
    }

    [Fact]
    public async Task An_id_is_never_used_again()
    {
        var first = await Store.AddAsync(Secret("a"));
        await Store.ChangeAsync(new SecretChange { Before = first, After = null });

        var second = await Store.AddAsync(Secret("a"));

        Assert.True(second.Id > first.Id);
    }

    [Fact]
    public async Task One_stale_change_undoes_the_whole_commit_and_its_records()
    {
        var primary = await Store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        var stale = await Store.AddAsync(Secret("b"));
        await Store.ChangeAsync(new SecretChange { Before = stale, After = stale });

        var result = await Store.CommitAsync(new SecretCommit(
            [
                new SecretChange { After = Secret("new", Current("n1")), Versions = [Version("n1")] },
                new SecretChange { Before = primary, After = primary with { ChangedAt = Time(5) }, Versions = [Version("v2")] },
                new SecretChange { Before = stale, After = stale },
            ],
            [Record(Guid.NewGuid())]), Ct);

        Assert.Equal(CommitResult.Stale, result);
        Assert.Null(await Store.FindAsync(Account, Region, "new", Ct));
        Assert.Equivalent(primary, await Store.GetAsync("a"), strict: true);
        Assert.Null(await Store.FindVersionAsync(primary.Id, "v2", Ct));
        Assert.Empty(await Outbox.ListAsync(Ct));
    }

    [Fact]
    public async Task A_secret_keeps_its_place_and_its_birth()
    {
        var secret = await Store.AddAsync(Secret("a"));

        foreach (var moved in new[] { secret with { Name = "b" }, secret with { Region = "eu-west-1" }, secret with { Suffix = "Zz9zZz" } })
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Store.ChangeAsync(new SecretChange { Before = secret, After = moved }));
        }
    }

    [Fact]
    public async Task Of_64_changes_from_one_revision_exactly_one_wins()
    {
        var secret = await Store.AddAsync(Secret("a"));
        for (var round = 0; round < 5; round++)
        {
            var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() =>
                Store.ChangeAsync(new SecretChange { Before = secret, After = secret, Versions = [Version($"v{round}-{i}")] }), Ct)));

            Assert.Single(results, CommitResult.Committed);
            Assert.Equal(round + 1, (await Store.VersionIdsAsync(secret.Id)).Length);
            secret = await Store.GetAsync("a");
        }
    }

    [Fact]
    public async Task Of_64_inserts_of_one_name_exactly_one_wins()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() =>
            Store.ChangeAsync(new SecretChange { After = Secret("a") }), Ct)));

        Assert.Single(results, CommitResult.Committed);
    }

    [Fact]
    public async Task Concurrent_changes_of_two_secrets_in_opposite_order_all_end()
    {
        await Store.AddAsync(Secret("a"));
        await Store.AddAsync(Secret("b"));

        var wins = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var won = 0;
            for (var n = 0; n < 10; n++)
            {
                var changes = new[] { await Store.GetAsync("a"), await Store.GetAsync("b") }.Select(s => new SecretChange { Before = s, After = s });
                won += await Store.CommitAsync(Commit([.. i % 2 == 0 ? changes : changes.Reverse()]), Ct) == CommitResult.Committed ? 1 : 0;
            }

            return won;
        }, Ct)));

        Assert.Equal(1 + wins.Sum(), (await Store.GetAsync("a")).Revision);
        Assert.Equal(1 + wins.Sum(), (await Store.GetAsync("b")).Revision);
    }

    [Fact]
    public async Task A_touch_moves_the_day_forward_only_and_changes_no_revision()
    {
        var secret = await Store.AddAsync(Secret("a", Current("v1")), Version("v1"), Version("v2"));

        await Store.TouchAsync(secret.Id, "v1", new DateOnly(2024, 5, 2), Ct);
        await Store.TouchAsync(secret.Id, "v1", new DateOnly(2024, 5, 1), Ct);

        var touched = await Store.GetAsync("a");
        Assert.Equal((new DateOnly(2024, 5, 2), secret.Revision), (touched.AccessedOn, touched.Revision));
        Assert.Equal(new DateOnly(2024, 5, 2), (await Store.FindVersionAsync(secret.Id, "v1", Ct))!.AccessedOn);
        Assert.Null((await Store.FindVersionAsync(secret.Id, "v2", Ct))!.AccessedOn);
    }

    [Fact]
    public async Task A_change_computed_before_a_touch_does_not_undo_it()
    {
        var secret = await Store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        await Store.TouchAsync(secret.Id, "v1", new DateOnly(2024, 5, 2), Ct);

        await Store.ChangeAsync(new SecretChange { Before = secret, After = secret, Versions = [Version("v1", value: "sealed anew")] });

        Assert.Equal(new DateOnly(2024, 5, 2), (await Store.GetAsync("a")).AccessedOn);
        Assert.Equal(new DateOnly(2024, 5, 2), (await Store.FindVersionAsync(secret.Id, "v1", Ct))!.AccessedOn);
    }

    [Fact]
    public async Task Secrets_are_purgeable_from_their_purge_time_on_oldest_first_everywhere()
    {
        await Store.AddAsync(Secret("later") with { PurgeAt = Time(20) });
        await Store.AddAsync(Secret("now") with { PurgeAt = Time(10), Region = "eu-west-1" });
        await Store.AddAsync(Secret("past") with { PurgeAt = Time(5), Account = "444455556666" });
        await Store.AddAsync(Secret("kept"));

        var due = await Store.ListPurgeableAsync(Time(10), null, 10, Ct);
        Assert.Equal(["past", "now"], due.Select(s => s.Name));
        Assert.Equal(["past"], (await Store.ListPurgeableAsync(Time(10), null, 1, Ct)).Select(s => s.Name));
        Assert.Equal(["now"], (await Store.ListPurgeableAsync(Time(10), new PurgePosition(Time(5), due[0].Id), 10, Ct)).Select(s => s.Name));
        Assert.Empty(await Store.ListPurgeableAsync(Time(10), new PurgePosition(Time(10), due[1].Id), 10, Ct));
    }

    [Fact]
    public async Task Overdue_rotations_are_listed_by_id_everywhere_and_nothing_else()
    {
        StoredSecret With(string name, SecretRotation? rotation) => Secret(name) with { Document = new SecretDocument { Description = "\"rotation\":{\"enabled\":true", Rotation = rotation } };
        var first = await Store.AddAsync(With("first", new SecretRotation { Enabled = true, NextRotationAt = Time(5) }));
        await Store.AddAsync(With("second", new SecretRotation { Enabled = true, NextRotationAt = Time(9) }) with { Account = "444455556666", Region = "eu-west-1" });
        await Store.AddAsync(With("in time", new SecretRotation { Enabled = true, NextRotationAt = Time(10) }));
        await Store.AddAsync(With("without a date", new SecretRotation { Enabled = true }));
        await Store.AddAsync(With("off", new SecretRotation { NextRotationAt = Time(5) }));
        await Store.AddAsync(With("never on", null));
        await Store.AddAsync(With("deleted", new SecretRotation { Enabled = true, NextRotationAt = Time(5) }) with { PurgeAt = Time(100) });

        Assert.Equal(["first", "second"], (await Store.ListOverdueAsync(Time(10), 0, 10, Ct)).Select(s => s.Name));
        Assert.Equal(["first"], (await Store.ListOverdueAsync(Time(10), 0, 1, Ct)).Select(s => s.Name));
        Assert.Equal(["second"], (await Store.ListOverdueAsync(Time(10), first.Id, 10, Ct)).Select(s => s.Name));
        Assert.Empty(await Store.ListOverdueAsync(Time(5), 0, 10, Ct));
    }

    [Fact]
    public async Task Primaries_whose_replica_waits_for_its_key_are_listed_until_none_does()
    {
        ReplicaStatus waiting = new("eu-west-1", "k", "Failed", "why") { FailedByKey = true, AwaitedKey = "11111111-1111-4111-8111-111111111111" };
        var first = await Store.AddAsync(Lagging("first", waiting));
        var second = await Store.AddAsync(Lagging("second", waiting with { AwaitedKey = null }, waiting with { Region = "eu-west-2" }) with { Account = "444455556666" });
        await Store.AddAsync(Lagging("denied", waiting with { AwaitedKey = null }));
        await Store.AddAsync(Secret("plain"));

        Assert.Equal(["first", "second"], (await Store.ListLaggingAsync(0, 10, Ct)).Select(s => s.Name));
        Assert.Equal(["first"], (await Store.ListLaggingAsync(0, 1, Ct)).Select(s => s.Name));
        Assert.Equal(["second"], (await Store.ListLaggingAsync(first.Id, 10, Ct)).Select(s => s.Name));
        Assert.Equal(waiting, (await Store.GetAsync("first")).Document.Replicas!.Single());

        await Store.ChangeAsync(new SecretChange { Before = first, After = Lagging(first, new ReplicaStatus("eu-west-1", "k", "InSync", null)) });
        await Store.ChangeAsync(new SecretChange { Before = second });
        Assert.Empty(await Store.ListLaggingAsync(0, 10, Ct));

        static StoredSecret Lagging(object secret, params ReplicaStatus[] replicas)
        {
            var primary = secret as StoredSecret ?? Secret((string)secret);
            return primary with { Document = primary.Document with { Replicas = replicas } };
        }
    }

    private protected abstract Task<ISecretStore> OpenAsync();

    private protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;
}
