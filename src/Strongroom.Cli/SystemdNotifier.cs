using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli;

/// <summary>Tells systemd, which started this process, how it is: sd_notify(3) in its few lines.</summary>
internal sealed class SystemdNotifier : IDisposable
{
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly UnixDomainSocketEndPoint address;
    private readonly TimeSpan? watchdog;

    private SystemdNotifier(UnixDomainSocketEndPoint address, TimeSpan? watchdog) => (this.address, this.watchdog) = (address, watchdog);

    /// <returns>Null when nobody wants to be told.</returns>
    public static SystemdNotifier? Of(IReadOnlyDictionary<string, string> environment)
    {
        // A path, or a name in Linux's abstract namespace, which @ stands before.
        if (environment.GetValueOrDefault("NOTIFY_SOCKET") is not { Length: > 1 } path || path[0] is not ('/' or '@'))
            return null;
        var isForUs = environment.GetValueOrDefault("WATCHDOG_PID") is not { Length: > 0 } pid
            || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var watchdog = isForUs && long.TryParse(environment.GetValueOrDefault("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
            ? TimeSpan.FromMicroseconds(microseconds)
            : (TimeSpan?)null;
        return new SystemdNotifier(new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path), watchdog);
    }

    public void Ready(string status) => Send($"READY=1\nSTATUS={status}");

    public void Stopping() => Send("STOPPING=1\nSTATUS=Finishing requests in flight.");

    /// <summary>
    /// Shows sign of life while the store and the audit log answer, until the server stops. One that says it can't work answers too, and says so in the status: what it
    /// lacks, such as room on the disk, no restart brings back. One that does not come back is what a restart is for.
    /// </summary>
    public async Task WatchAsync(StrongroomServer server, TimeProvider time, CancellationToken ct)
    {
        if (watchdog is not { } limit)
            return;
        using var timer = new PeriodicTimer(limit / 2, time);
        try
        {
            do
            {
                // A check that hangs must not keep the stop from going on.
                var reason = await server.CheckAsync(ct).WaitAsync(ct);
                Send($"WATCHDOG=1\nSTATUS={(reason is null ? "Serving." : reason.ReplaceLineEndings(" "))}");
            }
            while (await timer.WaitForNextTickAsync(ct));
        }
        catch (OperationCanceledException)
        {
            // The stop, which has its own time limit.
        }
    }

    public void Dispose() => socket.Dispose();

    private void Send(string state)
    {
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(state), address);
        }
        catch (SocketException)
        {
            // A service manager that can't be told must not keep the server from serving.
        }
    }
}
