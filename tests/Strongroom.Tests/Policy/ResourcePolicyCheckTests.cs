using Strongroom.Policy;

namespace Strongroom.Tests.Policy;

public sealed class ResourcePolicyCheckTests
{
    private const string Syntax = "This policy has invalid syntax.";
    private const string Unsupported = "This resource policy contains an unsupported principal";

    [Theory]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"secretsmanager:*","Resource":"*"}}""", "")]
    [InlineData("""{"Version":"2012-10-17","Statement":[{"Sid":"a b","Effect":"Allow","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""", "")]
    [InlineData("""{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}}""", "")]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"},"NotAction":["SecretsManager:Get*"],"Resource":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-Ab3dEf"}}""", "")]
    [InlineData("not json", Syntax)]
    [InlineData("{}", Syntax)]
    [InlineData("""{"Version":"2011-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*","Resource":"*"}}""", Syntax)] // recorded
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:*","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":["secretsmanager:*","kms:Decrypt"],"Resource":"*"}}""", Syntax)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*"}}""", Syntax)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*","Resource":"my-secret"}}""", Syntax)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"secretsmanager:*","Resource":"*"}}""", Unsupported)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["111122223333","nobody"]},"Action":"secretsmanager:*","Resource":"*"}}""", Unsupported)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"Service":"*"},"Action":"secretsmanager:*","Resource":"*"}}""", Unsupported)]
    public void A_policy_for_a_secret_is_checked(string text, string message)
    {
        var valid = ResourcePolicyCheck.TryParse(text, out var document, out var fault);

        Assert.Equal(message, ResourcePolicyCheck.Message(fault));
        Assert.Equal(message == "", valid);
        Assert.Equal(valid, document is not null);
    }

    [Theory]
    [InlineData(0, ResourcePolicyFault.Size)]
    [InlineData(20_480, ResourcePolicyFault.None)]
    [InlineData(20_481, ResourcePolicyFault.Size)]
    public void Its_length_is_bounded(int length, ResourcePolicyFault expected)
    {
        const string policy = """{"Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:*","Resource":"*"}}""";
        ResourcePolicyCheck.TryParse(length == 0 ? "" : policy.PadRight(length), out _, out var fault);
        Assert.Equal(expected, fault);
    }

    [Fact]
    public void The_check_of_an_entry_has_a_name()
    {
        Assert.Equal("PUBLIC_ACCESS", ResourcePolicyCheck.CheckName(ResourcePolicyFault.Public));
        Assert.Equal("POLICY_SYNTAX", ResourcePolicyCheck.CheckName(ResourcePolicyFault.Principal));
    }
}
