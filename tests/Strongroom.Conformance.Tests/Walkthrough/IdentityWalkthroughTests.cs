namespace Strongroom.Conformance.Tests.Walkthrough;

/// <summary>Users, roles, web identities, keys, accounts, simulations and explanations as a person meets them: a script of stock <c>aws</c> commands.</summary>
public sealed class IdentityWalkthroughTests
{
    [Fact]
    public async Task Least_privilege_works_from_the_stock_AWS_CLI()
    {
        var script = Path.Combine(Repository.Root, "tests", "Strongroom.Conformance.Tests", "Walkthrough", "identity.sh");

        var output = await WalkthroughShell.RunAsync(await File.ReadAllTextAsync(script, TestContext.Current.CancellationToken));

        Assert.EndsWith("== done\n", output, StringComparison.Ordinal);
    }
}
