using Strongroom.Server.Hosting;

namespace Strongroom.Server.Functions;

/// <summary>What functions the operator lets run or be reached from here.</summary>
public sealed record FunctionOptions
{
    /// <summary>Whether functions may run as processes of this machine.</summary>
    public bool RunsProcesses { get; init; }

    /// <summary>The user that they run as: a name, or <c>uid:gid</c>.</summary>
    public string? User { get; init; }

    /// <summary>Directories where their interpreters and programs are looked for, separated by colons.</summary>
    public string SearchPath { get; init; } = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>File with the functions that the operator configures; null for none. See docs/rotation-functions.md.</summary>
    public string? File { get; init; }

    /// <exception cref="SettingsException">Settings that don't fit together.</exception>
    internal void Check()
    {
        if (RunsProcesses && User is null)
            throw new SettingsException(
                "functions is 'process' and no user is named that functions run as (functions-user). Give them one of their own: what they run as decides what they can read.");
        if (!RunsProcesses && User is not null)
            throw new SettingsException("functions-user is for functions that run as processes: set functions to process, or leave it out.");
    }
}
