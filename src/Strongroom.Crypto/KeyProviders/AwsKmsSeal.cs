using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using Amazon;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>Which KMS key seals, and where it is.</summary>
/// <param name="KeyId">Key id, key ARN, alias name or alias ARN of a symmetric key.</param>
public sealed record AwsKmsSealOptions(string KeyId)
{
    /// <summary>Null: the region of the key's ARN, else what the AWS SDK finds.</summary>
    public string? Region { get; init; }

    /// <summary>Null for AWS itself. Otherwise https, or http to this machine.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Null: the AWS SDK's usual chain, from environment variables to the role of the machine.</summary>
    internal AWSCredentials? Credentials { get; init; }
}

/// <summary>Seals the root key with a KMS key, of AWS or of anything that speaks its protocol. The key itself never leaves the KMS.</summary>
/// <remarks>Formats: docs/formats/root-key-file.md. The AWS SDK keeps copies of the root key in its buffers that nobody zeroes: docs/threat-model.md.</remarks>
public sealed class AwsKmsSeal : IRootKeySeal
{
    private const byte FormatVersion = 1;
    private const int HeaderBytes = 7;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly AwsKmsSealOptions options;
    private readonly Guid installation;

    /// <exception cref="ArgumentException">The endpoint is neither https nor on this machine.</exception>
    public AwsKmsSeal(AwsKmsSealOptions options, Guid installation)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Endpoint is { } endpoint && !IsPrivate(endpoint))
            throw new ArgumentException("The root key would cross the network readable.", nameof(options));
        (this.options, this.installation) = (options, installation);
    }

    public string Name => "aws-kms";

    private static ReadOnlySpan<byte> Magic => "SRRA"u8;

    /// <summary>Whether the root key may be sent there.</summary>
    public static bool IsPrivate(Uri endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Scheme == Uri.UriSchemeHttps || (endpoint.Scheme == Uri.UriSchemeHttp && endpoint.IsLoopback);
    }

    /// <summary>Makes nothing: a KMS key is its owner's to make.</summary>
    public ValueTask EnsureKeyAsync(CancellationToken ct) => ValueTask.CompletedTask;

    public async ValueTask<byte[]> WrapAsync(SecretBytes rootKey, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(rootKey);
        if (rootKey.Length != CipherPool.KeyBytes)
            throw new ArgumentException("A root key has 32 bytes.", nameof(rootKey));

        var plaintext = GC.AllocateUninitializedArray<byte>(CipherPool.KeyBytes, pinned: true);
        rootKey.Reveal().CopyTo(plaintext);
        try
        {
            using var stream = new MemoryStream(plaintext, writable: false);
            var answer = await CallAsync(
                client => client.EncryptAsync(new EncryptRequest { KeyId = options.KeyId, Plaintext = stream, EncryptionContext = Context() }, ct), null, ct);
            var key = Encoding.UTF8.GetBytes(answer.KeyId);
            return [.. Magic, FormatVersion, (byte)(key.Length >> 8), (byte)(key.Length & 0xFF), .. key, .. answer.CiphertextBlob.ToArray()];
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    public async ValueTask<SecretBytes> UnwrapAsync(ReadOnlyMemory<byte> wrapped, CancellationToken ct)
    {
        var (key, ciphertext) = Parse(wrapped.ToArray());
        using var stream = new MemoryStream(ciphertext, writable: false);
        var answer = await CallAsync(
            client => client.DecryptAsync(new DecryptRequest { KeyId = options.KeyId, CiphertextBlob = stream, EncryptionContext = Context() }, ct), key, ct);
        var plaintext = answer.Plaintext;
        return plaintext is { Length: CipherPool.KeyBytes }
            ? SecretBytes.Create(CipherPool.KeyBytes, plaintext, static (bytes, plaintext) => plaintext.ReadExactly(bytes))
            : throw new SealException("The KMS answered with something that is no root key. Is the endpoint the right one?") { Failure = SealFailure.WrongKey };
    }

    /// <summary>Refused unless the KMS is given the same when it decrypts; also what key policies and CloudTrail see.</summary>
    private Dictionary<string, string> Context() => new() { ["strongroom:installation"] = installation.ToString(), ["strongroom:purpose"] = "root-key" };

    private static (string Key, byte[] Ciphertext) Parse(byte[] blob)
    {
        if (blob.Length < HeaderBytes || !blob.AsSpan().StartsWith(Magic))
            throw new SealException(
                "The sealed root key in the store was not made by the seal 'aws-kms'. Configure the seal that this data was created with.")
            { Failure = SealFailure.WrongKey };
        if (blob[4] != FormatVersion)
            throw new SealException(
                $"The sealed root key in the store has format version {blob[4]}, and this program knows version {FormatVersion} only. "
                + "Run the newer version of Strongroom that wrote it.");

        var keyLength = (blob[5] << 8) | blob[6];
        if (blob.Length <= HeaderBytes + keyLength)
            throw new SealException("The sealed root key in the store is damaged. Restore the store from a backup.") { Failure = SealFailure.WrongKey };
        return (Encoding.UTF8.GetString(blob, HeaderBytes, keyLength), blob[(HeaderBytes + keyLength)..]);
    }

    private async Task<T> CallAsync<T>(Func<AmazonKeyManagementServiceClient, Task<T>> call, string? sealedWith, CancellationToken ct)
    {
        try
        {
            using var client = Connect();
            return await call(client);
        }
        catch (AmazonServiceException e) when (e.StatusCode != 0)
        {
            throw Map(e, sealedWith);
        }
        catch (Exception e) when (e is AmazonClientException or AmazonServiceException or HttpRequestException or TimeoutException
            || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            throw new SealException(
                $"The KMS at {Place} can't be reached: {Innermost(e)} Check the network, seal-kms-endpoint and the AWS credentials of this process.", e)
            { Failure = SealFailure.OutOfReach };
        }
    }

    private AmazonKeyManagementServiceClient Connect()
    {
        var region = options.Region ?? (options.KeyId.Split(':') is ["arn", _, "kms", { Length: > 0 } ofKey, ..] ? ofKey : null);
        var config = new AmazonKeyManagementServiceConfig { Timeout = Patience, MaxErrorRetry = 1 };
        if (options.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.ToString();
            config.AuthenticationRegion = region ?? "us-east-1";
        }
        else if (region is not null)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return options.Credentials is { } credentials
            ? new AmazonKeyManagementServiceClient(credentials, config)
            : new AmazonKeyManagementServiceClient(config);
    }

    private string Place => options.Endpoint?.GetLeftPart(UriPartial.Authority) ?? (options.Region is { } region ? $"AWS in {region}" : "AWS");

    private SealException Map(AmazonServiceException e, string? sealedWith) => e.ErrorCode switch
    {
        "InvalidCiphertextException" or "IncorrectKeyException" or "InvalidKeyUsageException" => new SealException(
            $"The KMS key {options.KeyId} does not open this data ({e.ErrorCode}): it was sealed with {sealedWith ?? "another key"}, or the sealed root key in the store is "
            + "damaged or of another installation. Configure that key; to change keys run: strongroom seal move", e)
        { Failure = SealFailure.WrongKey },
        "NotFoundException" => new SealException(
            $"The KMS at {Place} has no key {options.KeyId}{(sealedWith is null ? "" : $" (this data was sealed with {sealedWith})")}. Correct seal-kms-key, "
            + "seal-kms-region or seal-kms-endpoint.", e),
        "DisabledException" or "KMSInvalidStateException" or "KeyUnavailableException" => new SealException(
            $"The KMS key {options.KeyId} is not usable now ({e.ErrorCode}: {e.Message}) Enable it, or cancel its deletion.", e)
        { Failure = SealFailure.OutOfReach },
        "ThrottlingException" or "Throttling" or "LimitExceededException" => Later(e),
        _ when e.StatusCode >= HttpStatusCode.InternalServerError || e.StatusCode == HttpStatusCode.TooManyRequests => Later(e),
        _ => new SealException(
            $"The KMS at {Place} refuses to use the key {options.KeyId} ({e.ErrorCode}: {e.Message}) Allow kms:Encrypt and kms:Decrypt on it to the credentials of "
            + "this process, and check those.", e),
    };

    private SealException Later(AmazonServiceException e) =>
        new($"The KMS at {Place} takes no calls now ({e.ErrorCode}, HTTP {(int)e.StatusCode}).", e) { Failure = SealFailure.OutOfReach };

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e.Message.TrimEnd('.') + ".";
    }
}
