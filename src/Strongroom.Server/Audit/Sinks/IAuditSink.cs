namespace Strongroom.Server.Audit.Sinks;

/// <summary>Somewhere else that audit records go to. The log itself has decided already: a sink that is down refuses no call.</summary>
internal interface IAuditSink : IAsyncDisposable
{
    /// <summary>One word, such as <c>syslog</c>: names the cursor's file, and what log lines are about.</summary>
    string Name { get; }

    /// <summary>How long after a record was handed over it may still be lost; null where <see cref="SendAsync"/> returns once it is accepted.
    /// What was sent within this time is sent again after a failure.</summary>
    TimeSpan? Unacknowledged => null;

    /// <summary>Hands over records, all or, when it throws, any part of them.</summary>
    /// <param name="lines">Lines of the log without their line feeds. Valid until this completes.</param>
    /// <exception cref="SinkException">It takes nothing now.</exception>
    ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> lines, CancellationToken ct);

    /// <summary>Looks whether what was handed over may have been lost since.</summary>
    /// <param name="isUnderway">Whether anything that was handed over may still be lost.</param>
    /// <exception cref="SinkException">It may be.</exception>
    void Check(bool isUnderway)
    {
    }
}

/// <summary>A sink takes nothing now. The message says why and holds no record.</summary>
internal sealed class SinkException(string message, Exception? inner = null) : Exception(message, inner);
