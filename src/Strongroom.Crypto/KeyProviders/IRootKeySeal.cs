namespace Strongroom.Crypto.KeyProviders;

/// <summary>What protects the root key at rest: a file, a KMS, a hardware module. Used at start, never per request.</summary>
public interface IRootKeySeal
{
    /// <summary>As in the configuration: <c>file</c>, <c>aws-kms</c>, <c>pkcs11</c>.</summary>
    string Name { get; }

    /// <summary>Makes the sealing key where the seal keeps one of its own and none is there yet. An existing key stays as it is.</summary>
    /// <remarks>Only for data that the seal has not sealed yet: for other data a new key would hide that the right one is missing.</remarks>
    /// <exception cref="SealException">The seal cannot be used; the message says what to do.</exception>
    ValueTask EnsureKeyAsync(CancellationToken ct);

    /// <returns>What the store keeps. Useless without the seal.</returns>
    /// <exception cref="SealException">The seal cannot be used; the message says what to do.</exception>
    ValueTask<byte[]> WrapAsync(SecretBytes rootKey, CancellationToken ct);

    /// <returns>The root key; the caller owns it.</returns>
    /// <exception cref="SealException">The seal cannot be used or is another one; the message says what to do.</exception>
    ValueTask<SecretBytes> UnwrapAsync(ReadOnlyMemory<byte> wrapped, CancellationToken ct);
}
