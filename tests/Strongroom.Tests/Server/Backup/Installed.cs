using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Strongroom.Crypto;
using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;
using Strongroom.Storage.Backup;
using Strongroom.Tests.Server.Lambda;

namespace Strongroom.Tests.Server.Backup;

/// <summary>A server with something of everything in it, and backups of it.</summary>
internal sealed class Installed : IAsyncDisposable
{
    public const string Canary = "canary-value-9f3a";
    public const string Token1 = "11111111-1111-4111-8111-111111111111";
    public const string Token2 = "22222222-2222-4222-8222-222222222222";

    private readonly string place = Directory.CreateTempSubdirectory("strongroom-backup-").FullName;

    private Installed(RunningServer server) => Server = server;

    public RunningServer Server { get; }

    public string UserKeyId { get; private set; } = "";

    public string UserSecret { get; private set; } = "";

    public string KeyArn { get; private set; } = "";

    public string Ciphertext { get; private set; } = "";

    public string RootKey => Path.Combine(Server.Data, "root.key");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public string Path_(string name) => Path.Combine(place, name);

    public static async Task<Installed> StartAsync()
    {
        var installed = new Installed((await LambdaClient.StartAsync(ownFunctions: false)).Server);
        await installed.FillAsync();
        return installed;
    }

    /// <summary>A backup made by the command, while the server serves.</summary>
    public async Task<string> BackUpAsync(string name = "one.backup", params string[] more)
    {
        var path = Path_(name);
        var (code, output, error) = await Typed.RunAsync(["backup", "--data", Server.Data, "--to", path, .. more]);
        Assert.True(code == 0, output + error);
        return path;
    }

    /// <summary>What an editor with the right keys, or without any, would make of a backup.</summary>
    public async Task<byte[]> ForgeAsync(string path, Func<JsonObject, byte[], byte[]> edit, bool withKeys)
    {
        var bytes = await File.ReadAllBytesAsync(path, Ct);
        var room = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(5));
        var manifest = JsonNode.Parse(bytes.AsSpan(9, room))!.AsObject();
        var sections = edit(manifest, bytes[(9 + room)..^68]);
        var at = 0;
        foreach (var section in manifest["sections"]!.AsArray())
        {
            var length = (int)section!["bytes"]!;
            if (at + length <= sections.Length)
                section["sha256"] = Convert.ToHexStringLower(SHA256.HashData(sections.AsSpan(at, length)));
            at += length;
        }

        var json = Encoding.UTF8.GetBytes(manifest.ToJsonString());
        var head = new byte[9 + json.Length];
        "SRBK\u0001"u8.CopyTo(head);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), json.Length);
        json.CopyTo(head, 9);
        using var keys = await OpenKeysAsync();
        var mac = withKeys ? keys.Mac(head) : bytes[^36..^4];
        return [.. head, .. sections, .. SHA256.HashData(head), .. mac, .. "SRBE"u8];
    }

    public async Task<BackupKeys> OpenKeysAsync()
    {
        await using var snapshot = await StoreSnapshot.OpenSqliteAsync(DataDirectory.DatabaseIn(Server.Data), Ct);
        var seal = (await StoredSeal.FindAsync(snapshot, Ct))!;
        using var keyring = await RootKeys.OpenAsync(seal, new ServerOptions { DataDirectory = Server.Data }, SystemEntropy.Instance, Ct);
        return keyring.NewBackupKeys(seal.Installation!.Value);
    }

    /// <summary>Looks whether a server answers everything that was put in.</summary>
    public async Task CheckAsync(RunningServer server, bool hasFunction = true)
    {
        Assert.Equal(Canary + "-2", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "app/db" }))["SecretString"]);
        Assert.Equal(Canary + "-1", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "app/db", VersionStage = "AWSPREVIOUS" }))["SecretString"]);
        Assert.Equal(Convert.ToBase64String([0, 1, 255]), (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "binary" }))["SecretBinary"]);
        Assert.Equal(Canary + "-k", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "under-key" }))["SecretString"]);
        var versions = (await server.CallAsync("ListSecretVersionIds", new { SecretId = "app/db" }))["Versions"]!.AsArray();
        Assert.Equal([Token1, Token2], versions.Select(v => (string)v!["VersionId"]!).Order(StringComparer.Ordinal));
        Assert.Contains("GetSecretValue", (string?)(await server.CallAsync("GetResourcePolicy", new { SecretId = "app/db" }))["ResourcePolicy"], StringComparison.Ordinal);
        Assert.NotNull((await server.CallAsync("DescribeSecret", new { SecretId = "leaving" }))["DeletedDate"]);
        var user = new TestClient(server, UserKeyId, UserSecret);
        Assert.Equal(Canary + "-2", (string?)(await user.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "app/db" }))["SecretString"]);
        await user.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "binary" }, "AccessDeniedException");
        if (hasFunction)
            Assert.Equal(Canary, (string?)(await server.Root.LambdaOkAsync(200, "GET", LambdaClient.FunctionsPath + "/rotate/configuration"))["Environment"]!["Variables"]!["PASSWORD"]);
        Assert.Equal("cGxhaW4=", (string?)(await server.Root.JsonAsync("TrentService.Decrypt", new { CiphertextBlob = Ciphertext }))["Plaintext"]);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(place, recursive: true);
    }

    private async Task FillAsync()
    {
        await Server.CallAsync("CreateSecret", new { Name = "app/db", ClientRequestToken = Token1, SecretString = Canary + "-1", Tags = new[] { new { Key = "team", Value = "a" } } });
        await Server.CallAsync("PutSecretValue", new { SecretId = "app/db", ClientRequestToken = Token2, SecretString = Canary + "-2" });
        await Server.CallAsync("CreateSecret", new { Name = "binary", ClientRequestToken = Token1, SecretBinary = Convert.ToBase64String([0, 1, 255]) });
        await Server.CallAsync("CreateSecret", new { Name = "leaving", ClientRequestToken = Token1, SecretString = "x" });
        await Server.CallAsync("DeleteSecret", new { SecretId = "leaving" });
        await Server.CallAsync("PutResourcePolicy", new
        {
            SecretId = "app/db",
            ResourcePolicy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""",
        });
        KeyArn = (string)(await Server.Root.JsonAsync("TrentService.CreateKey"))["KeyMetadata"]!["Arn"]!;
        Ciphertext = (string)(await Server.Root.JsonAsync("TrentService.Encrypt", new { KeyId = KeyArn, Plaintext = "cGxhaW4=" }))["CiphertextBlob"]!;
        await Server.CallAsync("CreateSecret", new { Name = "under-key", ClientRequestToken = Token1, SecretString = Canary + "-k", KmsKeyId = KeyArn });
        await Server.Root.IamAsync("CreateUser", ("UserName", "reader"));
        await Server.Root.IamAsync(
            "PutUserPolicy", ("UserName", "reader"), ("PolicyName", "read"),
            ("PolicyDocument", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:111122223333:secret:app/*"}]}"""));
        var key = (await Server.Root.IamAsync("CreateAccessKey", ("UserName", "reader"))).Element("AccessKey")!;
        await Server.Root.CreateFunctionAsync("rotate", LambdaClient.Zip(Canary, "handler.py"), new { Variables = new { PASSWORD = Canary } });
        (UserKeyId, UserSecret) = (key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }
}
