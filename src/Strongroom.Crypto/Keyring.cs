using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Crypto;

/// <summary>Holds the unwrapped keys. Everything that seals or opens goes through it.</summary>
/// <remarks>
/// Safe to share between threads. After dispose everything throws <see cref="ObjectDisposedException"/>.
/// AES-GCM with random nonces is good for 2^32 values under one version of a KMS key: rotate the key before.
/// </remarks>
public sealed class Keyring : IDisposable
{
    private readonly SecretBytes rootKey;
    private readonly Entropy entropy;
    private readonly CipherPool wrapping;
    private readonly TokenKeys tokens;
    private readonly DataKeyCache dataKeys = new();
    private readonly ConcurrentDictionary<string, SecretBytes> macKeys = new(StringComparer.Ordinal); // by account
    private readonly ConcurrentDictionary<(Guid KeyId, int Version), CipherPool> keys = new();
    private readonly ConcurrentDictionary<Guid, int> newest = new();

    /// <param name="rootKey">32 random bytes. The keyring owns them from here on.</param>
    public Keyring(SecretBytes rootKey, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(rootKey);
        ArgumentNullException.ThrowIfNull(entropy);
        if (rootKey.Length != CipherPool.KeyBytes)
            throw new ArgumentException("A root key has 32 bytes.", nameof(rootKey));

        this.rootKey = rootKey;
        this.entropy = entropy;
        wrapping = new CipherPool(RootKeyDerivation.Derive(rootKey, RootKeyDerivation.WrapKeys));
        tokens = new TokenKeys(rootKey, entropy);
    }

    /// <summary>Values that were opened with a data key still at hand, and those whose data key had to be unwrapped.</summary>
    public (long Hits, long Misses) DataKeyLookups => (dataKeys.Hits.Value, dataKeys.Misses.Value);

    /// <summary>Makes version 1 of a new KMS key, and loads it.</summary>
    /// <param name="region">The region, or <c>global</c> for the account key that seals identities.</param>
    public WrappedKey NewKey(string account, string region, DateTimeOffset now) =>
        NewVersion(entropy.NewGuid(), account, region, 1, now);

    /// <summary>Makes the version after <paramref name="latest"/> of the same KMS key, and loads it: values are sealed with it from now on.</summary>
    public WrappedKey NewVersion(WrappedKey latest, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(latest);
        return NewVersion(latest.KeyId, latest.Account, latest.Region, latest.Version + 1, now);
    }

    /// <summary>Makes the version after <paramref name="latest"/> without loading it: nothing may be sealed with it before it is stored.</summary>
    public WrappedKey PrepareVersion(WrappedKey latest, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(latest);
        using var material = NewMaterial();
        return Wrap(material, latest.KeyId, latest.Account, latest.Region, latest.Version + 1, now);
    }

    /// <summary>Forgets a KMS key whose material is destroyed: all its versions, zeroed, and the data keys that were opened with any key.</summary>
    /// <remarks>A call that uses the key in this moment fails with <see cref="DecryptionException"/>.</remarks>
    public void Forget(Guid keyId)
    {
        newest.TryRemove(keyId, out _);
        foreach (var known in keys.Keys.Where(known => known.KeyId == keyId).ToList())
        {
            if (keys.TryRemove(known, out var key))
                key.Dispose();
        }

        dataKeys.Clear();
    }

    /// <summary>Encrypts for somebody who keeps the result: KMS's Encrypt. Format: docs/formats/kms-ciphertext.md.</summary>
    /// <param name="account">Of the key.</param>
    /// <param name="region">Of the key.</param>
    /// <param name="version">A loaded version.</param>
    /// <exception cref="DecryptionException">The version is not loaded, or the context is not valid Unicode.</exception>
    public byte[] Encrypt(
        Guid keyId, int version, string account, string region, IReadOnlyDictionary<string, string> context, ReadOnlySpan<byte> plaintext)
    {
        ArgumentNullException.ThrowIfNull(context);
        ThrowIfDisposed();
        return keys.TryGetValue((keyId, version), out var key)
            ? KmsCiphertext.Encrypt(key, entropy, keyId, version, account, region, context, plaintext)
            : throw new DecryptionException();
    }

    /// <summary>Reverses <see cref="Encrypt"/>.</summary>
    /// <returns>The plaintext, which the caller owns.</returns>
    /// <exception cref="DecryptionException">Altered, of another place or context, of a version that is not loaded, or nothing that was encrypted here.</exception>
    public SecretBytes Decrypt(ReadOnlySpan<byte> blob, string account, string region, IReadOnlyDictionary<string, string> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        ThrowIfDisposed();
        return KmsCiphertext.TryReadHeader(blob, out var keyId, out var version) && keys.TryGetValue((keyId, version), out var key)
            ? KmsCiphertext.Decrypt(key, blob, account, region, context)
            : throw new DecryptionException();
    }

