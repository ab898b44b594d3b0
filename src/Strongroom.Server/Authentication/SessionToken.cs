using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Strongroom.Crypto;

namespace Strongroom.Server.Authentication;

/// <summary>Session tokens: sealed, so that any node opens one without a lookup and nobody else can. Format: docs/formats/session-token.md.</summary>
internal static class SessionToken
{
    /// <summary>Bytes of a secret access key.</summary>
    public const int SecretBytesLength = 40;

    // Longer than any token of ours, in characters: what is longer is not worth decoding.
    private const int MaxChars = 16_384;

    private const string Purpose = "session";
    private const byte FormatVersion = 1;
    private const int NonceOffset = 1;

    // Strict: two different broken texts must not become one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="secret">40 bytes of ASCII.</param>
    /// <exception cref="EncoderFallbackException">A text of the grant has a lone surrogate.</exception>
    public static string Seal(Keyring keyring, SessionGrant grant, SecretBytes secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretBytesLength, nameof(secret));
        var payload = new byte[Measure(grant)];
        try
        {
            Write(payload, grant, secret.Reveal());
            return Convert.ToBase64String(keyring.ProtectToken(Purpose, payload));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(payload);
        }
    }

    /// <param name="serial">Tells tokens apart that happen to have one access key id: signing keys are kept under both.</param>
    /// <returns>False for anything that <see cref="Seal"/> did not make under this root key.</returns>
    public static bool TryOpen(Keyring keyring, string token, [NotNullWhen(true)] out SessionGrant? grant, out long serial)
    {
        grant = TryOpenPayload(keyring, token, out var payload, out serial) ? Read(payload) : null;
        CryptographicOperations.ZeroMemory(payload);
        return grant is not null;
    }

    /// <summary>The secret access key in a token that has been opened before.</summary>
    /// <exception cref="DecryptionException">It does not open.</exception>
    public static SecretBytes OpenSecret(Keyring keyring, string token)
    {
        if (!TryOpenPayload(keyring, token, out var payload, out _))
            throw new DecryptionException();
        var secret = SecretBytes.CopyFrom(payload.AsSpan(SecretOffset, SecretBytesLength));
        CryptographicOperations.ZeroMemory(payload);
        return secret;
    }

    /// <summary>Bytes that policies and tags take in a token: what AWS calls the packed size.</summary>
    public static int PackedBytes(SessionGrant grant) =>
        TextBytes(grant.Policy) + grant.PolicyArns.Sum(TextBytes)
        + grant.Tags.Sum(tag => TextBytes(tag.Key) + TextBytes(tag.Value)) + grant.TransitiveTagKeys.Sum(TextBytes);

    private const int SecretOffset = 20;
    private const int HeadBytes = SecretOffset + SecretBytesLength;

    private static bool TryOpenPayload(Keyring keyring, string token, out byte[] payload, out long serial)
    {
        payload = [];
        serial = 0;
        if (token.Length is 0 or > MaxChars)
            return false;
        var bytes = new byte[token.Length / 4 * 3];
        // Strictly what Seal writes: base64 decoders let white space and stray bits pass, and one session would have many tokens.
        if (token.Length % 4 != 0 || !Convert.TryFromBase64String(token, bytes, out var length) || !Convert.ToBase64String(bytes, 0, length).Equals(token, StringComparison.Ordinal))
            return false;
        if (!keyring.TryOpenToken(Purpose, bytes.AsSpan(0, length), out payload))
            return false;
        serial = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(NonceOffset));
        return payload.Length >= HeadBytes && payload[0] == FormatVersion;
    }

    private static int Measure(SessionGrant grant) =>
        HeadBytes
        + TextBytes(grant.Account) + TextBytes(grant.AccessKeyId) + TextBytes(grant.EntityId) + TextBytes(grant.EntityName) + TextBytes(grant.SessionName)
        + TextBytes(grant.SourceIdentity) + TextBytes(grant.FederatedProvider) + TextBytes(grant.Subject) + TextBytes(grant.Audience)
        + 3 * sizeof(ushort) + PackedBytes(grant);

    private static int TextBytes(string? text) => sizeof(ushort) + (text is null ? 0 : Utf8.GetByteCount(text));

    private static void Write(byte[] payload, SessionGrant grant, ReadOnlySpan<byte> secret)
    {
        payload[0] = FormatVersion;
        payload[1] = (byte)grant.Kind;
        payload[2] = (byte)Math.Min(grant.ChainDepth, byte.MaxValue);
        payload[3] = 0; // no flag is defined yet
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(4), grant.IssuedAt.ToUnixTimeSeconds());
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(12), grant.ExpiresAt.ToUnixTimeSeconds());
        secret.CopyTo(payload.AsSpan(SecretOffset));
        var writer = new FieldWriter(payload, HeadBytes);
        writer.Text(grant.Account);
        writer.Text(grant.AccessKeyId);
        writer.Text(grant.EntityId);
        writer.Text(grant.EntityName);
        writer.Text(grant.SessionName);
        writer.Text(grant.SourceIdentity);
        writer.Text(grant.FederatedProvider);
        writer.Text(grant.Subject);
        writer.Text(grant.Audience);
        writer.Number(grant.Tags.Count);
        foreach (var (key, value) in grant.Tags)
        {
            writer.Text(key);
            writer.Text(value);
        }

        writer.Texts(grant.TransitiveTagKeys);
        writer.Text(grant.Policy);
        writer.Texts(grant.PolicyArns);
    }

    /// <returns>Null for a payload of another version of this program that does not read as this one's.</returns>
    private static SessionGrant? Read(byte[] payload)
    {
        if (payload[3] != 0 || payload[1] is < (byte)SessionKind.Role or > (byte)SessionKind.Federated)
            return null;
        try
        {
            var reader = new FieldReader(payload, HeadBytes);
            var grant = new SessionGrant
            {
                Kind = (SessionKind)payload[1],
                ChainDepth = payload[2],
                IssuedAt = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(payload.AsSpan(4))),
                ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(payload.AsSpan(12))),
                Account = reader.Text(),
                AccessKeyId = reader.Text(),
                EntityId = reader.Text(),
                EntityName = reader.Text(),
                SessionName = reader.Text(),
                SourceIdentity = reader.TextOrNull(),
                FederatedProvider = reader.TextOrNull(),
                Subject = reader.Text(),
                Audience = reader.Text(),
                Tags = reader.Pairs(),
                TransitiveTagKeys = reader.Texts(),
                Policy = reader.TextOrNull(),
                PolicyArns = reader.Texts(),
            };
            return reader.IsAtEnd ? grant : null;
        }
        catch (ArgumentException)
        {
            // A length that leads beyond the end, or a date that is none.
            return null;
        }
    }

    private ref struct FieldWriter(Span<byte> payload, int at)
    {
        private readonly Span<byte> payload = payload;

        public void Text(string? text)
        {
            var count = Utf8.GetBytes(text ?? "", payload[(at + sizeof(ushort))..]);
            Number(count);
            at += count;
        }

        public void Texts(IReadOnlyList<string> texts)
        {
            Number(texts.Count);
            foreach (var text in texts)
                Text(text);
        }

        public void Number(int value)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload[at..], checked((ushort)value));
            at += sizeof(ushort);
        }
    }

    private ref struct FieldReader(ReadOnlySpan<byte> payload, int at)
    {
        private readonly ReadOnlySpan<byte> payload = payload;

        public readonly bool IsAtEnd => at == payload.Length;

        public string? TextOrNull() => Text() is { Length: > 0 } text ? text : null;

        public string Text()
        {
            var count = Number();
            var text = Utf8.GetString(payload.Slice(at, count));
            at += count;
            return text;
        }

        public string[] Texts()
        {
            var texts = new string[Number()];
            for (var i = 0; i < texts.Length; i++)
                texts[i] = Text();
            return texts;
        }

        public KeyValuePair<string, string>[] Pairs()
        {
            var pairs = new KeyValuePair<string, string>[Number()];
            for (var i = 0; i < pairs.Length; i++)
                pairs[i] = new(Text(), Text());
            return pairs;
        }

        private int Number()
        {
            var value = BinaryPrimitives.ReadUInt16BigEndian(payload.Slice(at, sizeof(ushort)));
            at += sizeof(ushort);
            return value;
        }
    }
}
