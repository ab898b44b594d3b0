using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

public sealed class TokenTests
{
    private static readonly JsonElement File = Vectors.Read("paging-token.json");

    public static TheoryData<string> Purposes => [.. File.GetProperty("tokens").EnumerateArray().Select(token => token.Text("purpose"))];

    [Theory]
    [MemberData(nameof(Purposes))]
    public void A_token_made_by_another_implementation_opens_and_is_made_alike(string purpose)
    {
        var vector = File.GetProperty("tokens").EnumerateArray().Single(token => token.Text("purpose") == purpose);
        using var keyring = Vectors.Keyring(File, new TapeEntropy(vector.Hex("nonce")));

        Assert.True(keyring.TryOpenToken(purpose, vector.Hex("token"), out var payload));
        Assert.Equal(vector.Hex("payload"), payload);
        Assert.Equal(vector.Hex("token"), keyring.ProtectToken(purpose, payload));
    }

    [Fact]
    public void A_token_of_another_purpose_is_refused()
    {
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);
        var token = keyring.ProtectToken("ListSecrets", "page"u8);

        Assert.False(keyring.TryOpenToken("ListKeys", token, out var payload));
        Assert.Empty(payload);
        Assert.True(keyring.TryOpenToken("ListSecrets", token, out _));
    }

    [Fact]
    public void A_token_of_another_root_key_is_refused()
    {
        using var one = Vectors.Keyring(File, SystemEntropy.Instance);
        using var other = new Keyring(SecretBytes.CopyFrom(new byte[32]), SystemEntropy.Instance);

        Assert.False(other.TryOpenToken("ListSecrets", one.ProtectToken("ListSecrets", "page"u8), out _));
    }

    [Fact]
    public void A_token_that_was_altered_or_cut_is_refused()
    {
        using var keyring = Vectors.Keyring(File, SystemEntropy.Instance);
        var token = keyring.ProtectToken("ListSecrets", "page"u8);

        for (var i = 0; i < token.Length; i++)
        {
            var flipped = token.ToArray();
            flipped[i] ^= 0x80;
            Assert.False(keyring.TryOpenToken("ListSecrets", flipped, out _));
            Assert.False(keyring.TryOpenToken("ListSecrets", token.AsSpan(0, i), out _));
        }
    }
}
