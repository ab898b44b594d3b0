using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

public sealed class KeyringTests : IDisposable
{
    private static readonly Binding Place = new(
        "111122223333", "eu-central-1", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-a1B2c3", "EXAMPLE1-90ab-cdef-fedc-ba987SECRET1");

    private readonly Keyring keyring = new(NewRootKey(), SystemEntropy.Instance);
    private readonly WrappedKey key;

    public KeyringTests() => key = keyring.NewKey("111122223333", "eu-central-1", DateTimeOffset.UnixEpoch);

    public void Dispose() => keyring.Dispose();

    [Fact]
    public void What_was_sealed_opens() =>
        Gen.Select(Gen.Byte.Array[0, 65536], Gen.Enum<SecretKind>(), Gen.String[0, 600].Where(IsUnicode)).Sample(
            (plaintext, kind, name) =>
            {
                var place = Place with { Arn = Place.Arn + name };
                var (value, opened) = keyring.Open(keyring.Seal(key.KeyId, kind, plaintext, place), place);
                using (value)
                    return value.Reveal().SequenceEqual(plaintext) && opened == kind;
            },
            iter: 300);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(65536)]
    [InlineData(65537)]
    public void Sizes_at_the_edges_of_the_buffers_open(int length)
    {
        var plaintext = RandomNumberGenerator.GetBytes(length);

        var (value, _) = keyring.Open(Seal(plaintext), Place);

        Assert.Equal(plaintext, value.Reveal());
        value.Dispose();
    }

    [Fact]
    public void A_value_opens_again_and_again_whatever_is_opened_between()
    {
        var values = Enumerable.Range(0, 3000).Select(i => (Text: $"value {i}", Value: Seal(Encoding.UTF8.GetBytes($"value {i}")))).ToArray();

        foreach (var (text, value) in values.Concat(values.Reverse()).Concat(values))
            Assert.Equal(text, OpenText(keyring, value));
    }

