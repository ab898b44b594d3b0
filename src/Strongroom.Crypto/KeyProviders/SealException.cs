namespace Strongroom.Crypto.KeyProviders;

/// <summary>The root key cannot be sealed or unsealed. The message is for the operator and says what to do; it holds no key and no PIN.</summary>
public sealed class SealException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Default: <see cref="SealFailure.Unusable"/>, which nobody tries again.</summary>
    public SealFailure Failure { get; init; }

    /// <summary>Whether the same attempt may succeed later without anybody changing the configuration.</summary>
    public bool IsOutage => Failure == SealFailure.OutOfReach;
}

/// <summary>What a <see cref="SealException"/> means for the next attempt.</summary>
public enum SealFailure
{
    /// <summary>Missing, not permitted, wrongly configured: somebody has to act first.</summary>
    Unusable,

    /// <summary>No answer, or one that says "later": worth another attempt.</summary>
    OutOfReach,

    /// <summary>The seal works, and the blob was not sealed by it or is damaged.</summary>
    WrongKey,
}
