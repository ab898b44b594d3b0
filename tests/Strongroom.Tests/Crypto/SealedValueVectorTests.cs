using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

public sealed class SealedValueVectorTests
{
    private static readonly JsonElement File = Vectors.Read("sealed-value.json");

    public static TheoryData<string> Names => [.. File.GetProperty("values").EnumerateArray().Select(value => value.Text("name"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_sealed_by_another_implementation_opens(string name)
    {
        var vector = Find(name);
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);
        keyring.Load(KeyOf(vector));

        var (value, kind) = keyring.Open(SealedValue.Parse(vector.Hex("sealed")), Vectors.Binding(vector));

        Assert.Equal(vector.Hex("plaintext"), value.Reveal());
        Assert.Equal(Vectors.Kind(vector), kind);
        value.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Sealing_with_the_same_chance_gives_the_same_bytes(string name)
    {
        var vector = Find(name);
        var tape = new TapeEntropy([.. vector.Hex("dataKey"), .. vector.Hex("wrapNonce"), .. vector.Hex("valueNonce")]);
        using var keyring = Vectors.Keyring(File, tape);
        var key = KeyOf(vector);
        keyring.Load(key);

        var value = keyring.Seal(key.KeyId, Vectors.Kind(vector), vector.Hex("plaintext"), Vectors.Binding(vector));

        Assert.Equal(vector.Hex("sealed"), value.Bytes.ToArray());
        Assert.True(tape.IsPlayed);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_header_names_the_key(string name)
    {
        var vector = Find(name);
        var key = KeyOf(vector);

        Assert.True(Keyring.TryReadKey(SealedValue.Parse(vector.Hex("sealed")), out var keyId, out var version));

        Assert.Equal((key.KeyId, key.Version), (keyId, version));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_content_mac_is_that_of_another_implementation(string name)
    {
        var vector = Find(name);
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);

        var mac = keyring.ContentMac(Vectors.Kind(vector), vector.Hex("plaintext"), Vectors.Binding(vector));

        Assert.Equal(vector.Hex("contentMac"), mac);
    }

    private static JsonElement Find(string name) =>
        File.GetProperty("values").EnumerateArray().Single(value => value.Text("name") == name);

    private static WrappedKey KeyOf(JsonElement value) => Vectors.Key(File.GetProperty("keys")[value.GetProperty("key").GetInt32()]);
}