    [Fact]
    public void Many_threads_open_the_same_values()
    {
        var values = Enumerable.Range(0, 8).Select(i => (Text: $"value {i}", Value: Seal(Encoding.UTF8.GetBytes($"value {i}")))).ToArray();

        Parallel.For(0, 40_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            var (text, value) = values[i % values.Length];
            Assert.Equal(text, OpenText(keyring, value));
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_flipped_bit_is_refused(bool openedBefore)
    {
        var blob = Seal("secret"u8).Bytes.ToArray();
        if (openedBefore)
            OpenText(keyring, SealedValue.Parse(blob));

        for (var bit = 0; bit < 8 * blob.Length; bit++)
        {
            blob[bit / 8] ^= (byte)(1 << bit % 8);
            AssertRefused(SealedValue.Parse(blob.ToArray()), Place);
            blob[bit / 8] ^= (byte)(1 << bit % 8);
        }

        Assert.Equal("secret", OpenText(keyring, SealedValue.Parse(blob)));
    }

    [Fact]
    public void Every_truncation_and_any_addition_is_refused()
    {
        var blob = Seal("secret"u8).Bytes.ToArray();

        for (var length = 1; length < blob.Length; length++)
            AssertRefused(SealedValue.Parse(blob[..length]), Place);
        AssertRefused(SealedValue.Parse([.. blob, 0]), Place);
    }

    [Fact]
    public void Noise_is_refused() =>
        Gen.Byte.Array[1, 400].Sample(noise => AssertRefused(SealedValue.Parse(noise), Place), iter: 2000);

    public static TheoryData<Binding> Elsewhere =>
    [
        Place with { Account = "444455556666" },
        Place with { Region = "eu-west-1" },
        Place with { Arn = Place.Arn + "x" },
        Place with { VersionId = "EXAMPLE2-90ab-cdef-fedc-ba987SECRET2" },
        Place with { Account = Place.Account + "e", Region = Place.Region[1..] },
        Place with { Arn = "" },
        Place with { Arn = "\ud800" },
    ];

    [Theory]
    [MemberData(nameof(Elsewhere), DisableDiscoveryEnumeration = true)]
    public void A_value_that_was_moved_is_refused(Binding elsewhere)
    {
        var value = Seal("secret"u8);

        AssertRefused(value, elsewhere);

        // Again when its data key is known already.
        OpenText(keyring, value);
        AssertRefused(value, elsewhere);
    }

    [Fact]
    public void Parts_of_two_values_do_not_mix()
    {
        var one = Seal("secret"u8).Bytes.ToArray();
        var two = Seal("secret"u8).Bytes.ToArray();

        AssertRefused(SealedValue.Parse([.. one[..86], .. two[86..]]), Place);
        AssertRefused(SealedValue.Parse([.. one[..98], .. two[98..]]), Place);
    }

    [Fact]
    public void A_refused_value_leaves_no_plaintext_behind()
    {
        var value = Seal("secret"u8);
        var destination = new byte[6];

        Assert.Throws<DecryptionException>(() => keyring.Open(value, Place with { Region = "eu-west-1" }, destination, out _));

        Assert.Equal(new byte[6], destination);
    }

    [Fact]
    public void Opening_into_a_buffer_writes_the_plaintext_alone()
    {
        var destination = "----------"u8.ToArray();

        var written = keyring.Open(Seal("secret"u8), Place, destination, out var kind);

        Assert.Equal((6, SecretKind.String), (written, kind));
        Assert.Equal("secret----"u8, destination);
        Assert.Throws<ArgumentException>(() => keyring.Open(Seal("secret"u8), Place, new byte[5], out _));
    }

    [Fact]
    public void A_key_must_be_loaded_before_its_values_open()
    {
        var root = RandomNumberGenerator.GetBytes(32);
        using var writer = new Keyring(SecretBytes.CopyFrom(root), SystemEntropy.Instance);
        using var reader = new Keyring(SecretBytes.CopyFrom(root), SystemEntropy.Instance);
        var made = writer.NewKey("111122223333", "eu-central-1", DateTimeOffset.UnixEpoch);
        var value = writer.Seal(made.KeyId, SecretKind.String, "secret"u8, Place);

        Assert.Throws<DecryptionException>(() => reader.Open(value, Place));
        Assert.Throws<InvalidOperationException>(() => reader.Seal(made.KeyId, SecretKind.String, "secret"u8, Place));
        reader.Load(made);
        Assert.Equal("secret", OpenText(reader, value));
    }

    [Fact]
    public void Sealing_uses_the_newest_version_and_older_values_still_open()
    {
        var old = Seal("old"u8);
        var second = keyring.NewVersion(key, DateTimeOffset.UnixEpoch);
        keyring.Load(key);

        var fresh = Seal("new"u8);

        Assert.True(Keyring.TryReadKey(fresh, out var keyId, out var version));
        Assert.Equal((second.KeyId, 2), (keyId, version));
        Assert.Equal("old", OpenText(keyring, old));
        Assert.Equal("new", OpenText(keyring, fresh));
    }

    [Fact]
    public void The_same_plaintext_never_seals_to_the_same_bytes()
    {
        var one = Seal("secret"u8).Bytes.ToArray();
        var two = Seal("secret"u8).Bytes.ToArray();

        Assert.Equal(one[..26], two[..26]);
        Assert.NotEqual(one[38..70], two[38..70]); // the wrapped data keys
        Assert.NotEqual(one[98..], two[98..]);
    }

    [Fact]
    public void A_newer_format_is_no_value_of_ours()
    {
        var blob = Seal("secret"u8).Bytes.ToArray();
        blob[4] = 2;

        Assert.False(Keyring.TryReadKey(SealedValue.Parse(blob), out _, out _));
        AssertRefused(SealedValue.Parse(blob), Place);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void An_unknown_kind_cannot_be_sealed(byte kind) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => keyring.Seal(key.KeyId, (SecretKind)kind, "secret"u8, Place));

    [Fact]
    public void The_content_mac_repeats_for_the_same_content_and_differs_by_all_else()
    {
        var macs = Elsewhere.Select(row => row.Data).Where(binding => binding.Arn != "\ud800").Prepend(Place)
            .Select(binding => keyring.ContentMac(SecretKind.String, "secret"u8, binding))
            .Append(keyring.ContentMac(SecretKind.Binary, "secret"u8, Place))
            .Append(keyring.ContentMac(SecretKind.String, "secres"u8, Place))
            .Append(keyring.ContentMac(SecretKind.String, ""u8, Place))
            .Select(Convert.ToHexString).ToArray();
        using var other = new Keyring(NewRootKey(), SystemEntropy.Instance);

        Assert.Equal(macs.Length, macs.Distinct().Count());
        Assert.Equal(macs[0], Convert.ToHexString(keyring.ContentMac(SecretKind.String, "secret"u8, Place)));
        Assert.NotEqual(macs[0], Convert.ToHexString(other.ContentMac(SecretKind.String, "secret"u8, Place)));
    }

    [Fact]
    public void The_exception_gives_no_reason()
    {
        var moved = Assert.Throws<DecryptionException>(() => keyring.Open(Seal("secret"u8), Place with { Region = "x" }));
        var noise = Assert.Throws<DecryptionException>(() => keyring.Open(SealedValue.Parse([1]), Place));

        Assert.Equal(moved.Message, noise.Message);
        Assert.Null(moved.InnerException);
    }

    [Fact]
    public void After_dispose_nothing_works()
    {
        var value = Seal("secret"u8);
        OpenText(keyring, value);
        keyring.Dispose();

        Assert.Throws<ObjectDisposedException>(() => keyring.Open(value, Place));
        Assert.Throws<ObjectDisposedException>(() => Seal("secret"u8));
        Assert.Throws<ObjectDisposedException>(() => keyring.Load(key));
        Assert.Throws<ObjectDisposedException>(() => keyring.ContentMac(SecretKind.String, "secret"u8, Place));
        Assert.Throws<ObjectDisposedException>(() => keyring.ProtectToken("p", "x"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(33)]
    public void A_root_key_of_another_length_is_refused(int length) =>
        Assert.Throws<ArgumentException>(() => new Keyring(SecretBytes.CopyFrom(new byte[length]), SystemEntropy.Instance));

    private SealedValue Seal(ReadOnlySpan<byte> plaintext) => keyring.Seal(key.KeyId, SecretKind.String, plaintext, Place);

    private void AssertRefused(SealedValue value, Binding place) => Assert.Throws<DecryptionException>(() => keyring.Open(value, place));

    private static string OpenText(Keyring keyring, SealedValue value)
    {
        var (secret, _) = keyring.Open(value, Place);
        using (secret)
            return Encoding.UTF8.GetString(secret.Reveal());
    }

    private static SecretBytes NewRootKey() => SecretBytes.CopyFrom(RandomNumberGenerator.GetBytes(32));

    private static bool IsUnicode(string text) => !text.EnumerateRunes().Contains(Rune.ReplacementChar);
}
