namespace Strongroom.Conformance.Tests.Walkthrough;

/// <summary>A rotation function as a person stores, tries and removes one: a script of stock <c>aws</c> commands.</summary>
public sealed class FunctionWalkthroughTests
{
    [Fact]
    public async Task A_rotation_function_is_registered_with_the_stock_AWS_CLI()
    {
        var script = Path.Combine(Repository.Root, "tests", "Strongroom.Conformance.Tests", "Walkthrough", "functions.sh");

        var output = await WalkthroughShell.RunAsync(
            await File.ReadAllTextAsync(script, TestContext.Current.CancellationToken),
            new() { ["STRONGROOM_FUNCTIONS"] = "process", ["STRONGROOM_FUNCTIONS_USER"] = "nobody" });

        Assert.EndsWith("== done\n", output, StringComparison.Ordinal);
    }
}
