using Microsoft.Extensions.Time.Testing;
using Strongroom.Server.Hosting;
using Strongroom.Server.Quotas;
using Strongroom.Storage;
using Strongroom.Tests.Server.Endpoint;

namespace Strongroom.Tests.Server.Quotas;

public sealed class RateTests
{
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData("100/s", 100, 100)]
    [InlineData("0.5/s", 0.5, 1)]
    [InlineData("30/min", 0.5, 1)]
    [InlineData("36/h:10", 0.01, 10)]
    [InlineData("100/s:500", 100, 500)]
    public void A_rate_is_read(string text, double perSecond, int burst) => Assert.Equal(new Rate(perSecond, burst), Rate.Parse(text, "x"));

    [Theory]
    [InlineData("")]
    [InlineData("100")]
    [InlineData("0/s")]
    [InlineData("-1/s")]
    [InlineData("1e3/s")]
    [InlineData("100/ms")]
    [InlineData("100/s:0")]
    [InlineData("100/s:")]
    [InlineData("1000001/s")]
    [InlineData("0.001/h")]
    public void Another_text_is_no_rate(string text) => Assert.Contains("(some-setting)", Assert.Throws<SettingsException>(() => Rate.Parse(text, "some-setting")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("GetSecretValue=5/s", RateScope.Account, "GetSecretValue", null)]
    [InlineData("account:*=5/s", RateScope.Account, "*", null)]
    [InlineData("principal:kms:Encrypt=5/s", RateScope.Principal, "kms:Encrypt", null)]
    [InlineData("PutSecretValue + UpdateSecret = 5/s", RateScope.Account, "PutSecretValue|UpdateSecret", null)]
    [InlineData("*@111122223333=5/s", RateScope.Account, "*", "111122223333")]
    [InlineData("principal:*@arn:aws:iam::111122223333:role/a=b=5/s", RateScope.Principal, "*", "arn:aws:iam::111122223333:role/a=b")]
    public void A_rule_is_read(string line, RateScope scope, string operations, string? who)
    {
        var rule = RateRule.Parse(line);

        Assert.Equal((scope, operations, who, new Rate(5, 5)), (rule.Scope, string.Join('|', rule.Operations), rule.Who, rule.Rate));
    }

    [Theory]
    [InlineData("GetSecretValue")]
    [InlineData("=5/s")]
    [InlineData("Get Secret=5/s")]
    [InlineData("A++B=5/s")]
    [InlineData("*@me=5/s")]
    [InlineData("principal:*@111122223333=5/s")]
    public void Another_text_is_no_rule(string line) => Assert.Throws<SettingsException>(() => RateRule.Parse(line));

    [Fact]
    public void A_bucket_gives_its_burst_and_then_its_rate()
    {
        var bucket = new RateBucket(RateBucket.Size.Of(new Rate(2, 3), time));

        Assert.Equal([true, true, true, false], Take(4));
        time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Equal([false], Take(1));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([true, false], Take(2));
        Assert.False(bucket.IsFull(time.GetTimestamp()));
        time.Advance(TimeSpan.FromHours(1));
        Assert.True(bucket.IsFull(time.GetTimestamp()));
        Assert.Equal([true, true, true, false], Take(4));

        bool[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => bucket.TryTake(time.GetTimestamp()))];
    }

    [Fact]
    public async Task A_bucket_gives_no_more_to_many_at_once()
    {
        var bucket = new RateBucket(RateBucket.Size.Of(new Rate(1000, 1000), time));
        var taken = 0;

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                if (bucket.TryTake(time.GetTimestamp()))
                    Interlocked.Increment(ref taken);
            }
        }, TestContext.Current.CancellationToken)));

        Assert.Equal(1000, taken);
    }

    [Fact]
    public void Every_rate_of_AWS_is_for_an_operation_of_the_models()
    {
        var known = ServiceModelTests.Table.Entries.Select(e => $"{e.Name.Service}:{e.Name.Name}").ToHashSet(StringComparer.Ordinal);

        Assert.DoesNotContain(AwsRates.Rules.SelectMany(r => r.Operations), o => !known.Contains(o));
    }

    [Theory]
    [InlineData("GetSecretValu=5/s", "which there is not. Did you mean GetSecretValue?")]
    [InlineData("s3:*=5/s", "which there is not")]
    [InlineData("TagResource=5/s", "Write secretsmanager:TagResource or kms:TagResource")]
    public void A_rule_for_no_one_operation_is_refused(string line, string why) => Assert.Contains(
        why, Assert.Throws<StoreRefusedException>(() => new RateTable([RateRule.Parse(line)], ServiceModelTests.Table, time)).Message, StringComparison.Ordinal);
}
