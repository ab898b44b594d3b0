namespace Strongroom.Tests.Server.Hosting;

/// <summary>What the program says to a command line that it does not understand.</summary>
public sealed class WrongUseTests
{
    [Theory]
    [InlineData("explain --bogus", "Unrecognized command or argument '--bogus'.", "strongroom explain")]
    [InlineData("rewrap extra", "Unrecognized command or argument 'extra'.", "strongroom rewrap")]
    [InlineData("serve --listen", "Required argument missing for option: '--listen'.", "strongroom serve")]
    [InlineData("account", "Required command was not provided.", "strongroom account")]
    public async Task The_reason_comes_first_and_then_where_to_look(string arguments, string reason, string command)
    {
        var (code, output) = await StrongroomProcess.RunAsync(new Dictionary<string, string>(), arguments.Split(' '));

        Assert.Equal(2, code);
        Assert.Equal([reason, $"See: {command} --help"], output.TrimEnd('\n').Split('\n'));
    }
}
