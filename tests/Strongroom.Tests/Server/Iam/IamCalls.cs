using System.Xml.Linq;

namespace Strongroom.Tests.Server.Iam;

/// <summary>IAM calls as tables write them, <c>Name=value</c>, and documents as answers carry them.</summary>
internal static class IamCalls
{
    public const string Trust = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}""";

    public const string Read = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""";

    public static string TrustOf(string principal) => Trust.Replace("arn:aws:iam::111122223333:root", principal, StringComparison.Ordinal);

    /// <summary>A policy whose quota counts exactly so many characters, whatever its whitespace.</summary>
    public static string ReadOfSize(int characters)
    {
        var filled = Read.Replace("\"Effect\"", "\"Sid\":\"" + new string('a', characters - Read.Length - "\"Sid\":\"\",".Length) + "\",\"Effect\"", StringComparison.Ordinal);
        Assert.Equal(characters, filled.Length);
        return filled.Replace(",", ",\n    ", StringComparison.Ordinal);
    }

    public static (string, string)[] Pairs(params string[] parameters) => [.. parameters.Select(p => (p.Split('=', 2)[0], p.Split('=', 2)[1]))];

    public static Task<XElement> DoAsync(this TestClient client, string operation, params string[] parameters) => client.IamAsync(operation, Pairs(parameters));

    /// <summary>The text that stands percent-encoded in an answer.</summary>
    public static string Document(this XElement answer, string name) => Uri.UnescapeDataString(answer.Descendants(name).Single().Value);

    public static string[] Names(this XElement element) => [.. element.Elements().Select(e => e.Name.LocalName)];

    /// <summary>The texts of all such elements, comma between.</summary>
    public static string Line(this XElement answer, string name) => string.Join(',', answer.All(name));

    public static string[] All(this XElement answer, string name) => [.. answer.Descendants(name).Select(e => e.Value)];
}
