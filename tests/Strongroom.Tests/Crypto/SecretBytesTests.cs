using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

/// <remarks>Alone, because these tests look into buffers that they gave back: another test might be using them.</remarks>
[CollectionDefinition(nameof(SecretBytesTests), DisableParallelization = true)]
[Collection(nameof(SecretBytesTests))]
public sealed class SecretBytesTests
{
    [Fact]
    public void It_holds_a_copy()
    {
        var source = "secret"u8.ToArray();
        using var secret = SecretBytes.CopyFrom(source);
        source[0] = 0;

        Assert.Equal("secret"u8, secret.Reveal());
        Assert.Equal(6, secret.Length);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(100_000)]
    public void Dispose_zeroes_every_byte(int length)
    {
        var secret = SecretBytes.Create(length, (byte)7, static (bytes, value) => bytes.Fill(value));
        var stale = secret.Reveal(); // what nobody should keep

        secret.Dispose();

        Assert.Equal(new byte[length], stale);
    }

    [Fact]
    public void Reveal_after_dispose_throws()
    {
        var secret = SecretBytes.CopyFrom("secret"u8);
        secret.Dispose();
        secret.Dispose();

        Assert.Throws<ObjectDisposedException>(() => secret.Reveal().Length);
    }

    [Fact]
    public void Two_owners_never_share_a_buffer_even_when_one_is_disposed_twice()
    {
        var first = SecretBytes.CopyFrom("first"u8);
        first.Dispose();
        first.Dispose();

        using var one = SecretBytes.CopyFrom("one"u8);
        using var two = SecretBytes.CopyFrom("two"u8);

        Assert.Equal("one"u8, one.Reveal());
        Assert.Equal("two"u8, two.Reveal());
    }

    [Fact]
    public void A_reused_buffer_starts_as_zeros()
    {
        for (var i = 0; i < 100; i++)
        {
            using var secret = SecretBytes.Create(200, i, static (bytes, i) =>
            {
                Assert.Equal(new byte[200], bytes);
                bytes.Fill((byte)(i + 1));
            });
        }
    }

    [Fact]
    public void What_the_fill_throws_is_passed_on() =>
        Assert.Throws<FormatException>(() => SecretBytes.Create(4, 0, static (_, _) => throw new FormatException()));

    [Fact]
    public void It_prints_as_redacted()
    {
        using var secret = SecretBytes.CopyFrom("secret"u8);

        Assert.Equal("[redacted]", $"{secret}");
    }
}
