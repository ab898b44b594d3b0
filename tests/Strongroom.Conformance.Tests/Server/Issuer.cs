using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Conformance.Tests.Server;

/// <summary>An OpenID Connect issuer out of reach, whose keys a server finds as a file; signs tokens.</summary>
internal sealed class Issuer : IDisposable
{
    public const string Url = "https://issuer.invalid/clusters/one";

    /// <summary>The issuer as ARNs and condition keys name it.</summary>
    public const string Name = "issuer.invalid/clusters/one";

    private readonly string files = Directory.CreateTempSubdirectory("strongroom-oidc-").FullName;
    private readonly RSA key = RSA.Create(2048);

    public Issuer()
    {
        var parameters = key.ExportParameters(false);
        File.WriteAllText(Path.Combine(files, "issuer.invalid%2Fclusters%2Fone.jwks.json"), new JsonObject
        {
            ["keys"] = new JsonArray(new JsonObject
            {
                ["kty"] = "RSA", ["kid"] = "k1", ["use"] = "sig",
                ["n"] = Base64Url.EncodeToString(parameters.Modulus), ["e"] = Base64Url.EncodeToString(parameters.Exponent),
            }),
        }.ToJsonString());
    }

    /// <summary>What makes a server find the keys.</summary>
    public Dictionary<string, string> Environment => new() { ["STRONGROOM_OIDC_DIRECTORY"] = files };

    public string Token(string subject)
    {
        static string Encode(JsonObject json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var text = Encode(new() { ["alg"] = "RS256", ["kid"] = "k1" }) + "."
            + Encode(new() { ["iss"] = Url, ["sub"] = subject, ["aud"] = "sts.amazonaws.com", ["iat"] = now, ["exp"] = now + 600 });
        return text + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    public void Dispose()
    {
        key.Dispose();
        Directory.Delete(files, recursive: true);
    }
}
