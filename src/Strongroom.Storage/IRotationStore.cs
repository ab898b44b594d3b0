namespace Strongroom.Storage;

/// <summary>What a step of a rotation came to, to be committed with what follows from it.</summary>
/// <param name="VersionId">The version that is being made.</param>
/// <param name="IsTest">Whether it was a test without a rotation.</param>
/// <param name="Attempt">From 1: how often the rotation as a whole was tried.</param>
/// <param name="Step">As the function's event names it.</param>
/// <param name="Error">Null when it succeeded.</param>
/// <param name="Output">What the function wrote, sealed; null for nothing.</param>
public sealed record RotationStepRecord(
    long SecretId, string VersionId, bool IsTest, int Attempt, string Step, DateTimeOffset StartedAt, TimeSpan Duration, string? Error, byte[]? Output)
{
    /// <summary>Assigned by the store; grows in the order of commits.</summary>
    public long Id { get; init; }
}

/// <summary>Which rotations have something to do, and what their steps came to.</summary>
/// <remarks>
/// A secret is due from <see cref="SecretRotation.DueAt"/> on. Who works on it claims it by moving that time, in the store alone, to when the claim ends; a
/// commit that changes the document's own due time ends the claim. So a node that dies leaves nothing behind that another one does not take up.
/// </remarks>
public interface IRotationStore
{
    /// <summary>Secrets of all accounts and regions that are due and not claimed, the longest due first.</summary>
    ValueTask<IReadOnlyList<DueSecret>> ListDueForRotationAsync(DateTimeOffset now, int limit, CancellationToken ct);

    /// <summary>Claims a secret, or prolongs or ends a claim.</summary>
    /// <param name="seen">Its time as it was listed, or until when it is claimed.</param>
    /// <param name="until">When the claim ends.</param>
    /// <returns>False when the time is another one: somebody else claimed it, or its rotation changed.</returns>
    ValueTask<bool> TryClaimRotationAsync(long secretId, DateTimeOffset seen, DateTimeOffset until, CancellationToken ct);

    /// <summary>Ends all claims: for the start of a server, which has the database for itself. What becomes due within the time of a claim may be handed out early.</summary>
    /// <param name="longest">No claim ends later than this from now.</param>
    ValueTask ReleaseRotationClaimsAsync(DateTimeOffset now, TimeSpan longest, CancellationToken ct);

    /// <summary>What the steps of a secret's rotations came to, the newest first.</summary>
    /// <param name="before">Those older than this one; <see cref="long.MaxValue"/> for the newest.</param>
    /// <param name="withOutput">Whether the outputs are read too.</param>
    ValueTask<IReadOnlyList<RotationStepRecord>> ListRotationStepsAsync(long secretId, long before, int limit, bool withOutput, CancellationToken ct);
}

/// <param name="RotateAt">When it became due.</param>
public sealed record DueSecret(long Id, string Account, string Region, string Name, DateTimeOffset RotateAt);
