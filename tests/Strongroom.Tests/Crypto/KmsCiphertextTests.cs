using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

public sealed class KmsCiphertextTests
{
    private static readonly JsonElement File = Vectors.Read("kms-ciphertext.json");

    public static TheoryData<int> Indices => [.. Enumerable.Range(0, File.GetProperty("ciphertexts").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Indices))]
    public void A_ciphertext_of_another_implementation_is_decrypted_and_made_again(int index)
    {
        var (vector, key) = Vector(index);
        var context = Context(vector);
        using var keyring = Vectors.Keyring(File, new TapeEntropy(vector.Hex("nonce")));
        keyring.Load(key);

        using var plaintext = keyring.Decrypt(vector.Hex("ciphertext"), key.Account, key.Region, context);
        var again = keyring.Encrypt(key.KeyId, key.Version, key.Account, key.Region, context, vector.Hex("plaintext"));

        Assert.Equal(vector.Text("plaintext"), Convert.ToHexStringLower(plaintext.Reveal()));
        Assert.Equal(vector.Text("ciphertext"), Convert.ToHexStringLower(again));
        Assert.True(Keyring.TryReadKey(again, out var id, out var version));
        Assert.Equal((key.KeyId, key.Version), (id, version));
    }

    [Fact]
    public void Another_place_context_or_root_key_decrypts_nothing()
    {
        var (vector, key) = Vector(2);
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);
        keyring.Load(key);
        var blob = vector.Hex("ciphertext");
        var context = Context(vector);

        Assert.Throws<DecryptionException>(() => keyring.Decrypt(blob, "999999999999", key.Region, context));
        Assert.Throws<DecryptionException>(() => keyring.Decrypt(blob, key.Account, "us-east-1", context));
        Assert.Throws<DecryptionException>(() => keyring.Decrypt(blob, key.Account, key.Region, new Dictionary<string, string>(context) { ["more"] = "" }));
        Assert.Throws<DecryptionException>(() => keyring.Decrypt(blob, key.Account, key.Region, new Dictionary<string, string>(context) { ["\ud800"] = "" }));
    }

    [Fact]
    public void A_forgotten_key_decrypts_and_opens_nothing()
    {
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);
        var key = keyring.NewKey("111122223333", "eu-central-1", DateTimeOffset.UnixEpoch);
        var place = new Binding(key.Account, key.Region, "arn", "v");
        var blob = keyring.Encrypt(key.KeyId, 1, key.Account, key.Region, new Dictionary<string, string>(), "x"u8);
        var value = keyring.Seal(key.KeyId, SecretKind.String, "x"u8, place);
        keyring.Open(value, place).Value.Dispose(); // its data key is now known

        keyring.Forget(key.KeyId);

        Assert.False(keyring.IsLoaded(key.KeyId, 1));
        Assert.Throws<DecryptionException>(() => keyring.Decrypt(blob, key.Account, key.Region, new Dictionary<string, string>()));
        Assert.Throws<DecryptionException>(() => keyring.Open(value, place));
    }

    [Fact]
    public void A_prepared_version_seals_nothing_until_it_is_loaded()
    {
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);
        var first = keyring.NewKey("111122223333", "eu-central-1", DateTimeOffset.UnixEpoch);
        var place = new Binding(first.Account, first.Region, "arn", "v");

        var second = keyring.PrepareVersion(first, DateTimeOffset.UnixEpoch);

        Assert.Equal(2, second.Version);
        Assert.Equal(1, VersionOf(keyring.Seal(first.KeyId, SecretKind.String, "x"u8, place)));
        keyring.Load(second);
        Assert.Equal(2, VersionOf(keyring.Seal(first.KeyId, SecretKind.String, "x"u8, place)));
    }

    private static int VersionOf(SealedValue value) => Keyring.TryReadKey(value, out _, out var version) ? version : 0;

    private static (JsonElement Vector, WrappedKey Key) Vector(int index)
    {
        var vector = File.GetProperty("ciphertexts")[index];
        return (vector, Vectors.Key(File.GetProperty("keys")[vector.GetProperty("key").GetInt32()]));
    }

    private static Dictionary<string, string> Context(JsonElement vector) =>
        vector.GetProperty("context").EnumerateObject().ToDictionary(pair => pair.Name, pair => pair.Value.GetString()!);
}
