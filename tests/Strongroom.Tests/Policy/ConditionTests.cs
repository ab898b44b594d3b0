using Strongroom.Policy;
using static Strongroom.Tests.Policy.Asking;

namespace Strongroom.Tests.Policy;

/// <summary>Source: IAM fact sheet 2.4, row by row.</summary>
public sealed class ConditionTests
{
    [Theory]
    [InlineData("StringEquals", "\"a\"", "a", true)]
    [InlineData("stringEQUALS", "\"a\"", "a", true)] // operator names ignore case
    [InlineData("StringEquals", "\"a\"", "A", false)]
    [InlineData("StringEquals", "\"a*\"", "ab", false)]
    [InlineData("StringEquals", "\"a*\"", "a*", true)]
    [InlineData("StringEquals", "[\"a\",\"b\"]", "b", true)] // values: or
    [InlineData("StringEquals", "1", "1", true)] // numbers and booleans by their text
    [InlineData("StringEquals", "true", "true", true)]
    [InlineData("StringNotEquals", "\"a\"", "A", true)]
    [InlineData("StringNotEquals", "[\"a\",\"b\"]", "b", false)] // none of them
    [InlineData("StringNotEquals", "[\"a\",\"b\"]", "c", true)]
    [InlineData("StringEqualsIgnoreCase", "\"aB\"", "Ab", true)]
    [InlineData("StringEqualsIgnoreCase", "\"aB\"", "ac", false)]
    [InlineData("StringNotEqualsIgnoreCase", "\"aB\"", "Ab", false)]
    [InlineData("StringNotEqualsIgnoreCase", "\"aB\"", "ac", true)]
    [InlineData("StringLike", "\"a?c*\"", "abcd", true)]
    [InlineData("StringLike", "\"a?c*\"", "ac", false)]
    [InlineData("StringLike", "\"A*\"", "abc", false)]
    [InlineData("StringLike", "\"\"", "", true)]
    [InlineData("StringNotLike", "\"a*\"", "abc", false)]
    [InlineData("StringNotLike", "\"a*\"", "bc", true)]
    [InlineData("NumericEquals", "10", "10.0", true)]
    [InlineData("NumericEquals", "\"10\"", "11", false)]
    [InlineData("NumericEquals", "10", "ten", false)] // unparsable
    [InlineData("NumericEquals", "\"ten\"", "ten", false)]
    [InlineData("NumericNotEquals", "10", "11", true)]
    [InlineData("NumericNotEquals", "10", "10", false)]
    [InlineData("NumericLessThan", "10", "9.99", true)]
    [InlineData("NumericLessThan", "10", "10", false)]
    [InlineData("NumericLessThan", "10", "9", true)] // by value: as text 9 is greater
    [InlineData("NumericLessThanEquals", "10", "10", true)]
    [InlineData("NumericLessThanEquals", "10", "10.01", false)]
    [InlineData("NumericGreaterThan", "-1", "0", true)]
    [InlineData("NumericGreaterThan", "-1", "-1", false)]
    [InlineData("NumericGreaterThanEquals", "7", "7", true)]
    [InlineData("NumericGreaterThanEquals", "7", "6", false)]
    [InlineData("DateEquals", "\"2026-01-15\"", "2026-01-15T00:00:00Z", true)]
    [InlineData("DateEquals", "\"2026-01-15T12:00Z\"", "2026-01-15T14:00:00+02:00", true)]
    [InlineData("DateEquals", "\"1768435200\"", "2026-01-15T00:00:00Z", true)] // epoch seconds
    [InlineData("DateEquals", "\"2026-01-15\"", "2026-01-16T00:00:00Z", false)]
    [InlineData("DateNotEquals", "\"2026-01-15\"", "2026-01-16T00:00:00Z", true)]
    [InlineData("DateNotEquals", "\"2026-01-15\"", "2026-01-15T00:00:00Z", false)]
    [InlineData("DateLessThan", "\"2026-01-15\"", "2026-01-14T23:59:59Z", true)]
    [InlineData("DateLessThan", "\"2026-01-15\"", "2026-01-15T00:00:00Z", false)]
    [InlineData("DateLessThan", "\"2026-01-15\"", "soon", false)]
    [InlineData("DateLessThanEquals", "\"2026-01-15\"", "2026-01-15T00:00:00Z", true)]
    [InlineData("DateLessThanEquals", "\"2026-01-15\"", "2026-01-15T00:00:01Z", false)]
    [InlineData("DateGreaterThan", "\"2026-01-15\"", "2026-01-15T00:00:01Z", true)]
    [InlineData("DateGreaterThan", "\"2026-01-15\"", "2026-01-15T00:00:00Z", false)]
    [InlineData("DateGreaterThanEquals", "\"2026-01-15\"", "2026-01-15T00:00:00Z", true)]
    [InlineData("DateGreaterThanEquals", "\"2026-01-15\"", "2026-01-14T00:00:00Z", false)]
    [InlineData("Bool", "\"TRUE\"", "true", true)]
    [InlineData("Bool", "false", "False", true)]
    [InlineData("Bool", "true", "false", false)]
    [InlineData("Bool", "\"yes\"", "yes", false)]
    [InlineData("BinaryEquals", "\"QmFzZTY0\"", "QmFzZTY0", true)]
    [InlineData("BinaryEquals", "\"QmFzZTY0\"", " QmFz ZTY0", true)] // bytes, not text
    [InlineData("BinaryEquals", "\"QmFzZTY0\"", "QmFzZTY1", false)]
    [InlineData("BinaryEquals", "\"?\"", "?", false)]
    [InlineData("IpAddress", "\"203.0.113.0/24\"", "203.0.113.255", true)]
    [InlineData("IpAddress", "\"203.0.113.0/24\"", "203.0.114.0", false)]
    [InlineData("IpAddress", "\"203.0.113.77/24\"", "203.0.113.1", true)] // host bits do not count
    [InlineData("IpAddress", "\"203.0.113.7\"", "203.0.113.7", true)] // bare: /32
    [InlineData("IpAddress", "\"203.0.113.7\"", "203.0.113.8", false)]
    [InlineData("IpAddress", "\"0.0.0.0/0\"", "203.0.113.8", true)]
    [InlineData("IpAddress", "\"0.0.0.0/0\"", "2001:db8::1", false)] // families never match
    [InlineData("IpAddress", "\"::/0\"", "203.0.113.8", false)]
    [InlineData("IpAddress", "\"::/0\"", "2001:db8::1", true)]
    [InlineData("IpAddress", "\"2001:db8::/33\"", "2001:db8:7fff::1", true)]
    [InlineData("IpAddress", "\"2001:db8::/33\"", "2001:db8:8000::1", false)]
    [InlineData("IpAddress", "\"2001:db8::1\"", "2001:0db8:0::0001", true)]
    [InlineData("IpAddress", "\"203.0.113.0/24\"", "::ffff:203.0.113.9", true)] // a dual-stack socket's form
    [InlineData("IpAddress", "\"203.0.113.0/33\"", "203.0.113.0", false)]
    [InlineData("IpAddress", "\"203.0.113\"", "203.0.0.113", false)] // inet_aton's short forms are no addresses
    [InlineData("IpAddress", "\"010.0.0.1\"", "8.0.0.1", false)] // nor is octal
    [InlineData("NotIpAddress", "\"203.0.113.0/24\"", "203.0.113.9", false)]
    [InlineData("NotIpAddress", "\"203.0.113.0/24\"", "203.0.114.9", true)]
    [InlineData("NotIpAddress", "\"203.0.113.0/24\"", "2001:db8::1", true)]
    [InlineData("ArnEquals", "\"arn:aws:iam::111122223333:role/*\"", "arn:aws:iam::111122223333:role/a/b", true)]
    [InlineData("ArnEquals", "\"arn:aws:iam::*:role/a\"", "arn:aws:iam::111122223333:role/a", true)]
    [InlineData("ArnLike", "\"arn:aws:iam::11112222333?:role/a\"", "arn:aws:iam::111122223333:role/a", true)]
    [InlineData("ArnLike", "\"arn:aws:*:role/a\"", "arn:aws:iam::111122223333:role/a", false)] // a star stays in its part
    [InlineData("ArnLike", "\"arn:aws:sns:*:*:a:*\"", "arn:aws:sns:us-east-1:111122223333:a:b:c", true)] // but for the last
    [InlineData("ArnLike", "\"arn:aws:iam::111122223333:role/a\"", "arn:aws:iam::111122223333:ROLE/a", false)]
    [InlineData("ArnLike", "\"arn:aws:iam::111122223333:*\"", "my-secret", false)] // no ARN
    [InlineData("ArnLike", "\"*\"", "my-secret", true)]
    [InlineData("ArnNotEquals", "\"arn:aws:iam::111122223333:role/*\"", "arn:aws:iam::111122223333:role/a", false)]
    [InlineData("ArnNotEquals", "\"arn:aws:iam::111122223333:role/*\"", "arn:aws:iam::111122223333:user/a", true)]
    [InlineData("ArnNotLike", "\"arn:aws:iam::*:role/*\"", "arn:aws:iam::111122223333:role/a", false)]
    [InlineData("ArnNotLike", "\"arn:aws:iam::*:role/*\"", "arn:aws:iam::111122223333:user/a", true)]
    [InlineData("Null", "true", "a", false)]
    [InlineData("Null", "\"false\"", "a", true)]
    [InlineData("Null", "true", null, true)]
    [InlineData("Null", "\"FALSE\"", null, false)]
    [InlineData("Null", "[true,false]", null, true)]
    [InlineData("Null", "false", "a|b", true)]
    [InlineData("Null", "\"\"", null, false)]
    public void An_operator_compares(string @operator, string policyValues, string? requestValues, bool expected) =>
        Assert.Equal(expected, Holds($$"""{"{{@operator}}":{"svc:Key":{{policyValues}} } }""", Keys.Of("svc:Key", requestValues)));

