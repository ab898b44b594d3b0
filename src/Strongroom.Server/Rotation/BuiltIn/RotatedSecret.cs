using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;
using Strongroom.Protocol;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// The secret under rotation as a built-in rotator works on it: through Secrets Manager's own operations, as a role of the service, so that policies and
/// KMS keys bind it and each use is recorded. Good for one step.
/// </summary>
/// <param name="environment">Settings of the rotator, named as the environment variables of AWS's templates.</param>
internal sealed class RotatedSecret(
    RotationEvent step, Caller caller, string region, OperationTable operations, AuditTrail audit, Entropy entropy, TimeProvider time,
    IReadOnlyDictionary<string, string> environment, Func<Uri> serverAddress)
{
    public string Arn => step.SecretArn;

    /// <summary>Id of the version that is being made.</summary>
    public string Token => step.Token;

    /// <summary>Settings of the rotator, named as the environment variables of AWS's templates, such as <c>EXCLUDE_CHARACTERS</c>.</summary>
    public IReadOnlyDictionary<string, string> Environment => environment;

    /// <summary>What a rotator takes chance from.</summary>
    public Entropy Entropy => entropy;

    public TimeProvider Time => time;

    /// <summary>Where this server is reached.</summary>
    public Uri ServerAddress => serverAddress();

    /// <summary>The value with a staging label; null when no version has it.</summary>
    public Task<SecretValue?> FindAsync(string stage, CancellationToken ct) => ReadAsync(Arn, versionId: null, stage, ct);

    /// <summary>The value that is being made; null while there is none.</summary>
    public Task<SecretValue?> FindPendingAsync(CancellationToken ct) => ReadAsync(Arn, Token, StagingLabels.Pending, ct);

    /// <summary>The current value of another secret of the account, which must carry the tag that lets rotators of this secret use it.</summary>
    /// <exception cref="RotationException">There is none, or it may not be used.</exception>
    public async Task<SecretValue> ReadOtherAsync(string secretId, CancellationToken ct) =>
        await ReadAsync(secretId, versionId: null, StagingLabels.Current, ct)
        ?? throw new RotationException($"Secret {secretId} does not exist, or has no current value.");

    /// <summary>Stores the new value under AWSPENDING.</summary>
    public async Task StorePendingAsync(SecretValue value, CancellationToken ct)
    {
        using var answer = await CallAsync("PutSecretValue", writer =>
        {
            writer.WriteString("SecretId"u8, Arn);
            writer.WriteString("ClientRequestToken"u8, Token);
            writer.WriteString("RotationToken"u8, step.RotationToken);
            value.Write(writer);
            writer.WriteStartArray("VersionStages"u8);
            writer.WriteStringValue(StagingLabels.Pending);
            writer.WriteEndArray();
        }, ct);
    }

    /// <summary>What DescribeSecret answers. The caller disposes of it.</summary>
    public async Task<JsonDocument> DescribeAsync(CancellationToken ct)
    {
        using var answer = await CallAsync("DescribeSecret", writer => writer.WriteString("SecretId"u8, Arn), ct);
        return JsonDocument.Parse(answer.Written.ToArray());
    }

    /// <summary>Moves AWSCURRENT to the new version.</summary>
    /// <param name="from">The version that has it; null when none has.</param>
    public async Task MakeCurrentAsync(string? from, CancellationToken ct)
    {
        using var answer = await CallAsync("UpdateSecretVersionStage", writer =>
        {
            writer.WriteString("SecretId"u8, Arn);
            writer.WriteString("VersionStage"u8, StagingLabels.Current);
            writer.WriteString("MoveToVersionId"u8, Token);
            if (from is not null)
                writer.WriteString("RemoveFromVersionId"u8, from);
        }, ct);
    }

    private async Task<SecretValue?> ReadAsync(string secretId, string? versionId, string stage, CancellationToken ct)
    {
        try
        {
            using var answer = await CallAsync("GetSecretValue", writer =>
            {
                writer.WriteString("SecretId"u8, secretId);
                if (versionId is not null)
                    writer.WriteString("VersionId"u8, versionId);
                writer.WriteString("VersionStage"u8, stage);
            }, ct);
            return ReadValue(answer.Written.Span);
        }
        catch (MissingException)
        {
            return null;
        }
    }

    // By hand, because a document would leave copies of the value in memory that nobody zeroes.
    private static SecretValue ReadValue(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            var isText = reader.ValueTextEquals("SecretString"u8);
            if (!isText && !reader.ValueTextEquals("SecretBinary"u8))
                continue;
            reader.Read();
            if (!isText)
                return SecretValue.Blob(reader.GetBytesFromBase64());
            using var text = new ScrubbedBuffer(reader.ValueSpan.Length + 1);
            var span = text.GetSpan(reader.ValueSpan.Length);
            text.Advance(reader.CopyString(span));
            return SecretValue.Text(text.Written.Span);
        }

        throw new RotationException("The secret has no value.");
    }

    private async Task<ScrubbedBuffer> CallAsync(string name, Action<Utf8JsonWriter> write, CancellationToken ct)
    {
        var operation = operations.Find(ServiceProtocol.SecretsManager.Name, name)!;
        using var body = new ScrubbedBuffer();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        var call = ServiceCall.New(caller, region, entropy, time.GetUtcNow());
        var answer = new ScrubbedBuffer();
        try
        {
            await operation.RunAsync(call, body.Written, audit, answer, ct);
            return answer;
        }
        catch (ServiceException error)
        {
            answer.Dispose();
            if (error.Code == "ResourceNotFoundException")
                throw new MissingException();
            throw new RotationException($"{name}: {error.Code}: {error.Message}");
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private sealed class MissingException : Exception;
}
