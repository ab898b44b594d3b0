using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

public sealed class SigningKeyCacheTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 12, 30, 45, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);

    [Fact]
    public void A_derived_key_is_found_again()
    {
        using var cache = new SigningKeyCache(_time);
        Assert.False(Has(cache, Authorization("A", Now), 1));

        cache.Derive(Authorization("A", Now), 1, "secret"u8).Dispose();

        Assert.True(Has(cache, Authorization("A", Now), 1));
    }

    [Fact]
    public void A_key_signs_the_same_however_often_it_was_lent()
    {
        var bytes = new byte[SigningKeyCache.KeySize];
        Signature.DeriveKey("secret"u8, "20260115", "eu-west-1", "secretsmanager", bytes);
        var expected = HMACSHA256.HashData(bytes, "message"u8);
        using var cache = new SigningKeyCache(_time);

        using (var derived = cache.Derive(Authorization("A", Now), 1, "secret"u8))
            Assert.Equal(expected, Sign(derived));
        for (var i = 0; i < 3; i++)
        {
            using var kept = cache.Take(Authorization("A", Now), 1);
            using var second = cache.Take(Authorization("A", Now), 1);
            Assert.NotSame(kept, second);
            Assert.Equal(expected, Sign(kept!));
            Assert.Equal(expected, Sign(second!));
        }
    }

    [Fact]
    public void A_key_given_back_twice_is_lent_to_one_request_only()
    {
        using var cache = new SigningKeyCache(_time);
        var key = cache.Derive(Authorization("A", Now), 1, "secret"u8);
        key.Dispose();
        key.Dispose();

        using var one = cache.Take(Authorization("A", Now), 1);
        using var other = cache.Take(Authorization("A", Now), 1);

        Assert.NotSame(one, other);
    }

    [Fact]
    public void A_key_evicted_while_lent_still_signs_and_is_then_gone()
    {
        using var cache = new SigningKeyCache(_time);
        var key = cache.Derive(Authorization("A", Now), 1, "secret"u8);
        var before = Sign(key);

        cache.Evict("A");

        Assert.Equal(before, Sign(key));
        key.Dispose();
        Assert.False(Has(cache, Authorization("A", Now), 1));
        Assert.Throws<ObjectDisposedException>(() => Sign(key));
    }

    [Fact]
    public void A_key_serves_only_its_own_version_region_service_and_date()
    {
        using var cache = new SigningKeyCache(_time);
        cache.Derive(Authorization("A", Now), 1, "secret"u8).Dispose();

        Assert.False(Has(cache, Authorization("A", Now), 2));
        Assert.False(Has(cache, Authorization("B", Now), 1));
        Assert.False(Has(cache, Authorization("A", Now, region: "us-east-1"), 1));
        Assert.False(Has(cache, Authorization("A", Now, service: "kms"), 1));
        Assert.False(Has(cache, Authorization("A", Now.AddDays(1)), 1));
    }

    [Fact]
    public void The_least_recently_used_key_leaves_a_full_cache()
    {
        using var cache = new SigningKeyCache(_time, capacity: 2);
        cache.Derive(Authorization("A", Now), 1, "a"u8).Dispose();
        cache.Derive(Authorization("B", Now), 1, "b"u8).Dispose();
        Assert.True(Has(cache, Authorization("A", Now), 1));

        cache.Derive(Authorization("C", Now), 1, "c"u8).Dispose();

        Assert.Equal(2, cache.Count);
        Assert.True(Has(cache, Authorization("A", Now), 1));
        Assert.False(Has(cache, Authorization("B", Now), 1));
    }

    [Fact]
    public void Keys_of_past_days_are_dropped_and_not_taken_in()
    {
        using var cache = new SigningKeyCache(_time);
        cache.Derive(Authorization("A", Now), 1, "a"u8).Dispose();
        _time.Advance(TimeSpan.FromDays(2));

        cache.Derive(Authorization("B", Now.AddDays(2)), 1, "b"u8).Dispose();
        cache.Derive(Authorization("C", Now.AddDays(-5)), 1, "c"u8).Dispose();

        Assert.Equal(1, cache.Count);
        Assert.True(Has(cache, Authorization("B", Now.AddDays(2)), 1));
    }

    [Fact]
    public void Evicting_an_access_key_drops_all_its_entries_and_no_other()
    {
        using var cache = new SigningKeyCache(_time);
        cache.Derive(Authorization("A", Now), 1, "a"u8).Dispose();
        cache.Derive(Authorization("A", Now), 2, "a"u8).Dispose();
        cache.Derive(Authorization("B", Now), 1, "b"u8).Dispose();

        cache.Evict("A");

        Assert.Equal(1, cache.Count);
        Assert.True(Has(cache, Authorization("B", Now), 1));
    }

    [Fact]
    public void Unknown_access_keys_share_one_entry()
    {
        using var cache = new SigningKeyCache(_time);

        for (var i = 0; i < 100; i++)
            cache.TakeForUnknownKey(Authorization("guess" + i, Now)).Dispose();

        Assert.Equal(1, cache.Count);
    }

    private static bool Has(SigningKeyCache cache, SigV4Authorization authorization, long version)
    {
        using var key = cache.Take(authorization, version);
        return key is not null;
    }

    private static byte[] Sign(SigningKey key)
    {
        var signature = new byte[32];
        key.Sign("message"u8, signature);
        return signature;
    }

    private static SigV4Authorization Authorization(string accessKeyId, DateTimeOffset at, string region = "eu-west-1", string service = "secretsmanager") => new()
    {
        AccessKeyId = accessKeyId,
        Date = SigV4Timestamp.Format(at)[..8],
        Region = region,
        Service = service,
        RequestTime = at,
    };
}
