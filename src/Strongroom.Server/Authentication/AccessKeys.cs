using System.Text;
using Strongroom.Crypto;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Authentication;

/// <summary>Makes access keys in AWS's format. Source: IAM fact sheet 5.4.</summary>
internal static class AccessKeys
{
    /// <summary>How long-term keys begin.</summary>
    public const string LongTerm = "AKIA";

    /// <summary>How the keys of sessions begin.</summary>
    public const string Temporary = "ASIA";

    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>Where an access key's secret is sealed: bound to its account and its id.</summary>
    public static Binding Place(string account, string accessKeyId) =>
        new(account, Keys.KeyDirectory.Global, $"arn:aws:iam::{account}:access-key/{accessKeyId}", accessKeyId);

    public static string RootArn(string account) => $"arn:aws:iam::{account}:root";

    /// <summary>A new key id: characters 5 to 13 encode the account, as on AWS, so that tools can tell whose key it is.</summary>
    public static string NewId(string account, Entropy entropy, string prefix = LongTerm)
    {
        var number = long.Parse(account, System.Globalization.CultureInfo.InvariantCulture);
        var encoded = (number / 2) + (1L << 39);
        var text = new StringBuilder(prefix);
        for (var shift = 35; shift >= 0; shift -= 5)
            text.Append(Base32[(int)((encoded >> shift) & 31)]);
        text.Append(Base32[(number % 2 == 0 ? 0 : 16) + entropy.Below(16)]);
        return text.Append(entropy.NewAlphanumeric(7, Base32)).ToString();
    }

    /// <summary>The account that a key id in AWS's format encodes; null for any other text. Says nothing of whether there is such a key.</summary>
    public static string? AccountOf(string accessKeyId)
    {
        const int Prefix = 4;
        const int Digits = 8;
        if (accessKeyId.Length != 20 || !(accessKeyId.StartsWith(LongTerm, StringComparison.Ordinal) || accessKeyId.StartsWith(Temporary, StringComparison.Ordinal)))
            return null;
        var encoded = 0L;
        foreach (var c in accessKeyId.AsSpan(Prefix, Digits))
        {
            var value = Base32.IndexOf(c, StringComparison.Ordinal);
            if (value < 0)
                return null;
            encoded = (encoded << 5) | (uint)value;
        }

        var half = Base32.IndexOf(accessKeyId[Prefix + Digits], StringComparison.Ordinal);
        var number = ((encoded - (1L << 39)) * 2) + (half >= 16 ? 1 : 0);
        return half >= 0 && number is >= 0 and < 1_000_000_000_000
            ? number.ToString("D12", System.Globalization.CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>A new secret access key: 40 characters of base64, 30 random bytes, in ASCII.</summary>
    public static SecretBytes NewSecret(Entropy entropy)
    {
        Span<byte> random = stackalloc byte[30];
        Span<byte> text = stackalloc byte[40];
        entropy.Fill(random);
        System.Buffers.Text.Base64.EncodeToUtf8(random, text, out _, out _);
        var secret = SecretBytes.CopyFrom(text);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(random);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(text);
        return secret;
    }

    /// <summary>A new, active key with its secret sealed at its place.</summary>
    /// <param name="userName">Null for the account's root.</param>
    public static IamAccessKey New(
        string account, string accessKeyId, string? userName, SecretBytes secret, Guid identityKey, Keyring keyring, DateTimeOffset now) => new()
        {
            AccessKeyId = accessKeyId,
            UserName = userName,
            CreatedAtMs = now.ToUnixTimeMilliseconds(),
            Sealed = keyring.Seal(identityKey, SecretKind.Identity, secret.Reveal(), Place(account, accessKeyId)),
        };
}
