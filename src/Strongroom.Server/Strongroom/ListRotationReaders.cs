using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Strongroom;

internal sealed class ListRotationReadersRequest
{
    public string? SecretId { get; private set; }

    /// <summary>How far back, in days of 24 hours. Default: 30.</summary>
    public long? Days { get; private set; }

    public static Shape<ListRotationReadersRequest> Shape { get; } = new(
        Member.String<ListRotationReadersRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Long<ListRotationReadersRequest>("Days", r => r.Days, (r, v) => r.Days = v, 1, 3650));
}

/// <summary>Who read a secret's value, and which of its versions they have.</summary>
internal sealed record ListRotationReadersResponse(string Arn, string Name, SecretReaders Readers) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteBoolean("IsTruncated"u8, Readers.IsTruncated);
        writer.WriteString("Name"u8, Name);
        writer.WriteStartArray("Readers"u8);
        foreach (var reader in Readers.All)
        {
            writer.WriteStartObject();
            writer.WriteDate("LastReadDate"u8, reader.LastRead);
            writer.WriteString("Principal"u8, reader.Principal);
            writer.WriteString("Version"u8, reader.Version switch
            {
                ReadVersion.Current => "CURRENT"u8,
                ReadVersion.Previous => "PREVIOUS"u8,
                _ => "OLDER"u8,
            });
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal sealed class ListRotationReaders(SecretTargets targets, RotationReaders readers)
    : IOperation<ListRotationReadersRequest, SecretTarget, ListRotationReadersResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, ListRotationReadersRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public ValueTask<Plan<ListRotationReadersResponse>> PlanAsync(
        CallContext call, Authorized<ListRotationReadersRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Existing;
        return new(new ListRotationReadersResponse(
            secret.Arn(), secret.Name, readers.Find(secret, call.Now.AddDays(-(request.Days ?? RotationReaders.UsualDays)), ct)));
    }
}