    [Theory]
    [InlineData("StringEquals", null, false)]
    [InlineData("NumericLessThan", null, false)]
    [InlineData("Bool", null, false)]
    [InlineData("StringNotEquals", null, true)]
    [InlineData("StringNotLike", null, true)]
    [InlineData("ArnNotLike", null, true)]
    [InlineData("StringEqualsIfExists", null, true)]
    [InlineData("StringEqualsIfExists", "b", false)]
    [InlineData("StringNotEqualsIfExists", null, true)]
    [InlineData("ForAllValues:StringEquals", null, true)]
    [InlineData("ForAllValues:StringNotEquals", null, true)]
    [InlineData("ForAnyValue:StringEquals", null, false)]
    [InlineData("ForAnyValue:StringNotEquals", null, false)]
    [InlineData("ForAnyValue:StringEqualsIfExists", null, true)]
    [InlineData("StringEquals", "a|b", false)] // several values need a set prefix
    [InlineData("StringNotEquals", "b|c", false)]
    [InlineData("StringEqualsIfExists", "a|b", false)]
    [InlineData("ForAllValues:StringEquals", "a|a", true)]
    [InlineData("ForAllValues:StringEquals", "a|b", false)]
    [InlineData("ForAllValues:StringNotEquals", "b|c", true)]
    [InlineData("ForAllValues:StringNotEquals", "a|b", false)]
    [InlineData("ForAnyValue:StringEquals", "a|b", true)]
    [InlineData("ForAnyValue:StringEquals", "b|c", false)]
    [InlineData("ForAnyValue:StringNotEquals", "a|b", true)]
    [InlineData("ForAnyValue:StringNotEquals", "a|a", false)]
    [InlineData("forANYvalue:stringequalsIFEXISTS", "b|a", true)]
    public void Absent_and_several_values(string @operator, string? requestValues, bool expected) =>
        Assert.Equal(expected, Holds($$"""{"{{@operator}}":{"svc:Key":"{{(@operator.StartsWith("Arn", StringComparison.Ordinal) ? "arn:aws:iam::1:a" : @operator.StartsWith("Numeric", StringComparison.Ordinal) ? "1" : "a")}}"} }""", Keys.Of("svc:Key", requestValues)));

