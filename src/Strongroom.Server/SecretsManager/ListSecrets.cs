using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.10.</summary>
internal sealed class ListSecretsRequest
{
    public bool? IncludePlannedDeletion { get; private set; }
    public long? MaxResults { get; private set; }
    public string? NextToken { get; private set; }
    public IReadOnlyList<FilterParameter>? Filters { get; private set; }
    public string? SortOrder { get; private set; }
    public string? SortBy { get; private set; }

    public static Shape<ListSecretsRequest> Shape { get; } = new(
        Member.Bool<ListSecretsRequest>("IncludePlannedDeletion", r => r.IncludePlannedDeletion, (r, v) => r.IncludePlannedDeletion = v),
        Member.Long<ListSecretsRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 100),
        Member.String<ListSecretsRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, Limits.NextToken),
        Member.Structs<ListSecretsRequest, FilterParameter>("Filters", FilterParameter.Shape, r => r.Filters, (r, v) => r.Filters = v, max: 10),
        Member.String<ListSecretsRequest>("SortOrder", r => r.SortOrder, (r, v) => r.SortOrder = v, Constraint.Enum("asc", "desc")),
        Member.String<ListSecretsRequest>("SortBy", r => r.SortBy, (r, v) => r.SortBy = v,
            Constraint.Enum("created-date", "last-accessed-date", "last-changed-date", "name")));
}

internal sealed record ListSecretsResponse(IReadOnlyList<StoredSecret> SecretList, string? NextToken) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteOptional("NextToken"u8, NextToken);
        writer.WriteStartArray("SecretList"u8);
        foreach (var secret in SecretList)
        {
            writer.WriteStartObject();
            SecretEntry.WriteHead(writer, secret);
            SecretEntry.WriteTail(writer, secret, "SecretVersionsToStages"u8, versionsLast: false);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal sealed class ListSecrets(SecretPages pages) : IOperation<ListSecretsRequest, AccountTarget, ListSecretsResponse>
{
    private const int DefaultPage = 100;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, ListSecretsRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<ListSecretsResponse>> PlanAsync(
        CallContext call, Authorized<ListSecretsRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var request = authorized.Request;
        var order = request.SortBy switch
        {
            "last-accessed-date" => SecretOrder.LastAccessedDate,
            "last-changed-date" => SecretOrder.LastChangedDate,
            "name" => SecretOrder.Name,
            _ => SecretOrder.CreatedDate,
        };
        var listing = new SecretListing(
            "ListSecrets", request.Filters ?? [], order, request.SortOrder == "desc", request.IncludePlannedDeletion ?? false);
        var (secrets, next) = await pages.ReadAsync(call, listing, (int)(request.MaxResults ?? DefaultPage), request.NextToken, ct);
        return new ListSecretsResponse(secrets, next);
    }
}
