using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ListAliases.</summary>
internal sealed class ListAliasesRequest : KmsPagedRequest
{
    public string? KeyId { get; private set; }

    public static Shape<ListAliasesRequest> Shape { get; } = new(Members(
        Member.String<ListAliasesRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId)));
}

internal sealed record ListAliasesResponse(KmsDirectory Directory, KmsPage<KmsAlias> Page) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Aliases"u8);
        foreach (var alias in Page.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("AliasArn"u8, KmsArn.Alias(Directory.Account, Directory.Region, alias.EntryName));
            writer.WriteString("AliasName"u8, alias.EntryName);
            if (alias.KeyId.Length > 0)
            {
                writer.WriteDate("CreationDate"u8, alias.CreatedAt);
                writer.WriteDate("LastUpdatedDate"u8, alias.UpdatedAt);
                writer.WriteString("TargetKeyId"u8, alias.KeyId);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        Page.WriteEnd(writer);
    }
}

internal sealed class ListAliases(KmsTargets targets, KmsPaging paging) : IOperation<ListAliasesRequest, KmsTarget, ListAliasesResponse>
{
    // Source: KMS API Reference, ListAliases, Limit.
    private const int UsualPage = 50;
    private const int LargestPage = 100;

    // AWS shows the alias of a key that it has not made yet, without the key. Source: IAM fact sheet 7.3.
    private static readonly KmsAlias Unused = new() { EntryName = KeyDirectory.DefaultAlias, KeyId = "" };

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListAliasesRequest request, CancellationToken ct) => targets.AccountAsync(call, null, ct);

    public async ValueTask<Plan<ListAliasesResponse>> PlanAsync(
        CallContext call, Authorized<ListAliasesRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        IEnumerable<KmsAlias> aliases = directory.All<KmsAlias>();
        if (request.KeyId is { } text)
        {
            var key = (await targets.ResolveKeyAsync(call, text, null, ct)).Existing;
            aliases = aliases.Where(alias => alias.KeyId == key.EntryName);
        }
        else if (directory.FindAlias(KeyDirectory.DefaultAlias) is null)
        {
            aliases = aliases.Append(Unused).OrderBy(alias => alias.EntryName, StringComparer.Ordinal);
        }

        return new ListAliasesResponse(directory, paging.Cut(aliases, alias => alias.EntryName, request, UsualPage, LargestPage));
    }
}
