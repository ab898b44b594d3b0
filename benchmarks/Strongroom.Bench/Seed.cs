using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Bench;

/// <summary>Data directories with many secrets, made once per schema and kept between runs.</summary>
internal static class Seed
{
    public const string Region = "us-east-1";

    private const string Account = "123456789012";
    private const int SecretsPerCommit = 4000;

    /// <summary>Grows when what is seeded changes.</summary>
    private const int Format = 1;

    // An access key for data that exists for measuring only.
    public static SigV4Credentials Credentials { get; } = new("AKIAIOSFODNN7BENCHMK", "bench/only/bench/only/bench/only/bench/o");

    public static string Name(int number) => "app/service-" + number.ToString("D7", CultureInfo.InvariantCulture) + "/database";

    public static string Get(int number) => Get(Name(number));

    public static string Get(string name) => $$"""{"SecretId":"{{name}}"}""";

    /// <summary>A directory with this many secrets, from an earlier run if there is one.</summary>
    public static async Task<string> DirectoryAsync(int secrets)
    {
        var path = Path.Combine(Workplace.Root, $"data-{SchemaHash()}-{secrets.ToString(CultureInfo.InvariantCulture)}");
        if (File.Exists(path + ".complete"))
            return path;
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        await Console.Error.WriteLineAsync($"Seeding {secrets} secrets; kept for later runs.");
        await InstallAsync(path);
        await FillAsync(path, secrets);
        await File.WriteAllBytesAsync(path + ".complete", []);
        return path;
    }

    // The server itself makes the installation, and with a first secret the default key.
    private static async Task InstallAsync(string path)
    {
        var options = new ServerOptions
        {
            DataDirectory = path,
            Listen = "http://127.0.0.1:0",
            AccountId = Account,
            RootAccessKeyId = Credentials.AccessKeyId,
            RootSecretAccessKey = Credentials.SecretAccessKey,
        };
        await using var server = await StrongroomServer.StartAsync(
            options, TimeProvider.System, SystemEntropy.Instance, l => l.SetMinimumLevel(LogLevel.None), CancellationToken.None);
        Exchange.Send(
            server.Endpoint.Port, "CreateSecret",
            $$"""{"Name":"first","SecretString":"x","ClientRequestToken":"{{Guid.NewGuid()}}"}""");
    }

    private static async Task FillAsync(string path, int secrets)
    {
        await using var store = await SqlStore.OpenSqliteAsync(Path.Combine(path, "strongroom.db"), TimeProvider.System, CancellationToken.None);
        var seal = new FileSeal(Path.Combine(path, "root.key"), SystemEntropy.Instance);
        var wrapped = await store.FindSettingAsync("root-key", CancellationToken.None);
        using var keyring = new Keyring(await seal.UnwrapAsync(wrapped!, CancellationToken.None), SystemEntropy.Instance);
        var directory = await store.LoadDirectoryAsync(Account, Region, CancellationToken.None);
        var id = Guid.Parse(directory.Entries.Single(entry => entry.Kind == "kms-key").Name);
        var key = await store.FindKeyAsync(id, 1, CancellationToken.None);
        keyring.Load(key!);

        var pending = Task.CompletedTask;
        for (var from = 0; from < secrets; from += SecretsPerCommit)
        {
            var changes = Enumerable.Range(from, Math.Min(SecretsPerCommit, secrets - from)).Select(n => New(n, key!.KeyId, keyring)).ToList();
            await pending;
            pending = store.CommitAsync(new SecretCommit(changes, []), CancellationToken.None).AsTask();
        }

        await pending;
    }

    private static SecretChange New(int number, Guid key, Keyring keyring)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var (name, suffix, version) = (Name(number), RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz", 6), Guid.NewGuid().ToString());
        var value = Encoding.UTF8.GetBytes(Value(number));
        var place = new Binding(Account, Region, $"arn:aws:secretsmanager:{Region}:{Account}:secret:{name}-{suffix}", version);
        return new SecretChange
        {
            After = new StoredSecret
            {
                Account = Account,
                Region = Region,
                Name = name,
                Suffix = suffix,
                CreatedAt = now,
                ChangedAt = now,
                AccessedOn = today,
                Document = new SecretDocument
                {
                    Description = "Database of a service",
                    Tags = [new SecretTag("team", "payments"), new SecretTag("stage", "production")],
                    Versions = [new LabelledVersion(version, ["AWSCURRENT"])],
                },
            },
            Versions =
            [
                new StoredVersion
                {
                    VersionId = version,
                    CreatedAt = now,
                    AccessedOn = today,
                    KmsKeyId = "DefaultEncryptionKey",
                    Value = keyring.Seal(key, SecretKind.String, value, place),
                    ContentMac = keyring.ContentMac(SecretKind.String, value, place),
                },
            ],
        };
    }

    /// <summary>What a database secret usually holds.</summary>
    public static string Value(int number) =>
        $$"""{"engine":"postgres","host":"db-{{number}}.internal","port":5432,"username":"service","password":"correct-horse-battery-{{number}}","dbname":"service"}""";

    private static string SchemaHash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Format]);
        var assembly = typeof(SqlStore).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var bytes = new MemoryStream();
            stream.CopyTo(bytes);
            hash.AppendData(bytes.ToArray());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset()[..6]);
    }
}
