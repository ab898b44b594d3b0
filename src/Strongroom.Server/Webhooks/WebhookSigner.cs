using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Strongroom.Crypto;
using Strongroom.Storage;

namespace Strongroom.Server.Webhooks;

/// <summary>
/// Signs bodies: <c>t=SECONDS,v1=HEX</c>, where HEX is the HMAC-SHA256 of <c>SECONDS.BODY</c>, one <c>v1</c> for each secret, so that a secret can be
/// exchanged without a moment at which signatures fail. Format: docs/formats/webhook-signature.md.
/// </summary>
internal sealed class WebhookSigner : IDisposable
{
    public const string Header = "Strongroom-Signature";

    /// <summary>Shorter ones can be guessed from one signed body.</summary>
    public const int MinSecretBytes = 32;

    private const int MaxFileBytes = 4096;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private readonly IReadOnlyList<SecretBytes> secrets;

    internal WebhookSigner(params IReadOnlyList<SecretBytes> secrets) => this.secrets = secrets;

    /// <param name="what">Whose secret it is, for messages.</param>
    /// <exception cref="StoreRefusedException">There is no secret, it is too short, or others can read it; the message says what to do.</exception>
    public static WebhookSigner Open(WebhookOptions options, string what)
    {
        if (options.SecretFile is { } file)
            return new WebhookSigner(ReadFile(file, what));
        if (options.Secret is not { } secret)
            throw new StoreRefusedException($"{what} has no signing secret. Name a file with one, such as of: openssl rand -hex 32");
        if (secret.Length < MinSecretBytes)
            throw new StoreRefusedException($"The signing secret of {what} is shorter than {MinSecretBytes} characters. Make one with: openssl rand -hex 32");
        return new WebhookSigner(SecretBytes.CopyFrom(secret.Reveal()));
    }

    /// <summary>The header's value.</summary>
    public string Sign(ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var seconds = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var header = new StringBuilder("t=").Append(seconds);
        Span<byte> mac = stackalloc byte[SHA256.HashSizeInBytes];
        foreach (var secret in secrets)
        {
            using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret.Reveal());
            hash.AppendData(Encoding.ASCII.GetBytes(seconds + "."));
            hash.AppendData(body);
            hash.GetHashAndReset(mac);
            header.Append(",v1=").Append(Convert.ToHexStringLower(mac));
        }

        return header.ToString();
    }

    public void Dispose()
    {
        foreach (var secret in secrets)
            secret.Dispose();
    }

    private static List<SecretBytes> ReadFile(string path, string what)
    {
        var text = new byte[MaxFileBytes];
        var secrets = new List<SecretBytes>();
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0)
                throw new StoreRefusedException($"The signing secret of {what} is open to other users of this machine. Run: chmod 600 {path}");
            var length = RandomAccess.Read(file, text, 0);
            foreach (var range in text.AsSpan(0, length).Split((byte)'\n'))
            {
                var line = text.AsSpan(0, length)[range].Trim(" \t\r"u8);
                if (line.Length == 0)
                    continue;
                if (line.Length < MinSecretBytes)
                    throw new StoreRefusedException($"A signing secret in {path} is shorter than {MinSecretBytes} characters. Make one with: openssl rand -hex 32");
                secrets.Add(SecretBytes.CopyFrom(line));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The signing secret of {what} can't be read: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }

        return secrets.Count > 0 ? secrets : throw new StoreRefusedException($"{path} holds no signing secret. Write one into it, such as of: openssl rand -hex 32");
    }
}
