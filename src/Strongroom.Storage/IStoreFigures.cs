namespace Strongroom.Storage;

/// <summary>What there is in the store, in numbers, for those who watch over it. Says nothing of any one secret.</summary>
public interface IStoreFigures
{
    /// <summary>Changes that wait for the writer, or are being committed, now.</summary>
    int QueuedChanges { get; }

    /// <summary>Who is told of commits; null for nobody.</summary>
    ICommitWatch? CommitWatch { get; set; }

    /// <summary>Numbers that are found by an index, so that they may be asked for every few seconds.</summary>
    ValueTask<StoreFigures> CountAsync(CancellationToken ct);

    /// <summary>Secrets of an account and region, marked for deletion or not. Reads the index, so it takes the longer the more there are.</summary>
    /// <param name="max">Where it may stop counting.</param>
    ValueTask<long> CountSecretsAsync(string account, string region, int max, CancellationToken ct);

    /// <summary>Secrets with rotation on, and those of them whose window has ended without one. Walks over all secrets' documents: some
    /// minutes should lie between two calls.</summary>
    ValueTask<RotationFigures> CountRotationsAsync(DateTimeOffset now, CancellationToken ct);
}

/// <param name="Outbox">Audit records that are committed and not yet known to be safe in the log.</param>
/// <param name="MarkedForDeletion">Secrets in their recovery window, or past it and waiting to be purged.</param>
public readonly record struct StoreFigures(long Outbox, long MarkedForDeletion);

public readonly record struct RotationFigures(long Enabled, long Overdue);
