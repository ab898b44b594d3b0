using System.Diagnostics.Metrics;
using System.Globalization;

namespace Strongroom.Server.Quotas;

/// <summary>Why a request was sent away.</summary>
internal enum ShedReason
{
    /// <summary>All slots were taken, or the claimed principal had its part of them.</summary>
    Overload,

    /// <summary>A verified principal had its part of the slots. Such a request has an audit record of its own.</summary>
    Share,

    /// <summary>Its source had too many failed authentications.</summary>
    FailedAuthentications,

    /// <summary>A connection, not a request: too many were open.</summary>
    Connections,
}

/// <summary>
/// Counts what was sent away before anybody was authenticated. A record for each could fill the disk at an attacker's will, so there is one for each
/// interval in which there were any.
/// </summary>
internal sealed class ShedCounts
{
    private static readonly string[] Names = ["overload", "share", "failed_authentications", "connections"];
    private static readonly KeyValuePair<string, object?>[] Tags = [.. Names.Select(name => KeyValuePair.Create("strongroom.reason", (object?)name))];

    private readonly long[] waiting = new long[Names.Length];
    private readonly long[] all = new long[Names.Length];

    public ShedCounts(Meter? meter = null) => meter?.CreateObservableCounter(
        "strongroom.calls.shed", () => Tags.Select((tag, reason) => new Measurement<long>(Interlocked.Read(ref all[reason]), tag)),
        "{call}", "Calls and connections that were sent away because there were too many, by reason.");

    /// <summary>Counts one that has no audit record of its own.</summary>
    public void Count(ShedReason reason)
    {
        Interlocked.Increment(ref waiting[(int)reason]);
        Tell(reason);
    }

    /// <summary>Counts one for the metrics alone.</summary>
    public void Tell(ShedReason reason) => Interlocked.Increment(ref all[(int)reason]);

    /// <summary>A background job: leaves a record of what was counted since the last time. It tries again what the log did not take.</summary>
    public void Record(Audit.AuditTrail audit)
    {
        var counts = Take();
        if (counts.All(count => count == 0))
            return;
        var parts = counts.Select((count, reason) => (count, reason)).Where(part => part.count > 0)
            .Select(part => string.Create(CultureInfo.InvariantCulture, $"{Names[part.reason]}: {part.count}"));
        try
        {
            audit.RecordNotice("RequestsShed", "Sent away without a record each since the last such record: " + string.Join(", ", parts));
        }
        catch (Audit.AuditUnavailableException)
        {
            for (var reason = 0; reason < waiting.Length; reason++)
                Interlocked.Add(ref waiting[reason], counts[reason]);
            throw;
        }
    }

    private long[] Take()
    {
        var counts = new long[waiting.Length];
        for (var reason = 0; reason < waiting.Length; reason++)
            counts[reason] = Interlocked.Exchange(ref waiting[reason], 0);
        return counts;
    }
}
