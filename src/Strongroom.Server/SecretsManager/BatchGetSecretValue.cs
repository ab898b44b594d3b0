using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.1.</summary>
internal sealed class BatchGetSecretValueRequest
{
    public IReadOnlyList<string>? SecretIdList { get; private set; }
    public IReadOnlyList<FilterParameter>? Filters { get; private set; }
    public long? MaxResults { get; private set; }
    public string? NextToken { get; private set; }

    public static Shape<BatchGetSecretValueRequest> Shape { get; } = new(
        Member.Strings<BatchGetSecretValueRequest>("SecretIdList", r => r.SecretIdList, (r, v) => r.SecretIdList = v, Limits.SecretId, min: 1, max: 20),
        Member.Structs<BatchGetSecretValueRequest, FilterParameter>("Filters", FilterParameter.Shape, r => r.Filters, (r, v) => r.Filters = v, max: 10),
        Member.Long<BatchGetSecretValueRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 20),
        Member.String<BatchGetSecretValueRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, Limits.NextToken));
}

internal sealed record BatchGetSecretValueResponse(
    IReadOnlyList<GetSecretValueResponse> SecretValues, IReadOnlyList<(string SecretId, ServiceException Error)> Errors, string? NextToken) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [.. SecretValues.Select(v => v.Arn)];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Errors"u8);
        foreach (var (id, error) in Errors)
        {
            writer.WriteStartObject();
            writer.WriteString("ErrorCode"u8, error.Code);
            writer.WriteString("Message"u8, error.Message);
            writer.WriteString("SecretId"u8, id);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteOptional("NextToken"u8, NextToken);
        writer.WriteStartArray("SecretValues"u8);
        foreach (var value in SecretValues)
        {
            writer.WriteStartObject();
            value.WriteMembers(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public void Dispose()
    {
        foreach (var value in SecretValues)
            value.Dispose();
    }
}

internal sealed class BatchGetSecretValue(SecretPages pages, GetSecretValue single)
    : IOperation<BatchGetSecretValueRequest, AccountTarget, BatchGetSecretValueResponse>
{
    private const string SingleAction = "secretsmanager:GetSecretValue";
    private const string ListAction = "secretsmanager:ListSecrets";
    private const int DefaultPage = 20;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, BatchGetSecretValueRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<BatchGetSecretValueResponse>> PlanAsync(
        CallContext call, Authorized<BatchGetSecretValueRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        if (request.SecretIdList is null == request.Filters is null or { Count: 0 })
            throw SecretsManagerErrors.InvalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.");
        if (request.SecretIdList is not null && request.MaxResults is not null)
            throw SecretsManagerErrors.InvalidParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.");
        if (request.SecretIdList is not null && request.NextToken is not null)
            throw SecretsManagerErrors.InvalidParameter("'Filters' not specified. 'Filters' must also be specified when 'NextToken' is provided.");

        if (request.SecretIdList is not null)
            return await ReadAsync(call, request.SecretIdList, null, ct);

        // Choosing by filter tells which secrets exist, so it needs the right to list them.
        AccessDenied.Demand(call, ListAction, target);
        var listing = new SecretListing("BatchGetSecretValue", request.Filters!, SecretOrder.CreatedDate, false, false);
        var (secrets, next) = await pages.ReadAsync(call, listing, (int)(request.MaxResults ?? DefaultPage), request.NextToken, ct);
        return await ReadAsync(call, [.. secrets.Select(s => s.Arn())], next, ct);
    }

    private async ValueTask<BatchGetSecretValueResponse> ReadAsync(
        CallContext call, IReadOnlyList<string> secretIds, string? nextToken, CancellationToken ct)
    {
        var values = new List<GetSecretValueResponse>();
        var errors = new List<(string, ServiceException)>();
        try
        {
            foreach (var id in secretIds)
            {
                try
                {
                    values.Add(await ReadOneAsync(call, id, ct));
                }
                catch (ServiceException error)
                {
                    // One secret's failure is an entry of the answer, not the call's.
                    errors.Add((id, error));
                }
            }
        }
        catch
        {
            // An outage ends the call, and with it what was opened before.
            foreach (var value in values)
                value.Dispose();
            throw;
        }

        return new BatchGetSecretValueResponse(values, errors, nextToken);
    }

    private async ValueTask<GetSecretValueResponse> ReadOneAsync(CallContext call, string secretId, CancellationToken ct)
    {
        var request = GetSecretValueRequest.ForCurrent(secretId);
        var target = await single.ResolveAsync(call, request, ct);
        return Authorizer.TryAuthorize(
            call.Caller.Principal, call.Caller.Policies, call.Facts, SingleAction, request, target, out var authorized, out var decision)
            ? (await single.PlanAsync(call, authorized, ct)).Response
            : throw AccessDenied.For(call, SingleAction, target, decision);
    }
}
