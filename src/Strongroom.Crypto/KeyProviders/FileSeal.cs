using System.Security.Cryptography;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>Seals the root key under a key in a file that only its owner can read. The default seal.</summary>
/// <remarks>
/// The file is read, and its mode checked, each time the seal is used, and its key is not kept. Formats: docs/formats/root-key-file.md.
/// </remarks>
public sealed class FileSeal : IRootKeySeal
{
    private const byte FormatVersion = 1;
    private const int NonceAt = 5;
    private const int KeyAt = NonceAt + CipherPool.NonceBytes;
    private const int TagAt = KeyAt + CipherPool.KeyBytes;
    private const int BlobBytes = TagAt + CipherPool.TagBytes;

    private readonly string path;
    private readonly Entropy entropy;

    /// <param name="path">The key file. Need not exist yet: see <see cref="Create"/>.</param>
    public FileSeal(string path, Entropy entropy)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(entropy);
        this.path = Path.GetFullPath(path);
        this.entropy = entropy;
    }

    public string Name => "file";

    private static ReadOnlySpan<byte> Magic => "SRRK"u8;

    /// <summary>Makes the key file, with mode 0600. On return it is on stable storage, and so is its name.</summary>
    /// <exception cref="SealException">A file is there already, which is left alone; or the file cannot be written.</exception>
    public void Create()
    {
        using var key = SecretBytes.Create(CipherPool.KeyBytes, entropy, static (bytes, entropy) => entropy.Fill(bytes));
        RootKeyFile.Create(path, key);
    }

    public ValueTask EnsureKeyAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (!File.Exists(path))
            Create();
        return ValueTask.CompletedTask;
    }

    public ValueTask<byte[]> WrapAsync(SecretBytes rootKey, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(rootKey);
        if (rootKey.Length != CipherPool.KeyBytes)
            throw new ArgumentException("A root key has 32 bytes.", nameof(rootKey));

        ct.ThrowIfCancellationRequested();
        var blob = new byte[BlobBytes];
        Magic.CopyTo(blob);
        blob[4] = FormatVersion;
        entropy.Fill(blob.AsSpan(NonceAt, CipherPool.NonceBytes));

        using var key = RootKeyFile.Read(path);
        using var cipher = new AesGcm(key.Reveal(), CipherPool.TagBytes);
        cipher.Encrypt(
            blob.AsSpan(NonceAt, CipherPool.NonceBytes), rootKey.Reveal(), blob.AsSpan(KeyAt, CipherPool.KeyBytes), blob.AsSpan(TagAt),
            blob.AsSpan(0, NonceAt));
        return ValueTask.FromResult(blob);
    }

    public ValueTask<SecretBytes> UnwrapAsync(ReadOnlyMemory<byte> wrapped, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var blob = wrapped.Span;
        if (blob.Length != BlobBytes || !blob.StartsWith(Magic))
            throw new SealException(
                "The sealed root key in the store was not made by the seal 'file'. Configure the seal that this data was created with.")
            { Failure = SealFailure.WrongKey };
        if (blob[4] != FormatVersion)
            throw new SealException(
                $"The sealed root key in the store has format version {blob[4]}, and this program knows version {FormatVersion} only. "
                + "Run the newer version of Strongroom that wrote it.");

        using var key = RootKeyFile.Read(path);
        using var cipher = new AesGcm(key.Reveal(), CipherPool.TagBytes);
        var rootKey = SecretBytes.Allocate(CipherPool.KeyBytes);
        try
        {
            cipher.Decrypt(
                blob.Slice(NonceAt, CipherPool.NonceBytes), blob.Slice(KeyAt, CipherPool.KeyBytes), blob[TagAt..], rootKey.Writable,
                blob[..NonceAt]);
            return ValueTask.FromResult(rootKey);
        }
        catch (AuthenticationTagMismatchException)
        {
            rootKey.Dispose();
            throw new SealException(
                $"The key file {path} is not the one this data was sealed with (or the sealed root key in the store is damaged). "
                + "Restore the key file that belongs to this data, or point to the data that belongs to this key file.")
            { Failure = SealFailure.WrongKey };
        }
    }
}
