using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

public sealed class WrappedKeyTests
{
    private static readonly JsonElement File = Vectors.Read("wrapped-key.json");

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, File.GetProperty("keys").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Indices))]
    public void A_key_wrapped_by_another_implementation_loads(int index)
    {
        var key = Vectors.Key(File.GetProperty("keys")[index]);
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);

        keyring.Load(key);
        keyring.Load(key);

        Assert.True(keyring.IsLoaded(key.KeyId, key.Version));
    }

    [Fact]
    public void A_new_key_made_with_the_same_chance_has_the_same_bytes()
    {
        var vector = File.GetProperty("keys")[0];
        var expected = Vectors.Key(vector);
        using var keyring = Vectors.Keyring(
            File, new TapeEntropy([.. expected.KeyId.ToByteArray(bigEndian: true), .. vector.Hex("material"), .. vector.Hex("nonce")]));

        var key = keyring.NewKey(expected.Account, expected.Region, DateTimeOffset.UnixEpoch);

        Assert.Equal(expected.Material, key.Material);
        Assert.Equal(expected with { Material = key.Material }, key);
        Assert.True(keyring.IsLoaded(key.KeyId, 1));
    }

    [Fact]
    public void A_new_version_made_with_the_same_chance_has_the_same_bytes()
    {
        var vector = File.GetProperty("keys")[1];
        using var keyring = Vectors.Keyring(File, new TapeEntropy([.. vector.Hex("material"), .. vector.Hex("nonce")]));

        var key = keyring.NewVersion(Vectors.Key(File.GetProperty("keys")[0]), DateTimeOffset.UnixEpoch);

        Assert.Equal(Vectors.Key(vector).Material, key.Material);
        Assert.Equal(2, key.Version);
    }

    public static TheoryData<string, WrappedKey> Wrong
    {
        get
        {
            var key = Vectors.Key(File.GetProperty("keys")[0]);
            return new()
            {
                { "account", key with { Account = "111122223334" } },
                { "region", key with { Region = "eu-central-2" } },
                { "boundary between account and region", key with { Account = key.Account + "e", Region = key.Region[1..] } },
                { "id", key with { KeyId = new Guid("00000000-0000-4000-8000-000000000000") } },
                { "version", key with { Version = 2 } },
                { "version zero", key with { Version = 0 } },
                { "negative version", key with { Version = -1 } },
                { "text that is not Unicode", key with { Region = "\ud800" } },
                { "empty", key with { Material = [] } },
                { "short", key with { Material = key.Material[..^1] } },
                { "long", key with { Material = [.. key.Material, 0] } },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_key_that_was_moved_is_refused(string what, WrappedKey key)
    {
        Assert.NotEmpty(what);
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);

        Assert.Throws<DecryptionException>(() => keyring.Load(key));

        Assert.False(keyring.IsLoaded(key.KeyId, key.Version));
    }

    [Fact]
    public void Every_flipped_byte_is_refused()
    {
        var key = Vectors.Key(File.GetProperty("keys")[0]);
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);

        for (var i = 0; i < key.Material.Length; i++)
        {
            var material = key.Material.ToArray();
            material[i] ^= 1;
            Assert.Throws<DecryptionException>(() => keyring.Load(key with { Material = material }));
        }
    }

    [Fact]
    public void Another_root_key_is_refused()
    {
        using var keyring = new Keyring(SecretBytes.CopyFrom(new byte[32]), SystemEntropy.Instance);

        Assert.Throws<DecryptionException>(() => keyring.Load(Vectors.Key(File.GetProperty("keys")[0])));
    }
}
