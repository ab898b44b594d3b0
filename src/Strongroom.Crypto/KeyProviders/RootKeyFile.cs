using System.Buffers.Text;
using System.Security.Cryptography;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>The key file of <see cref="FileSeal"/>. Format: docs/formats/root-key-file.md.</summary>
internal static class RootKeyFile
{
    private const int MostBytes = 4096;
    private const int Base64Bytes = 44; // 32 bytes with padding

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static ReadOnlySpan<byte> Header => "strongroom root key v1"u8;

    private static ReadOnlySpan<byte> Advice =>
        "# Whoever has this file and the data can read every secret. Without it nobody can.\n# Keep a copy in a safe place, apart from backups of the data.\n"u8;

    public static void Create(string path, SecretBytes key)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0, // a buffer of the stream's would keep a copy of the key
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Private;

        var created = false;
        using var text = Encode(key);
        try
        {
            using (var file = new FileStream(path, options))
            {
                created = true;
                file.Write(text.Reveal());
                file.Flush(flushToDisk: true);
            }

            DirectorySync.Flush(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Half a key file would be taken for a damaged one at the next start.
            if (created)
                File.Delete(path);
            throw !created && File.Exists(path)
                ? new SealException($"The key file {path} exists already and is left as it is. Use it, or move it away if no data needs it.", e)
                : new SealException($"The key file {path} cannot be written: {e.Message} Make its directory writable, or name another path.", e);
        }
    }

    /// <returns>32 bytes; the caller owns them.</returns>
    public static SecretBytes Read(string path)
    {
        using var text = SecretBytes.Allocate(MostBytes);
        var length = PrivateFile.Read($"key file {path}", path, text.Writable, "Restore it from where you saved it; without it nothing can be read.");
        return Parse(text.Reveal()[..length]) ?? throw new SealException(
            $"The key file {path} is malformed. Restore it from where you saved it. If its creation was interrupted and no data was "
            + "sealed with it, delete it and start again.");
    }

    /// <summary>The header line, then comments and empty lines as one likes, then one line of base64.</summary>
    private static SecretBytes? Parse(ReadOnlySpan<byte> text)
    {
        SecretBytes? key = null;
        var first = true;
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range].Trim(" \t\r"u8);
            if (first)
            {
                if (!line.SequenceEqual(Header))
                    return null;
                first = false;
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                // A second key, or no key: which one is meant is not ours to guess.
                if (key is not null || (key = Decode(line)) is null)
                {
                    key?.Dispose();
                    return null;
                }
            }
        }

        return key;
    }

    private static SecretBytes? Decode(ReadOnlySpan<byte> line)
    {
        if (line.Length != Base64Bytes)
            return null;

        var key = SecretBytes.Allocate(CipherPool.KeyBytes);
        if (Base64.DecodeFromUtf8(line, key.Writable, out _, out var written) == System.Buffers.OperationStatus.Done && written == key.Length)
            return key;

        key.Dispose();
        return null;
    }

    private static SecretBytes Encode(SecretBytes key) =>
        SecretBytes.Create(Header.Length + 1 + Advice.Length + Base64Bytes + 1, key, static (text, key) =>
        {
            Header.CopyTo(text);
            text[Header.Length] = (byte)'\n';
            Advice.CopyTo(text[(Header.Length + 1)..]);
            Base64.EncodeToUtf8(key.Reveal(), text[(Header.Length + 1 + Advice.Length)..], out _, out _);
            text[^1] = (byte)'\n';
        });
}