    /// <summary>Which version of which key a ciphertext of <see cref="Encrypt"/> names; proves nothing.</summary>
    public static bool TryReadKey(ReadOnlySpan<byte> ciphertext, out Guid keyId, out int version) =>
        KmsCiphertext.TryReadHeader(ciphertext, out keyId, out version);

    /// <summary>Unwraps a key and keeps it. Loading one that is there changes nothing.</summary>
    /// <exception cref="DecryptionException">
    /// It does not open: moved to another account, region, id or version, damaged, or of another root key.
    /// </exception>
    public void Load(WrappedKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        ThrowIfDisposed();
        try
        {
            Keep(key.KeyId, key.Version, KeyMaterial.Unwrap(wrapping, key));
        }
        catch (EncoderFallbackException)
        {
            throw new DecryptionException();
        }
    }

    public bool IsLoaded(Guid keyId, int version) => keys.ContainsKey((keyId, version));

    /// <summary>Encrypts under a data key of its own, which is wrapped under the newest loaded version of the KMS key.</summary>
    /// <param name="kind">Stored in the clear, and authenticated.</param>
    /// <exception cref="InvalidOperationException">No version of the key is loaded.</exception>
    /// <exception cref="ArgumentException">The binding has text that is not valid Unicode.</exception>
    public SealedValue Seal(Guid keyId, SecretKind kind, ReadOnlySpan<byte> plaintext, Binding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        ArgumentOutOfRangeException.ThrowIfLessThan((byte)kind, (byte)SecretKind.String, nameof(kind));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((byte)kind, (byte)SecretKind.Identity, nameof(kind));
        ThrowIfDisposed();
        if (!newest.TryGetValue(keyId, out var version))
            throw new InvalidOperationException("The KMS key must be loaded before it can seal.");

        return new SealedValue(Envelope.Seal(keys[(keyId, version)], entropy, keyId, version, kind, plaintext, binding));
    }

    /// <summary>Decrypts a value at its place.</summary>
    /// <returns>The plaintext, which the caller owns, and its kind.</returns>
    /// <exception cref="DecryptionException">Damaged, moved, of a key that is not loaded, or no sealed value at all.</exception>
    public (SecretBytes Value, SecretKind Kind) Open(SealedValue value, Binding binding)
    {
        var secret = SecretBytes.Allocate(PlaintextLength(value));
        try
        {
            Open(value, binding, secret.Writable, out var kind);
            return (secret, kind);
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>Decrypts into the caller's buffer, for callers that have a better place than a fresh <see cref="SecretBytes"/>.</summary>
    /// <param name="destination">At least <see cref="PlaintextLength"/> bytes. Zeroing it after use is the caller's duty; no plaintext is left in it after a failure.</param>
    /// <returns>The number of bytes written.</returns>
    /// <exception cref="ArgumentException">The buffer is too small.</exception>
    /// <inheritdoc cref="Open(SealedValue, Binding)" path="/exception"/>
    public int Open(SealedValue value, Binding binding, Span<byte> destination, out SecretKind kind)
    {
        ArgumentNullException.ThrowIfNull(binding);
        ThrowIfDisposed();
        var length = PlaintextLength(value);
        if (destination.Length < length)
            throw new ArgumentException("The buffer is shorter than the plaintext.", nameof(destination));

        var blob = value.Bytes.Span;
        if (!SealedValueLayout.TryReadHeader(blob, out var keyId, out var version, out kind)
            || !keys.TryGetValue((keyId, version), out var key))
            throw new DecryptionException();

        Envelope.Open(key, dataKeys, blob, binding, destination[..length]);
        return length;
    }

    /// <summary>Seals a value anew at its place, with the newest loaded version of its key and a data key of its own. The plaintext does not leave this room.</summary>
    /// <inheritdoc cref="Open(SealedValue, Binding)" path="/exception"/>
    public SealedValue Reseal(SealedValue value, Binding binding)
    {
        var (plaintext, kind) = Open(value, binding);
        using (plaintext)
            return TryReadKey(value, out var keyId, out _) ? Seal(keyId, kind, plaintext.Reveal(), binding) : throw new DecryptionException();
    }

    /// <summary>The number of bytes <see cref="Open(SealedValue, Binding, Span{byte}, out SecretKind)"/> will write.</summary>
    /// <exception cref="DecryptionException">Too short to be a sealed value.</exception>
    public static int PlaintextLength(SealedValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var length = value.Bytes.Length - SealedValueLayout.OverheadBytes;
        return length >= 0 ? length : throw new DecryptionException();
    }

    /// <summary>Which key a value names, so that it can be loaded before opening. Says nothing about whether the value is genuine.</summary>
    /// <returns>False when the bytes cannot be a sealed value of a version this code knows.</returns>
    public static bool TryReadKey(SealedValue value, out Guid keyId, out int version)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SealedValueLayout.TryReadHeader(value.Bytes.Span, out keyId, out version, out _);
    }

    /// <summary>
    /// A fingerprint of content at a place, for deciding whether a repeated request carries the same value. Keyed, so that whoever
    /// reads the database cannot test guesses at short secrets. Compare in fixed time.
    /// </summary>
    /// <returns>32 bytes, HMAC-SHA256. Specified in docs/formats/sealed-value.md.</returns>
    public byte[] ContentMac(SecretKind kind, ReadOnlySpan<byte> plaintext, Binding binding)
    {
        ArgumentNullException.ThrowIfNull(binding);
        ThrowIfDisposed();
        using var fields = new FieldWriter(stackalloc byte[512]);
        fields.Fixed([(byte)kind]);
        fields.Place(binding);
        fields.UInt32(plaintext.Length);

        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, MacKeyFor(binding.Account).Reveal());
        mac.AppendData(fields.Written);
        mac.AppendData(plaintext);
        return mac.GetHashAndReset();
    }

