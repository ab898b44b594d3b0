using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// An SSH key pair: JSON with <c>privateKey</c> (PEM, PKCS#8) and <c>publicKey</c>, a line for <c>authorized_keys</c>; <c>keyType</c> and <c>comment</c> are
/// the owner's, and other members stay. Where a webhook is configured, it gets the public key alone.
/// </summary>
internal sealed class SshKeyRotator : IRotator
{
    public const string TypeSetting = "KEY_TYPE";

    private const int MaxCommentChars = 256;

    public async Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var existing = await secret.FindPendingAsync(ct);
        if (existing is not null)
            return;
        using var current = JsonSecret.Read(await secret.FindAsync(StagingLabels.Current, ct), secret.Arn);
        using var pair = KeyPair.New(current.Find("keyType") ?? secret.Environment.GetValueOrDefault(TypeSetting));
        var line = Encoding.UTF8.GetBytes(Line(pair, current.Find("comment")));
        var pem = pair.PrivatePem();
        try
        {
            using var value = current.With(("privateKey", pem), ("publicKey", line));
            await secret.StorePendingAsync(value, ct);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }
    }

    public Task SetSecretAsync(RotatedSecret secret, CancellationToken ct) => CheckAndTellAsync(secret, RotationStep.SetSecret, ct);

    public Task TestSecretAsync(RotatedSecret secret, CancellationToken ct) => CheckAndTellAsync(secret, RotationStep.TestSecret, ct);

    private static async Task CheckAndTellAsync(RotatedSecret secret, RotationStep step, CancellationToken ct)
    {
        using var pending = JsonSecret.Read(await secret.FindPendingAsync(ct), $"version {secret.Token}");
        using var pair = KeyPair.Read(pending.Require("privateKey"), "The member privateKey");
        var line = pending.Require("publicKey");
        if (line != Line(pair, pending.Find("comment")))
            throw new RotationException("The members privateKey and publicKey do not belong together.");
        await ApplyingWebhook.PostAsync(secret, step, writer => writer.WriteString("PublicKey"u8, line), ct);
    }

    // A line break in a comment would begin another line of authorized_keys: another key, which the writer of the comment chose.
    private static string Line(KeyPair pair, string? comment) =>
        string.IsNullOrEmpty(comment) ? Key(pair)
        : comment.Length <= MaxCommentChars && !comment.Any(char.IsControl) ? $"{Key(pair)} {comment}"
        : throw new RotationException($"The member comment must be one line of at most {MaxCommentChars} characters.");

    /// <summary>Source: RFC 4253 section 6.6, RFC 5656 section 3.1.</summary>
    private static string Key(KeyPair pair)
    {
        var blob = new ArrayBufferWriter<byte>(600);
        string type;
        if (pair.Ecdsa is { } ecdsa)
        {
            var curve = ecdsa.KeySize == 256 ? "nistp256" : "nistp384";
            type = "ecdsa-sha2-" + curve;
            var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
            Write(blob, Encoding.ASCII.GetBytes(type));
            Write(blob, Encoding.ASCII.GetBytes(curve));
            Write(blob, [0x04, .. point.X!, .. point.Y!]);
        }
        else
        {
            type = "ssh-rsa";
            var key = pair.Rsa!.ExportParameters(includePrivateParameters: false);
            Write(blob, Encoding.ASCII.GetBytes(type));
            Write(blob, Number(key.Exponent!));
            Write(blob, Number(key.Modulus!));
        }

        return $"{type} {Convert.ToBase64String(blob.WrittenSpan)}";
    }

    // A number that would look negative gets a zero in front. Source: RFC 4251 section 5, mpint.
    private static byte[] Number(byte[] bigEndian) => bigEndian[0] >= 0x80 ? [0, .. bigEndian] : bigEndian;

    private static void Write(ArrayBufferWriter<byte> blob, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteInt32BigEndian(blob.GetSpan(4), text.Length);
        blob.Advance(4);
        blob.Write(text);
    }
}