    [Theory]
    [InlineData("{}", true)]
    [InlineData("""{"StringEquals":{}}""", true)]
    [InlineData("""{"StringEquals":{"svc:a":[]}}""", false)]
    [InlineData("""{"ForAllValues:StringEquals":{"svc:absent":[]}}""", false)]
    [InlineData("""{"StringEqualsIfExists":{"svc:absent":[]}}""", false)]
    [InlineData("""{"StringNotEquals":{"svc:a":[]}}""", true)]
    [InlineData("""{"StringEquals":{"svc:a":"1","svc:b":"2"}}""", true)] // keys: and
    [InlineData("""{"StringEquals":{"svc:a":"1","svc:b":"1"}}""", false)]
    [InlineData("""{"StringEquals":{"svc:a":"1"},"StringLike":{"svc:b":"3*"}}""", false)] // operators: and
    [InlineData("""{"StringEquals":{"SVC:A":"1"}}""", true)] // key names ignore case
    public void Conditions_combine(string condition, bool expected) =>
        Assert.Equal(expected, Holds(condition, new Keys { ["svc:a"] = ["1"], ["svc:b"] = ["2"] }));

    [Theory]
    [InlineData("aws:PrincipalTag/Team", true)]
    [InlineData("AWS:principaltag/TEAM", true)]
    [InlineData("aws:PrincipalTag/Other", false)]
    public void Tag_keys_ignore_case(string key, bool expected) =>
        Assert.Equal(expected, Holds($$"""{"StringEquals":{"{{key}}":"Red"} }""", [], caller: User(tags: TagSet.Of([new("team", "Red")]))));

    [Fact]
    public void Tag_values_do_not_ignore_case() =>
        Assert.False(Holds("""{"StringEquals":{"aws:PrincipalTag/team":"red"}}""", [], caller: User(tags: TagSet.Of([new("team", "Red")]))));
}
