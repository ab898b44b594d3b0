using System.Text.Json;
using System.Xml.Linq;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Bench;

/// <summary>A user whose every read has to be found in ten attached policies of ten statements; the one that allows it is the last.</summary>
internal static class PolicyUser
{
    private const int Policies = 10;
    private const int Statements = 10;

    public static SigV4Credentials Make(int port)
    {
        Exchange.SendIam(port, "CreateUser", ("UserName", "bench"));
        for (var policy = 0; policy < Policies; policy++)
        {
            var made = XElement.Parse(Exchange.SendIam(port, "CreatePolicy", ("PolicyName", $"bench-{policy}"), ("PolicyDocument", Document(policy))));
            Exchange.SendIam(port, "AttachUserPolicy", ("UserName", "bench"), ("PolicyArn", Text(made, "Arn")));
        }

        var key = XElement.Parse(Exchange.SendIam(port, "CreateAccessKey", ("UserName", "bench")));
        return new SigV4Credentials(Text(key, "AccessKeyId"), Text(key, "SecretAccessKey"));
    }

    public static string Document(int policy) => JsonSerializer.Serialize(new
    {
        Version = "2012-10-17",
        Statement = Enumerable.Range(0, Statements).Select(statement => new
        {
            Effect = "Allow",
            Action = new[] { "secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret" },
            Resource = policy == Policies - 1 && statement == Statements - 1
                ? "arn:aws:secretsmanager:*:*:secret:app/*"
                : $"arn:aws:secretsmanager:*:*:secret:team-{policy}-{statement}/*",
        }),
    });

    private static string Text(XElement answer, string name) => answer.Descendants().First(element => element.Name.LocalName == name).Value;
}
