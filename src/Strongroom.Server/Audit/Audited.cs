namespace Strongroom.Server.Audit;

/// <summary>An answer whose record stands. Only these can be encoded; only <see cref="AuditTrail"/> makes one.</summary>
internal sealed class Audited<TResponse>(TResponse response, ReadOnlyMemory<byte> record)
{
    public TResponse Response { get; } = response;

    /// <summary>The record, for tests.</summary>
    public ReadOnlyMemory<byte> Record { get; } = record;
}
