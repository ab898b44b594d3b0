using System.Text;
using Strongroom.Server.Audit.Lookup;

namespace Strongroom.Tests.Server.Audit.Lookup;

/// <summary>Source: IAM fact sheet 8.2, 8.3, 8.6.</summary>
public sealed class LoggedEventTests
{
    [Theory]
    [InlineData("""{"type":"IAMUser","principalId":"AIDAX","arn":"arn:aws:iam::111122223333:user/U","accessKeyId":"AKIAX","userName":"U"}""", "U")]
    [InlineData("""{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root"}""", "root")]
    [InlineData("""{"type":"AssumedRole","principalId":"AROAX:session","sessionContext":{"sessionIssuer":{"type":"Role","userName":"R"}}}""", "session")]
    [InlineData("""{"type":"FederatedUser","principalId":"111122223333:fed"}""", "fed")]
    [InlineData("""{"type":"WebIdentityUser","principalId":"p:a:s","userName":"s"}""", "s")]
    [InlineData("""{"accountId":"111122223333","invokedBy":"secretsmanager.amazonaws.com"}""", null)]
    public void The_user_is_named_as_CloudTrail_names_it(string identity, string? name) =>
        Assert.Equal(name, Parse($$""" "userIdentity":{{identity}} """).Username);

    [Theory]
    [InlineData("secretsmanager", "GetSecretValue", """ "requestParameters":{"secretId":"s"} """, "AWS::SecretsManager::Secret s")]
    [InlineData("secretsmanager", "CreateSecret", """ "requestParameters":{"name":"s"},"responseElements":{"arn":"arn:aws:secretsmanager:us-east-1:1:secret:s-AbCdEf"} """,
        "AWS::SecretsManager::Secret arn:aws:secretsmanager:us-east-1:1:secret:s-AbCdEf; AWS::SecretsManager::Secret s")]
    [InlineData("secretsmanager", "BatchGetSecretValue", """ "requestParameters":{"secretIdList":["a","b"]} """, "AWS::SecretsManager::Secret a; AWS::SecretsManager::Secret b")]
    [InlineData("secretsmanager", "RotationStarted", """ "additionalEventData":{"SecretId":"arn:aws:secretsmanager:us-east-1:1:secret:s-AbCdEf"} """,
        "AWS::SecretsManager::Secret arn:aws:secretsmanager:us-east-1:1:secret:s-AbCdEf; AWS::SecretsManager::Secret s")]
    [InlineData("secretsmanager", "ListSecrets", """ "requestParameters":{"name":"no"} """, "")]
    [InlineData("kms", "Decrypt", """ "resources":[{"ARN":"arn:aws:kms:us-east-1:1:key/k","type":"AWS::KMS::Key"}] """, "AWS::KMS::Key arn:aws:kms:us-east-1:1:key/k")]
    [InlineData("iam", "CreateUser", """ "requestParameters":{"userName":"u"} """, "AWS::IAM::User u")]
    [InlineData("sts", "AssumeRole", """ "requestParameters":{"roleArn":"arn:aws:iam::1:role/r"} """, "AWS::IAM::Role arn:aws:iam::1:role/r")]
    [InlineData("sts", "GetCallerIdentity", """ "requestParameters":null """, "")]
    public void The_resources_are_those_that_the_record_names(string service, string name, string members, string expected) =>
        Assert.Equal(expected, string.Join("; ", Parse(members, service, name).Resources.Select(r => $"{r.Type} {r.Name}")));

    [Fact]
    public void A_claimed_key_puts_a_record_into_no_account()
    {
        var line = """{"eventTime":"2026-02-03T10:00:00Z","eventID":"e","eventType":"AwsApiCall","userIdentity":{"type":"Unknown","accessKeyId":"AKIAX","accountId":"111122223333"}}""";

        Assert.Equal("", LoggedEvent.TryParse(Encoding.UTF8.GetBytes(line))!.Account);
    }

    [Theory]
    [InlineData("""{"a":1,"chain":{"number":1,"previous":"x"}}""", """{"a":1}""")]
    [InlineData("""{"a":{"chain":1},"b":"chain","chain":{},"c":[]}""", """{"a":{"chain":1},"b":"chain","c":[]}""")]
    [InlineData("""{"chain":{},"a":1}""", """{"a":1}""")]
    [InlineData("""{"chain":{}}""", "{}")]
    [InlineData("""{"a":"é\n"}""", """{"a":"é\n"}""")]
    public void The_chain_is_ours_alone(string line, string expected) => Assert.Equal(expected, LoggedText.WithoutChain(Encoding.UTF8.GetBytes(line)));

    private static LoggedEvent Parse(string members, string service = "secretsmanager", string name = "X") => LoggedEvent.TryParse(Encoding.UTF8.GetBytes(
        $$"""{"eventTime":"2026-02-03T10:00:00Z","eventSource":"{{service}}.amazonaws.com","eventName":"{{name}}","eventID":"e","eventType":"AwsApiCall","recipientAccountId":"111122223333",{{members}}}"""))!;
}
