using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.11.</summary>
internal sealed class ListSecretVersionIdsRequest
{
    public string? SecretId { get; private set; }
    public long? MaxResults { get; private set; }
    public string? NextToken { get; private set; }
    public bool? IncludeDeprecated { get; private set; }

    public static Shape<ListSecretVersionIdsRequest> Shape { get; } = new(
        Member.String<ListSecretVersionIdsRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Long<ListSecretVersionIdsRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 100),
        Member.String<ListSecretVersionIdsRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, Limits.NextToken),
        Member.Bool<ListSecretVersionIdsRequest>("IncludeDeprecated", r => r.IncludeDeprecated, (r, v) => r.IncludeDeprecated = v));
}

internal sealed record ListSecretVersionIdsResponse(StoredSecret Secret, IReadOnlyList<VersionSummary> Versions, string? NextToken) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Secret.Arn());
        writer.WriteString("Name"u8, Secret.Name);
        writer.WriteOptional("NextToken"u8, NextToken);
        writer.WriteStartArray("Versions"u8);
        foreach (var version in Versions)
        {
            writer.WriteStartObject();
            writer.WriteDate("CreatedDate"u8, version.CreatedAt);
            writer.WriteStrings("KmsKeyIds"u8, [version.KmsKeyId]);
            writer.WriteDate("LastAccessedDate"u8, version.AccessedOn);
            writer.WriteString("VersionId"u8, version.VersionId);
            writer.WriteStrings("VersionStages"u8, Secret.Document.Versions.Of(version.VersionId));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal sealed class ListSecretVersionIds(SecretTargets targets, ISecretStore store, PagingTokens tokens)
    : IOperation<ListSecretVersionIdsRequest, SecretTarget, ListSecretVersionIdsResponse>
{
    private const int DefaultPage = 100;

    public ValueTask<SecretTarget> ResolveAsync(CallContext call, ListSecretVersionIdsRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<ListSecretVersionIdsResponse>> PlanAsync(
        CallContext call, Authorized<ListSecretVersionIdsRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Existing;
        var all = request.IncludeDeprecated ?? false;
        var listing = $"ListSecretVersionIds\n{secret.Arn()}\n{all}";
        VersionPosition? after = null;
        if (request.NextToken is not null)
        {
            var (milliseconds, id) = tokens.Read(listing, request.NextToken);
            after = new VersionPosition(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), id);
        }

        var size = (int)(request.MaxResults ?? DefaultPage);
        var rows = await store.ListVersionsAsync(secret.Id, all, after, size + 1, ct);
        var page = rows.Take(size).ToList();
        var next = rows.Count > size ? tokens.Make(listing, page[^1].CreatedAt.ToUnixTimeMilliseconds(), page[^1].VersionId) : null;
        return new ListSecretVersionIdsResponse(secret, page, next);
    }
}