    /// <summary>Makes an opaque, tamper-evident token, as for paging. Format: docs/formats/paging-token.md.</summary>
    /// <param name="purpose">What the token is for; a constant, never something a caller chooses. No other purpose opens it.</param>
    public byte[] ProtectToken(string purpose, ReadOnlySpan<byte> payload)
    {
        ThrowIfDisposed();
        return tokens.Protect(purpose, payload);
    }

    /// <returns>False for anything that <see cref="ProtectToken"/> did not make for this purpose under this root key.</returns>
    public bool TryOpenToken(string purpose, ReadOnlySpan<byte> token, out byte[] payload)
    {
        ThrowIfDisposed();
        return tokens.TryOpen(purpose, token, out payload);
    }

    /// <summary>The keys for backups of an installation; the caller owns them.</summary>
    /// <param name="installation">Its id; <see cref="Guid.Empty"/> for data from before there were ids.</param>
    public BackupKeys NewBackupKeys(Guid installation)
    {
        ThrowIfDisposed();
        return new BackupKeys(rootKey, installation, entropy);
    }

    public void Dispose()
    {
        rootKey.Dispose();
        wrapping.Dispose();
        tokens.Dispose();
        dataKeys.Dispose();
        foreach (var key in macKeys.Values)
            key.Dispose();
        foreach (var key in keys.Values)
            key.Dispose();
    }

    private SecretBytes MacKeyFor(string account)
    {
        if (macKeys.TryGetValue(account, out var key))
            return key;

        var made = RootKeyDerivation.Derive(rootKey, RootKeyDerivation.ContentMac, account);
        var kept = macKeys.GetOrAdd(account, made);
        if (kept != made)
            made.Dispose();
        return kept;
    }

    private WrappedKey NewVersion(Guid keyId, string account, string region, int version, DateTimeOffset now)
    {
        var material = NewMaterial();
        try
        {
            var wrapped = Wrap(material, keyId, account, region, version, now);
            Keep(keyId, version, material);
            return wrapped;
        }
        catch
        {
            material.Dispose();
            throw;
        }
    }

    private SecretBytes NewMaterial()
    {
        ThrowIfDisposed();
        return SecretBytes.Create(CipherPool.KeyBytes, entropy, static (bytes, entropy) => entropy.Fill(bytes));
    }

    private WrappedKey Wrap(SecretBytes material, Guid keyId, string account, string region, int version, DateTimeOffset now)
    {
        Span<byte> nonce = stackalloc byte[CipherPool.NonceBytes];
        entropy.Fill(nonce);
        return new WrappedKey(keyId, account, region, version, KeyMaterial.Wrap(wrapping, material, nonce, keyId, account, region, version), now);
    }

    private void Keep(Guid keyId, int version, SecretBytes material)
    {
        var key = new CipherPool(material);
        if (!keys.TryAdd((keyId, version), key))
            key.Dispose();

        // After the key itself: whoever reads the number finds the key.
        newest.AddOrUpdate(keyId, version, (_, known) => Math.Max(known, version));
    }

    private void ThrowIfDisposed() => _ = rootKey.Reveal();
}
