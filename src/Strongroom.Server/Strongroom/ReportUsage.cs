using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>How much are the account's secrets of a region used, and by whom? The question of <c>strongroom report usage</c>.</summary>
internal sealed class ReportUsageRequest
{
    /// <summary>Null: the call's own.</summary>
    public string? Region { get; private set; }

    /// <summary>The period that ends now, in days of 24 hours. Default: 30.</summary>
    public long? Days { get; private set; }

    public static Shape<ReportUsageRequest> Shape { get; } = new(
        Member.String<ReportUsageRequest>("Region", r => r.Region, (r, v) => r.Region = v, Constraint.Length(1, 32)),
        Member.Long<ReportUsageRequest>("Days", r => r.Days, (r, v) => r.Days = v, 1, 3650));
}

/// <param name="Hours">How long it was stored in the period and not marked for deletion.</param>
internal sealed record SecretUsage(StoredSecret Secret, long Calls, long Reads, int Versions, double Hours);

internal sealed record ReportUsageResponse(
    string Account, string Region, long Days, long Calls, IReadOnlyList<SecretUsage> Secrets, IReadOnlyList<(string Principal, long Calls, long Denied)> Principals,
    bool IsTruncated) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("AccountId"u8, Account);
        writer.WriteNumber("Calls"u8, Calls);
        writer.WriteNumber("Days"u8, Days);
        writer.WriteBoolean("IsTruncated"u8, IsTruncated);
        writer.WriteStartArray("Principals"u8);
        foreach (var (principal, calls, denied) in Principals)
        {
            writer.WriteStartObject();
            writer.WriteNumber("Calls"u8, calls);
            writer.WriteNumber("Denied"u8, denied);
            writer.WriteString("Principal"u8, principal);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("Region"u8, Region);
        writer.WriteStartArray("Secrets"u8);
        foreach (var usage in Secrets)
        {
            writer.WriteStartObject();
            writer.WriteString("ARN"u8, usage.Secret.Arn());
            writer.WriteNumber("Calls"u8, usage.Calls);
            writer.WriteNumber("Hours"u8, Math.Round(usage.Hours, 2));
            writer.WriteString("Name"u8, usage.Secret.Name);
            writer.WriteNumber("Reads"u8, usage.Reads);
            writer.WriteNumber("Versions"u8, usage.Versions);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal sealed class ReportUsage(ISecretStore store, AuditedCalls calls, Regions regions) : IOperation<ReportUsageRequest, AccountTarget, ReportUsageResponse>
{
    private const long UsualDays = 30;
    private const int MaxVersions = 1000;
    private const int MaxPrincipals = 10_000;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, ReportUsageRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<ReportUsageResponse>> PlanAsync(CallContext call, Authorized<ReportUsageRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var region = ReportedSecrets.Region(regions, request.Region, call);
        var days = request.Days ?? UsualDays;
        var since = call.Now.AddDays(-days);
        var (secrets, isTruncated) = await ReportedSecrets.ListAsync(store, target.Account, region, ct);
        var names = new SecretNames(secrets);
        var (bySecret, byPrincipal, total) = (new Dictionary<long, (long Calls, long Reads)>(), new Dictionary<string, (long Calls, long Denied)>(StringComparer.Ordinal), 0L);
        foreach (var audited in calls.Read(target.Account, since, ct))
        {
            if (audited.Region != region || !audited.Action.StartsWith("secretsmanager:", StringComparison.Ordinal))
                continue;
            total++;
            var isNew = !byPrincipal.TryGetValue(audited.PrincipalArn, out var own);
            isTruncated |= isNew && byPrincipal.Count >= MaxPrincipals;
            if (!isNew || byPrincipal.Count < MaxPrincipals)
                byPrincipal[audited.PrincipalArn] = (own.Calls + 1, own.Denied + (audited.WasDenied ? 1 : 0));
            foreach (var secret in names.Of(audited))
            {
                var known = bySecret.GetValueOrDefault(secret.Id);
                var isRead = audited is { WasDenied: false, HasFailed: false } && audited.Action is "secretsmanager:GetSecretValue" or "secretsmanager:BatchGetSecretValue";
                bySecret[secret.Id] = (known.Calls + 1, known.Reads + (isRead ? 1 : 0));
            }
        }

        var usages = new List<SecretUsage>();
        foreach (var secret in secrets)
        {
            var versions = await store.ListVersionsAsync(secret.Id, includeUnlabelled: true, after: null, MaxVersions, ct);
            var (count, reads) = bySecret.GetValueOrDefault(secret.Id);
            usages.Add(new SecretUsage(secret, count, reads, versions.Count, Hours(secret, since, call.Now)));
        }

        return new ReportUsageResponse(
            target.Account, region, days, total, [.. usages.OrderByDescending(usage => usage.Calls)],
            [.. byPrincipal.Select(pair => (pair.Key, pair.Value.Calls, pair.Value.Denied)).OrderByDescending(pair => pair.Calls)], isTruncated);
    }

    // A secret that is marked for deletion is not billed; it was marked when it changed last. Source: Secrets Manager User Guide, "Pricing for AWS Secrets Manager".
    private static double Hours(StoredSecret secret, DateTimeOffset since, DateTimeOffset now)
    {
        var (from, to) = (secret.CreatedAt > since ? secret.CreatedAt : since, secret.PurgeAt is null ? now : secret.ChangedAt);
        return to > from ? (to - from).TotalHours : 0;
    }
}
