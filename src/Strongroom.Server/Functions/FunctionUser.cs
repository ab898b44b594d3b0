using System.Globalization;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Functions;

/// <summary>Whom functions run as.</summary>
/// <param name="IsOther">Another user than the server's.</param>
internal sealed record FunctionUser(uint Id, uint Group, bool IsOther)
{
    // Bits of CapEff: CAP_CHOWN, CAP_KILL, CAP_SETGID, CAP_SETUID. Source: capabilities(7).
    private const ulong NeededToSwitch = (1 << 0) | (1 << 5) | (1 << 6) | (1 << 7);

    /// <param name="setting">A name of /etc/passwd, or <c>uid:gid</c>.</param>
    /// <exception cref="SettingsException">No such user, the root, or one that this server can't become.</exception>
    public static FunctionUser Resolve(string setting)
    {
        var (id, group) = Find(setting);
        if (id == 0)
            throw new SettingsException("functions-user is the root, and functions would have the whole machine. Name a user of their own.");
        var isOther = id != Posix.UserId;
        if (isOther && !MaySwitch())
            throw new SettingsException(
                $"functions-user is '{setting}', and this server can't start processes of other users: run it as root, or with CAP_SETUID, CAP_SETGID, CAP_KILL and CAP_CHOWN. "
                + "To let functions run as the server's own user, name that one: they can then read the server's files, its root key among them.");
        return new FunctionUser(id, group, isOther);
    }

    private static (uint Id, uint Group) Find(string setting)
    {
        if (setting.Split(':') is [var user, var of] && TryParse(user, out var id) && TryParse(of, out var group))
            return (id, group);
        foreach (var line in File.ReadLines("/etc/passwd"))
        {
            if (line.Split(':') is [var name, _, var number, var ofGroup, ..] && name == setting && TryParse(number, out id) && TryParse(ofGroup, out group))
                return (id, group);
        }

        throw new SettingsException($"There is no user '{setting}' in /etc/passwd (functions-user). Use a name from there, or numbers as uid:gid.");
    }

    private static bool MaySwitch() =>
        File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal)) is { } line
        && ulong.TryParse(line.AsSpan("CapEff:".Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var capabilities)
        && (capabilities & NeededToSwitch) == NeededToSwitch;

    private static bool TryParse(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
