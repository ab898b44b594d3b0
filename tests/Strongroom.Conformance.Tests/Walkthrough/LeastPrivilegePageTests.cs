using System.Text.RegularExpressions;

namespace Strongroom.Conformance.Tests.Walkthrough;

/// <summary>The commands of docs/least-privilege.md, run as they stand there.</summary>
public sealed partial class LeastPrivilegePageTests
{
    [Fact]
    public async Task Every_command_of_the_page_does_what_the_page_says()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "least-privilege.md"), TestContext.Current.CancellationToken);
        var commands = string.Concat(ShellBlock().Matches(page).Select(block => block.Groups[1].Value));

        // "! command" must fail, which a shell that stops at failures does not look at by itself.
        var script = "set -euo pipefail\n" + Refused().Replace(commands, "if $1; then echo \"allowed, line $LINENO\" >&2; exit 1; fi\n");
        var output = await WalkthroughShell.RunAsync(script);

        Assert.Equal(5, Refused().Count(commands)); // so that none is lost to a change of the page's form
        Assert.Contains("secretsmanager:GetSecretValue\tallowed", output, StringComparison.Ordinal);
        Assert.Contains("secretsmanager:DeleteSecret\timplicitDeny", output, StringComparison.Ordinal);
        Assert.Contains("Allowed by statement \"ReadShop\"", output, StringComparison.Ordinal);
        Assert.Contains("Denied: because no identity-based policy allows", output, StringComparison.Ordinal);
        Assert.Contains("Newly denied:\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("battery staple", output, StringComparison.Ordinal);
    }

    [GeneratedRegex("^```sh\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex ShellBlock();

    // A line that begins with an exclamation mark, with the lines that continue it.
    [GeneratedRegex(@"^! ((?:.*\\\n)*.*)\n", RegexOptions.Multiline)]
    private static partial Regex Refused();
}
