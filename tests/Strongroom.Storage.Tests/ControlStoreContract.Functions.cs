using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

public abstract partial class ControlStoreContract
{
    private IFunctionStore Functions => (IFunctionStore)store;

    [Fact]
    public async Task Code_comes_back_as_it_was_given_and_goes_with_its_removal()
    {
        await store.InitializeAsync(Seed(Account), Ct);
        var bytes = new byte[3 << 20];
        bytes[^1] = 7;

        Assert.Equal(CommitResult.Committed, await CommitCodeAsync(0, Code("f", "first", bytes), Code("g", "other", [1])));
        var found = await Functions.FindFunctionCodeAsync(Account, Region, "f", Ct);
        Assert.Equal((Account, Region, "f", "first"), (found!.Account, found.Region, found.Name, found.Sha256));
        Assert.True(found.Code.Bytes.Span.SequenceEqual(bytes));

        Assert.Equal(CommitResult.Committed, await CommitCodeAsync(1, Code("f", "second", [2, 3])));
        Assert.Equal("second", (await Functions.FindFunctionCodeAsync(Account, Region, "f", Ct))!.Sha256);

        Assert.Equal(CommitResult.Committed, await CommitCodeAsync(2, new FunctionCodeChange(Account, Region, "f", null)));
        Assert.Null(await Functions.FindFunctionCodeAsync(Account, Region, "f", Ct));
        Assert.NotNull(await Functions.FindFunctionCodeAsync(Account, Region, "g", Ct));
        Assert.Null(await Functions.FindFunctionCodeAsync(Account, "eu-west-1", "g", Ct));
        Assert.Null(await Functions.FindFunctionCodeAsync("444455556666", Region, "g", Ct));
    }

    [Fact]
    public async Task Code_is_not_written_with_a_stale_directory()
    {
        await store.InitializeAsync(Seed(Account), Ct);
        await CommitCodeAsync(0, Code("f", "first", [1]));

        Assert.Equal(CommitResult.Stale, await CommitCodeAsync(0, Code("f", "second", [2])));
        Assert.Equal(CommitResult.Stale, await CommitCodeAsync(0, new FunctionCodeChange(Account, Region, "f", null)));

        Assert.Equal("first", (await Functions.FindFunctionCodeAsync(Account, Region, "f", Ct))!.Sha256);
    }

    private async Task<CommitResult> CommitCodeAsync(long revision, params FunctionCodeChange[] changes) =>
        await ((ISecretStore)store).CommitAsync(
            new SecretCommit([], [])
            {
                Directories = [new DirectoryChange(Account, Region + "/lambda", revision) { Puts = [new DirectoryEntry("lambda-function", "f", "{}")] }],
                FunctionCode = changes,
            },
            Ct);

    private static FunctionCodeChange Code(string name, string sha256, byte[] bytes) =>
        new(Account, Region, name, new StoredFunctionCode(Account, Region, name, sha256, Crypto.SealedValue.Parse(bytes)));
}
