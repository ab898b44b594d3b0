using Strongroom.Policy;

namespace Strongroom.Tests.Policy;

public sealed class PublicAccessTests
{
    [Theory]
    [InlineData("""{"Effect":"Allow","Principal":"*"}""", true)]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"*"}}""", true)]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":["111122223333","*"]}}""", true)]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::*:root"}}""", true)] // malformed, and no safer for it
    [InlineData("""{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"}}""", true)]
    [InlineData("""{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}""", true)]
    [InlineData("""{"Effect":"Deny","Principal":"*"}""", false)]
    [InlineData("""{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"}}""", false)]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"111122223333"}}""", false)]
    [InlineData("""{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}""", false)]
    [InlineData("""{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"}}""", false)]
    public void An_allow_to_anyone_is_public(string statement, bool isPublic) => Assert.Equal(isPublic, Grants(statement));

    [Theory]
    [InlineData("""{"StringEquals":{"aws:SourceAccount":"111122223333"}}""", false)]
    [InlineData("""{"stringequals":{"AWS:sourceaccount":"111122223333"}}""", false)]
    [InlineData("""{"StringEqualsIgnoreCase":{"aws:username":"u"}}""", false)]
    [InlineData("""{"StringLike":{"aws:PrincipalOrgID":"o-1234567890"}}""", false)]
    [InlineData("""{"ArnLike":{"aws:SourceArn":"arn:aws:lambda:eu-west-1:111122223333:function:f"}}""", false)]
    [InlineData("""{"ArnEquals":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/a","arn:aws:iam::111122223333:role/b"]}}""", false)]
    [InlineData("""{"StringEquals":{"aws:SourceVpce":"vpce-1a2b3c4d"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:SourceVpc":"vpc-1"},"Bool":{"aws:SecureTransport":"true"}}""", false)]
    [InlineData("""{"ForAnyValue:StringEquals":{"aws:PrincipalAccount":"111122223333"}}""", false)]
    [InlineData("""{"StringEquals":{"aws:userid":"AIDAEXAMPLEEXAMPLE123"}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["203.0.113.7","2001:db8::/32"]}}""", false)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}""", false)]
    [InlineData("""{}""", true)]
    [InlineData("""{"Bool":{"aws:SecureTransport":"true"}}""", true)]
    [InlineData("""{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}""", true)]      // not about the caller
    [InlineData("""{"StringEquals":{"aws:SourceAccount":[]}}""", true)]
    [InlineData("""{"StringLike":{"aws:PrincipalOrgID":"*"}}""", true)]
    [InlineData("""{"StringLike":{"aws:PrincipalOrgID":"o-????"}}""", true)]
    [InlineData("""{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/a","arn:aws:iam::*:role/b"]}}""", true)] // one wide value is enough
    [InlineData("""{"StringEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}""", true)] // holds for everyone
    [InlineData("""{"StringEqualsIfExists":{"aws:SourceAccount":"111122223333"}}""", true)]
    [InlineData("""{"ForAllValues:StringEquals":{"aws:SourceAccount":"111122223333"}}""", true)]
    [InlineData("""{"StringNotEquals":{"aws:SourceAccount":"111122223333"}}""", true)]
    [InlineData("""{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/a"}}""", true)]
    [InlineData("""{"Null":{"aws:SourceAccount":"false"}}""", true)]
    [InlineData("""{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","::/0"]}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}""", true)]  // the Internet in two halves
    [InlineData("""{"IpAddress":{"aws:SourceIp":"203.0.113.0/33"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceIp":"office"}}""", true)]
    [InlineData("""{"IpAddress":{"aws:SourceVpc":"203.0.113.0/24"}}""", true)]
    public void A_fixed_value_of_the_callers_identity_closes_it(string condition, bool isPublic) =>
        Assert.Equal(isPublic, Grants($$"""{"Effect":"Allow","Principal":"*","Condition":{{condition}}}"""));

    [Fact]
    public void One_open_statement_is_enough() =>
        Assert.True(Grants("""{"Effect":"Deny","Principal":"*"}""", """{"Effect":"Allow","Principal":"*"}"""));

    private static bool Grants(params string[] statements)
    {
        var completed = statements.Select(s => s[..^1] + ""","Action":"secretsmanager:GetSecretValue","Resource":"*"}""");
        return PublicAccess.Grants(PolicyDocument.Parse($$"""{"Version":"2012-10-17","Statement":[{{string.Join(',', completed)}}]}""", PolicyKind.Resource));
    }
}
