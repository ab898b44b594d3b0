using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Strongroom.Server.Quotas;

/// <summary>
/// Bounds the open connections. As with requests nobody may have more than are free, so that one source can't keep the others, a health check among them, out.
/// </summary>
internal sealed class ConnectionGate(int max, ShedCounts shed)
{
    private readonly ConcurrentDictionary<string, int> held = new(StringComparer.Ordinal);
    private int open;

    public int Open => Volatile.Read(ref open);

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var source = Sources.Network((connection.RemoteEndPoint as IPEndPoint)?.Address);
        if (!TryEnter(source))
        {
            shed.Count(ShedReason.Connections);
            connection.Abort(new ConnectionAbortedException("Too many connections are open."));
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave(source);
        }
    }

    internal bool TryEnter(string source)
    {
        var free = max - Interlocked.Increment(ref open);
        var mine = held.AddOrUpdate(source, 1, static (_, count) => count + 1);
        if (free >= 0 && mine <= Math.Max(1, free))
            return true;
        Leave(source);
        return false;
    }

    internal void Leave(string source)
    {
        // Kept only while it has any: there are as many entries as there are connections at most.
        if (held.AddOrUpdate(source, 0, static (_, count) => count - 1) == 0)
            held.TryRemove(KeyValuePair.Create(source, 0));
        Interlocked.Decrement(ref open);
    }
}
