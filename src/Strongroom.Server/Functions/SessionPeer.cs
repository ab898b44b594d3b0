using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Strongroom.Server.Functions;

/// <summary>Finds out whether a process of one session opened a loopback connection, by the kernel's own tables. Linux.</summary>
internal static class SessionPeer
{
    private const string Established = "01";

    // For processes that this server may not look into, such as in a container without CAP_SYS_PTRACE: their own user may.
    private const string ListSockets =
        "for p in /proc/[0-9]*; do s=$(cat \"$p/stat\" 2>/dev/null) || continue; s=${s##*) }; set -- $s; [ \"$4\" = SESSION ] || continue; "
        + "for f in \"$p\"/fd/*; do readlink \"$f\"; done; done 2>/dev/null; true";

    /// <param name="session">Id of the session: of the process that leads it.</param>
    /// <param name="peer">Where the connection comes from.</param>
    /// <param name="ownPort">That it reached.</param>
    public static async ValueTask<bool> IsOfAsync(int session, IPEndPoint peer, int ownPort, Confinement confinement, CancellationToken ct)
    {
        if (!IPAddress.IsLoopback(peer.Address) || FindSocket(peer.Port, ownPort, confinement.User.Id) is not { } socket)
            return false;
        if (Holds(session, socket))
            return true;
        if (!confinement.User.IsOther)
            return false;
        var script = ListSockets.Replace("SESSION", session.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return (await confinement.RunAsync(["/bin/sh", "-c", script], ct)).Split('\n').Contains(socket, StringComparer.Ordinal);
    }

    /// <returns>As links in <c>/proc/*/fd</c> name it; null when the user has no such connection.</returns>
    private static string? FindSocket(int peerPort, int ownPort, uint user)
    {
        var local = Hex(IPAddress.Loopback);
        foreach (var (file, address) in new[] { ("/proc/self/net/tcp", local), ("/proc/self/net/tcp6", "0000000000000000FFFF0000" + local) })
        {
            if (!File.Exists(file))
                continue;
            var from = string.Create(CultureInfo.InvariantCulture, $"{address}:{peerPort:X4}");
            var to = string.Create(CultureInfo.InvariantCulture, $"{address}:{ownPort:X4}");
            foreach (var line in File.ReadLines(file))
            {
                // sl local_address rem_address st queues timer retransmits uid timeout inode
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length > 9 && fields[1] == from && fields[2] == to && fields[3] == Established
                    && fields[7] == user.ToString(CultureInfo.InvariantCulture) && fields[9] != "0")
                    return $"socket:[{fields[9]}]";
            }
        }

        return null;
    }

    private static bool Holds(int session, string socket)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            try
            {
                if (SessionOf(File.ReadAllText(Path.Combine(process, "stat"))) == session
                    && Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(file => new FileInfo(file).LinkTarget == socket))
                    return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or this server may not look into it.
            }
        }

        return false;
    }

    // pid (name) state parent group session …; the name may hold spaces and brackets.
    private static int SessionOf(string stat) =>
        stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var session, ..]
        && int.TryParse(session, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    // The kernel prints the address as a number of the machine's own byte order.
    private static string Hex(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var number = BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return number.ToString("X8", CultureInfo.InvariantCulture);
    }
}
