using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>What the root key does for the backups of one installation: shows who made one, and seals the files in it. Format: docs/formats/backup.md.</summary>
/// <remarks>Made by <see cref="Keyring.NewBackupKeys"/>. Not for concurrent use.</remarks>
public sealed class BackupKeys : IDisposable
{
    private const int FingerprintBytes = 8;
    private const int OverheadBytes = CipherPool.NonceBytes + CipherPool.TagBytes;

    private readonly Entropy entropy;
    private readonly SecretBytes mac;
    private readonly SecretBytes files;

    internal BackupKeys(SecretBytes rootKey, Guid installation, Entropy entropy)
    {
        this.entropy = entropy;
        Fingerprint = FingerprintOf(rootKey);
        mac = RootKeyDerivation.Derive(rootKey, RootKeyDerivation.BackupMac, installation.ToString());
        files = RootKeyDerivation.Derive(rootKey, RootKeyDerivation.BackupFile, installation.ToString());
    }

    /// <summary>Tells root keys apart and gives nothing away of them: 16 hexadecimal digits.</summary>
    public string Fingerprint { get; }

    /// <returns>32 bytes, HMAC-SHA256.</returns>
    public byte[] Mac(ReadOnlySpan<byte> head) => HMACSHA256.HashData(mac.Reveal(), head);

    /// <summary>Compares in fixed time.</summary>
    public bool IsMac(ReadOnlySpan<byte> head, ReadOnlySpan<byte> claimed)
    {
        Span<byte> own = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(mac.Reveal(), head, own);
        return CryptographicOperations.FixedTimeEquals(own, claimed);
    }

    /// <summary>Encrypts a file under its name.</summary>
    public byte[] Seal(string name, ReadOnlySpan<byte> content)
    {
        var sealedFile = new byte[content.Length + OverheadBytes];
        var nonce = sealedFile.AsSpan(0, CipherPool.NonceBytes);
        entropy.Fill(nonce);
        using var cipher = new AesGcm(files.Reveal(), CipherPool.TagBytes);
        cipher.Encrypt(
            nonce, content, sealedFile.AsSpan(CipherPool.NonceBytes, content.Length), sealedFile.AsSpan(sealedFile.Length - CipherPool.TagBytes), Name(name));
        return sealedFile;
    }

    /// <returns>The content, which the caller owns.</returns>
    /// <exception cref="DecryptionException">Altered, under another name, or of another installation.</exception>
    public SecretBytes Open(string name, ReadOnlySpan<byte> sealedFile)
    {
        if (sealedFile.Length < OverheadBytes)
            throw new DecryptionException();
        var content = SecretBytes.Allocate(sealedFile.Length - OverheadBytes);
        try
        {
            using var cipher = new AesGcm(files.Reveal(), CipherPool.TagBytes);
            cipher.Decrypt(
                sealedFile[..CipherPool.NonceBytes], sealedFile[CipherPool.NonceBytes..^CipherPool.TagBytes], sealedFile[^CipherPool.TagBytes..],
                content.Writable, Name(name));
            return content;
        }
        catch (AuthenticationTagMismatchException)
        {
            content.Dispose();
            throw new DecryptionException();
        }
    }

    public void Dispose()
    {
        mac.Dispose();
        files.Dispose();
    }

    private static string FingerprintOf(SecretBytes rootKey)
    {
        using var derived = RootKeyDerivation.Derive(rootKey, RootKeyDerivation.Fingerprint);
        return Convert.ToHexStringLower(derived.Reveal()[..FingerprintBytes]);
    }

    private static byte[] Name(string name)
    {
        using var field = new FieldWriter(stackalloc byte[256]);
        field.Text(name);
        return field.Written.ToArray();
    }
}
