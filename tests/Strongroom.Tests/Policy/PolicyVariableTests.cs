using Strongroom.Policy;
using static Strongroom.Tests.Policy.Asking;

namespace Strongroom.Tests.Policy;

/// <summary>Source: IAM fact sheet 2.2, 2.5.</summary>
public sealed class PolicyVariableTests
{
    private const string Prefix = "arn:aws:secretsmanager:us-east-1:111122223333:secret:";

    [Theory]
    [InlineData("2012-10-17", "${aws:username}/*", "ann/db", true)]
    [InlineData("2012-10-17", "${aws:username}/*", "bob/db", false)]
    [InlineData("2012-10-17", "${AWS:UserName}/*", "ann/db", true)]
    [InlineData("2008-10-17", "${aws:username}/*", "ann/db", false)] // literal text
    [InlineData("2008-10-17", "${aws:username}/*", "${aws:username}/db", true)]
    [InlineData("2012-10-17", "${aws:PrincipalTag/absent}/*", "/db", false)] // no value: matches nothing
    [InlineData("2012-10-17", "${aws:PrincipalTag/absent, 'shared'}/*", "shared/db", true)]
    [InlineData("2012-10-17", "${aws:username, 'shared'}/*", "shared/db", false)]
    [InlineData("2012-10-17", "a${*}b", "a*b", true)]
    [InlineData("2012-10-17", "a${*}b", "axb", false)]
    [InlineData("2012-10-17", "a${?}b", "a?b", true)]
    [InlineData("2012-10-17", "a${?}b", "axb", false)]
    [InlineData("2012-10-17", "a${$}{x}", "a${x}", true)]
    [InlineData("2012-10-17", "${aws:PrincipalTag/star}", "*", true)]
    [InlineData("2012-10-17", "${aws:PrincipalTag/star}", "anything", false)] // a value's star is no wildcard
    [InlineData("2012-10-17", "${aws:PrincipalTag/nested}", "ann", false)] // nor is a value read again
    [InlineData("2012-10-17", "${aws:PrincipalTag/nested}", "${aws:username}", true)]
    [InlineData("2012-10-17", "x-${svc:Many}", "x-a", false)] // single values only
    [InlineData("2012-10-17", "${open", "${open", true)] // what only looks like a variable is text
    [InlineData("2012-10-17", "${}", "${}", true)]
    [InlineData("2012-10-17", "${a${aws:username}", "${aann", true)]
    public void In_a_resource(string version, string pattern, string secret, bool expected)
    {
        var policy = Attached($$"""{"Version":"{{version}}","Statement":{"Effect":"Allow","Action":"*","Resource":"{{Prefix}}{{pattern}}"} }""");
        var caller = User(tags: TagSet.Of([new("star", "*"), new("nested", "${aws:username}")]));
        var thing = new Thing(Prefix + secret) { Keys = new Keys { ["svc:Many"] = ["a", "b"] } };

        Assert.Equal(expected, Evaluate(caller, thing, new PrincipalPolicies { Identity = [policy] }).IsAllowed);
    }

    [Fact]
    public void Before_the_fifth_colon_of_a_resource_a_variable_is_text()
    {
        var policy = Attached(Document(Statement("Allow", resource: "arn:aws:secretsmanager:us-east-1:${svc:Account}:secret:*")));
        var thing = new Thing { Keys = new Keys { ["svc:Account"] = [Home] } };

        Assert.False(Evaluate(User(), thing, new PrincipalPolicies { Identity = [policy] }).IsAllowed);
    }

    [Fact]
    public void A_resource_without_value_leaves_the_rest_of_the_document_alone()
    {
        var policy = Attached(Document(
            Statement("Deny", resource: Prefix + "${aws:PrincipalTag/absent}*"), Statement("Allow", resource: Prefix + "*")));

        Assert.True(Evaluate(User(), new Thing(), new PrincipalPolicies { Identity = [policy] }).IsAllowed);
    }

    [Theory]
    [InlineData("StringEquals", "${aws:username}", "ann", true)]
    [InlineData("StringEquals", "${aws:PrincipalTag/star}", "x", false)]
    [InlineData("StringLike", "${aws:username}-*", "ann-1", true)]
    [InlineData("StringLike", "${aws:PrincipalTag/star}", "x", false)]
    [InlineData("StringLike", "${aws:PrincipalTag/star}", "*", true)]
    [InlineData("StringEqualsIgnoreCase", "${aws:username}", "ANN", true)]
    [InlineData("StringNotEquals", "${aws:username}", "ann", false)]
    [InlineData("StringNotEquals", "${svc:Absent}", "ann", true)] // the value can't match
    [InlineData("ArnLike", "arn:aws:iam::${aws:PrincipalAccount}:role/*", "arn:aws:iam::111122223333:role/x", true)]
    [InlineData("ArnLike", "arn:aws:iam::${aws:PrincipalAccount}:role/*", "arn:aws:iam::444455556666:role/x", false)]
    [InlineData("ArnEquals", "${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/ann", true)]
    [InlineData("ArnEquals", "arn:aws:iam::${aws:PrincipalTag/star}:role/x", "arn:aws:iam::111122223333:role/x", false)]
    [InlineData("Bool", "${svc:Flag}", "TRUE", true)]
    [InlineData("Bool", "${svc:Flag}", "false", false)]
    [InlineData("NumericEquals", "${svc:One}", "1", false)] // not in numbers,
    [InlineData("BinaryEquals", "${svc:Base64}", "QQ==", false)] // bytes,
    [InlineData("IpAddress", "${svc:Address}", "10.0.0.1", false)] // addresses,
    [InlineData("Null", "${svc:Flag}", null, false)] // and presence
    public void In_a_condition(string @operator, string policyValue, string? requestValue, bool expected)
    {
        var keys = Keys.Of("svc:Key", requestValue);
        keys["svc:Flag"] = ["true"];
        keys["svc:One"] = ["1"];
        keys["svc:Base64"] = ["QQ=="];
        keys["svc:Address"] = ["10.0.0.1"];

        Assert.Equal(expected, Holds($$"""{"{{@operator}}":{"svc:Key":"{{policyValue}}"} }""", keys, caller: User(tags: TagSet.Of([new("star", "*")]))));
    }

    [Fact]
    public void In_the_language_of_2008_a_condition_has_none() =>
        Assert.False(Holds("""{"StringEquals":{"svc:Key":"${aws:username}"}}""", Keys.Of("svc:Key", "ann"), "2008-10-17"));
}
