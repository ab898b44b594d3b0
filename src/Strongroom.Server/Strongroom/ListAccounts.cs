using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

internal sealed class ListAccountsRequest
{
    public long? MaxResults { get; private set; }

    /// <summary>The id of the last account shown.</summary>
    public string? NextToken { get; private set; }

    public static Shape<ListAccountsRequest> Shape { get; } = new(
        Member.Long<ListAccountsRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 1000),
        Member.String<ListAccountsRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, AccountLimits.AccountId));
}

internal sealed record ListAccountsResponse(IReadOnlyList<(StoredAccount Account, string? Name)> Accounts, string? NextToken) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Accounts"u8);
        foreach (var (account, name) in Accounts)
        {
            writer.WriteStartObject();
            AccountParts.Write(writer, account, name);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (NextToken is not null)
            writer.WriteString("NextToken"u8, NextToken);
    }
}

internal sealed class ListAccounts(IamDirectories directories, IDirectoryStore store) : IOperation<ListAccountsRequest, AccountTarget, ListAccountsResponse>
{
    private const int DefaultResults = 100;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, ListAccountsRequest request, CancellationToken ct) =>
        InstallationTarget.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<ListAccountsResponse>> PlanAsync(
        CallContext call, Authorized<ListAccountsRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var request = authorized.Request;
        var size = (int)(request.MaxResults ?? DefaultResults);
        var rest = (await store.ListAccountsAsync(ct)).SkipWhile(a => string.CompareOrdinal(a.Account, request.NextToken) <= 0).ToList();
        var shown = new List<(StoredAccount, string?)>();
        foreach (var account in rest.Take(size))
            shown.Add((account, (await directories.GetAsync(account.Account, ct)).Origin?.Name));
        return new ListAccountsResponse(shown, rest.Count > size ? rest[size - 1].Account : null);
    }
}
