using System.Collections.Concurrent;
using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

public sealed class EntropyTests
{
    [Fact]
    public void A_new_guid_is_version_4_of_RFC_4122()
    {
        var fromZeros = new TapeEntropy(new byte[16]).NewGuid();
        var fromOnes = new TapeEntropy([.. Enumerable.Repeat((byte)0xFF, 16)]).NewGuid();

        Assert.Equal("00000000-0000-4000-8000-000000000000", fromZeros.ToString());
        Assert.Equal("ffffffff-ffff-4fff-bfff-ffffffffffff", fromOnes.ToString());
    }

    [Fact]
    public void System_guids_never_repeat_on_any_thread()
    {
        var seen = new ConcurrentDictionary<Guid, bool>();

        Parallel.For(0, 50_000, _ => Assert.True(seen.TryAdd(SystemEntropy.Instance.NewGuid(), true)));

        Assert.All(seen.Keys, id => Assert.Equal(4, id.Version));
    }

    [Fact]
    public void System_entropy_fills_the_whole_span()
    {
        Span<byte> bytes = stackalloc byte[64];
        SystemEntropy.Instance.Fill(bytes);

        // Eight zeros in a row come once in 2^64.
        for (var i = 0; i < bytes.Length; i += 8)
            Assert.NotEqual(0UL, BitConverter.ToUInt64(bytes[i..]));
    }

    [Fact]
    public void Below_draws_again_where_small_numbers_would_be_favoured()
    {
        // 2^32 is 1 more than a multiple of 3: the last number of the range is left over.
        var tape = new TapeEntropy(0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 5);

        Assert.Equal(2, tape.Below(3));
        Assert.True(tape.IsPlayed);
    }

    [Fact]
    public void Below_reaches_each_number_and_no_other()
    {
        var drawn = Enumerable.Range(0, 2000).Select(_ => SystemEntropy.Instance.Below(7)).Distinct().Order();

        Assert.Equal([0, 1, 2, 3, 4, 5, 6], drawn);
        Assert.Equal(0, SystemEntropy.Instance.Below(1));
        Assert.InRange(SystemEntropy.Instance.Below(int.MaxValue), 0, int.MaxValue - 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Below_refuses_an_empty_range(int bound) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SystemEntropy.Instance.Below(bound));

    [Fact]
    public void An_alphabet_is_drawn_from_evenly()
    {
        // 256 is 6 more than a multiple of 10: bytes from 250 on are drawn again.
        var tape = new TapeEntropy([250, 255, 0, 11, 249, .. new byte[59]]);

        Assert.Equal("019", tape.NewAlphanumeric(3, "0123456789"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(1000)]
    public void A_string_has_its_length_and_only_characters_of_its_alphabet(int length)
    {
        var text = SystemEntropy.Instance.NewAlphanumeric(length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");

        Assert.Matches($"^[A-Z2-7]{{{length}}}$", text);
    }

    [Fact]
    public void System_entropy_is_the_only_source_of_chance_in_shipped_assemblies()
    {
        var sources = typeof(Entropy).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Entropy)));

        Assert.Equal([typeof(SystemEntropy)], sources);
    }
}
