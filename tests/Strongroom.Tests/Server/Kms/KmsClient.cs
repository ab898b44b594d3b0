using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Kms;

/// <summary>What KMS tests do again and again.</summary>
internal static class KmsClient
{
    public static Task<JsonObject> KmsAsync(this TestClient client, string operation, object? parameters = null, string region = "us-east-1") =>
        client.JsonAsync("TrentService." + operation, parameters, region);

    public static Task<string> KmsFailsAsync(this TestClient client, string operation, object? parameters, string code, string region = "us-east-1") =>
        client.JsonFailsAsync("TrentService." + operation, parameters, code, region);

    /// <returns>The new key's id.</returns>
    public static async Task<string> NewKeyAsync(this TestClient client, object? parameters = null, string region = "us-east-1") =>
        (string)(await client.KmsAsync("CreateKey", parameters ?? new { }, region))["KeyMetadata"]!["KeyId"]!;

    public static string KeyArn(string keyId, string region = "us-east-1") => $"arn:aws:kms:{region}:{RunningServer.Account}:key/{keyId}";

    /// <summary>A user with inline policies, by its own access key.</summary>
    public static async Task<TestClient> NewUserAsync(this RunningServer server, string name, params string[] policies)
    {
        await server.PutAsync(Identities.User(name, policies));
        return await server.ClientOfAsync(name);
    }

    public static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
