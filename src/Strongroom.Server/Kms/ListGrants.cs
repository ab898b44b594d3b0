using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ListGrants.</summary>
internal sealed class ListGrantsRequest : KmsPagedRequest
{
    public string? KeyId { get; private set; }
    public string? GrantId { get; private set; }
    public string? GranteePrincipal { get; private set; }

    public static Shape<ListGrantsRequest> Shape { get; } = new(Members(
        Member.String<ListGrantsRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<ListGrantsRequest>("GrantId", r => r.GrantId, (r, v) => r.GrantId = v, KmsLimits.GrantId),
        Member.String<ListGrantsRequest>("GranteePrincipal", r => r.GranteePrincipal, (r, v) => r.GranteePrincipal = v, KmsLimits.Principal)));
}

/// <summary>Source: KMS model, ListRetirableGrants.</summary>
internal sealed class ListRetirableGrantsRequest : KmsPagedRequest
{
    public string? RetiringPrincipal { get; private set; }

    public static Shape<ListRetirableGrantsRequest> Shape { get; } = new(Members(
        Member.String<ListRetirableGrantsRequest>(
            "RetiringPrincipal", r => r.RetiringPrincipal, (r, v) => r.RetiringPrincipal = v, KmsLimits.Principal, required: true)));
}

internal sealed record ListGrantsResponse(KmsDirectory Directory, KmsPage<KmsGrant> Page) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Grants"u8);
        foreach (var grant in Page.Items)
            Write(writer, grant);
        writer.WriteEndArray();
        Page.WriteEnd(writer);
    }

    private void Write(Utf8JsonWriter writer, KmsGrant grant)
    {
        writer.WriteStartObject();
        if (grant.EncryptionContextEquals is not null || grant.EncryptionContextSubset is not null)
        {
            writer.WriteStartObject("Constraints"u8);
            WriteMap(writer, "EncryptionContextEquals", grant.EncryptionContextEquals);
            WriteMap(writer, "EncryptionContextSubset", grant.EncryptionContextSubset);
            writer.WriteEndObject();
        }

        writer.WriteDate("CreationDate"u8, grant.CreatedAt);
        writer.WriteString("GrantId"u8, grant.EntryName);
        writer.WriteString("GranteePrincipal"u8, grant.GranteePrincipal);
        writer.WriteString("IssuingAccount"u8, $"arn:{Protocol.Arn.PartitionOf(Directory.Region)}:iam::{grant.IssuingAccount}:root");
        writer.WriteString("KeyId"u8, KmsArn.Key(Directory.Account, Directory.Region, grant.KeyId));
        writer.WriteOptional("Name"u8, grant.Name);
        writer.WriteStrings("Operations"u8, grant.Operations);
        writer.WriteOptional("RetiringPrincipal"u8, grant.RetiringPrincipal);
        writer.WriteEndObject();
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string>? map)
    {
        if (map is null)
            return;
        writer.WriteStartObject(name);
        foreach (var (key, value) in map)
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }
}

internal sealed class ListGrants(KmsTargets targets, KmsPaging paging) : IOperation<ListGrantsRequest, KmsTarget, ListGrantsResponse>
{
    // Source: KMS API Reference, ListGrants, Limit.
    public const int UsualPage = 50;
    public const int LargestPage = 100;

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListGrantsRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<ListGrantsResponse>> PlanAsync(CallContext call, Authorized<ListGrantsRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var grants = target.Directory.GrantsOn(target.Existing)
            .Where(grant => (request.GrantId is null || grant.EntryName == request.GrantId)
                && (request.GranteePrincipal is null || grant.GranteePrincipal == request.GranteePrincipal));
        return new(new ListGrantsResponse(target.Directory, paging.Cut(grants, grant => grant.EntryName, request, UsualPage, LargestPage)));
    }
}

internal sealed class ListRetirableGrants(KmsTargets targets, KmsPaging paging) : IOperation<ListRetirableGrantsRequest, KmsTarget, ListGrantsResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListRetirableGrantsRequest request, CancellationToken ct) => targets.AccountAsync(call, null, ct);

    public ValueTask<Plan<ListGrantsResponse>> PlanAsync(
        CallContext call, Authorized<ListRetirableGrantsRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var grants = target.Directory.All<KmsGrant>().Where(grant => grant.RetiringPrincipal == request.RetiringPrincipal);
        return new(new ListGrantsResponse(
            target.Directory, paging.Cut(grants, grant => grant.EntryName, request, ListGrants.UsualPage, ListGrants.LargestPage)));
    }
}
