using Microsoft.Extensions.Time.Testing;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

public sealed class SigningKeyCacheTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 12, 30, 45, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);
    private readonly byte[] _key = new byte[SigningKeyCache.KeySize];

    [Fact]
    public void A_derived_key_is_found_again()
    {
        using var cache = new SigningKeyCache(_time);
        Assert.False(cache.TryCopy(Authorization("A", Now), 1, _key));

        cache.Derive(Authorization("A", Now), 1, "secret"u8, _key);

        var found = new byte[SigningKeyCache.KeySize];
        Assert.True(cache.TryCopy(Authorization("A", Now), 1, found));
        Assert.Equal(_key, found);
    }

    [Fact]
    public void A_key_serves_only_its_own_version_region_service_and_date()
    {
        using var cache = new SigningKeyCache(_time);
        cache.Derive(Authorization("A", Now), 1, "secret"u8, _key);

        Assert.False(cache.TryCopy(Authorization("A", Now), 2, _key));
        Assert.False(cache.TryCopy(Authorization("B", Now), 1, _key));
        Assert.False(cache.TryCopy(Authorization("A", Now, region: "us-east-1"), 1, _key));
        Assert.False(cache.TryCopy(Authorization("A", Now, service: "kms"), 1, _key));
        Assert.False(cache.TryCopy(Authorization("A", Now.AddDays(1)), 1, _key));
    }

    [Fact]
    public void The_least_recently_used_key_leaves_a_full_cache()
    {
        using var cache = new SigningKeyCache(_time, capacity: 2);
        cache.Derive(Authorization("A", Now), 1, "a"u8, _key);
        cache.Derive(Authorization("B", Now), 1, "b"u8, _key);
        Assert.True(cache.TryCopy(Authorization("A", Now), 1, _key));

        cache.Derive(Authorization("C", Now), 1, "c"u8, _key);

        Assert.Equal(2, cache.Count);
        Assert.True(cache.TryCopy(Authorization("A", Now), 1, _key));
        Assert.False(cache.TryCopy(Authorization("B", Now), 1, _key));
    }

    [Fact]
    public void Keys_of_past_days_are_dropped_and_not_taken_in()
    {
        using var cache = new SigningKeyCache(_time);
        cache.Derive(Authorization("A", Now), 1, "a"u8, _key);
        _time.Advance(TimeSpan.FromDays(2));

        cache.Derive(Authorization("B", Now.AddDays(2)), 1, "b"u8, _key);
        cache.Derive(Authorization("C", Now.AddDays(-5)), 1, "c"u8, _key);

        Assert.Equal(1, cache.Count);
        Assert.True(cache.TryCopy(Authorization("B", Now.AddDays(2)), 1, _key));
    }

    [Fact]
    public void Evicting_an_access_key_drops_all_its_entries_and_no_other()
    {
        using var cache = new SigningKeyCache(_time);
        cache.Derive(Authorization("A", Now), 1, "a"u8, _key);
        cache.Derive(Authorization("A", Now), 2, "a"u8, _key);
        cache.Derive(Authorization("B", Now), 1, "b"u8, _key);

        cache.Evict("A");

        Assert.Equal(1, cache.Count);
        Assert.True(cache.TryCopy(Authorization("B", Now), 1, _key));
    }

    [Fact]
    public void Unknown_access_keys_share_one_entry()
    {
        using var cache = new SigningKeyCache(_time);

        for (var i = 0; i < 100; i++)
            cache.CopyForUnknownKey(Authorization("guess" + i, Now), _key);

        Assert.Equal(1, cache.Count);
        Assert.Contains(_key, b => b != 0);
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
