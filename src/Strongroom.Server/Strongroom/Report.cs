using System.Globalization;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>What is the matter with the account's secrets of a region, and who has more access than it uses? The question of <c>strongroom report</c>.</summary>
internal sealed class ReportRequest
{
    /// <summary>Null: the call's own.</summary>
    public string? Region { get; private set; }

    /// <summary>How far back the comparison of access with use looks, in days of 24 hours. Default: 90.</summary>
    public long? Days { get; private set; }

    public long? UnusedForDays { get; private set; }
    public long? MaxDaysSinceRotation { get; private set; }
    public long? MaximumAllowedRotationFrequency { get; private set; }
    public IReadOnlyList<string>? RequiredTagKeys { get; private set; }

    public static Shape<ReportRequest> Shape { get; } = new(
        Member.String<ReportRequest>("Region", r => r.Region, (r, v) => r.Region = v, Constraint.Length(1, 32)),
        Member.Long<ReportRequest>("Days", r => r.Days, (r, v) => r.Days = v, 1, 3650),
        Member.Long<ReportRequest>("UnusedForDays", r => r.UnusedForDays, (r, v) => r.UnusedForDays = v, 1, 365),
        Member.Long<ReportRequest>("MaxDaysSinceRotation", r => r.MaxDaysSinceRotation, (r, v) => r.MaxDaysSinceRotation = v, 1, 180),
        Member.Long<ReportRequest>(
            "MaximumAllowedRotationFrequency", r => r.MaximumAllowedRotationFrequency, (r, v) => r.MaximumAllowedRotationFrequency = v, 1, 365),
        Member.Strings<ReportRequest>("RequiredTagKeys", r => r.RequiredTagKeys, (r, v) => r.RequiredTagKeys = v, Constraint.Length(1, 128), max: 6));
}

/// <param name="IsTruncated">Whether there are more secrets, or more to ask of policies, than were looked at.</param>
internal sealed record ReportResponse(
    string Account, string Region, IReadOnlyList<StoredSecret> Secrets, IReadOnlyList<SecretFinding> Findings, IReadOnlyList<PrincipalUse> Principals, bool IsTruncated) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("AccountId"u8, Account);
        writer.WriteStartArray("Controls"u8);
        foreach (var (id, title) in SecretControls.All)
        {
            var failed = Findings.Count(finding => finding.Control == id);
            writer.WriteStartObject();
            writer.WriteNumber("Failed"u8, failed);
            writer.WriteString("Id"u8, id);
            writer.WriteNumber("Passed"u8, Secrets.Count(secret => SecretControls.Covers(id, secret)) - failed);
            writer.WriteString("Title"u8, title);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartArray("Findings"u8);
        foreach (var finding in Findings)
        {
            writer.WriteStartObject();
            writer.WriteString("ARN"u8, finding.Secret.Arn());
            writer.WriteOptional("Control"u8, finding.Control);
            writer.WriteString("Detail"u8, finding.Detail);
            writer.WriteString("Kind"u8, finding.Kind);
            writer.WriteString("Name"u8, finding.Secret.Name);
            if (finding.Since is { } since)
                writer.WriteDate("Since"u8, since);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("IsTruncated"u8, IsTruncated);
        writer.WriteStartArray("Principals"u8);
        foreach (var use in Principals)
        {
            writer.WriteStartObject();
            writer.WriteNumber("Allowed"u8, use.Allowed);
            writer.WriteString("Principal"u8, use.Principal);
            writer.WriteNumber("UnreadSecrets"u8, use.UnreadSecrets);
            writer.WriteStartArray("UnusedActions"u8);
            foreach (var action in use.UnusedActions)
                writer.WriteStringValue(action);
            writer.WriteEndArray();
            writer.WriteNumber("Used"u8, use.Used);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("Region"u8, Region);
        writer.WriteNumber("Secrets"u8, Secrets.Count);
    }
}

internal sealed class Report(IamDirectories directories, ISecretStore store, AuditedCalls calls, Regions regions) : IOperation<ReportRequest, AccountTarget, ReportResponse>
{
    private const long UsualDays = 90;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, ReportRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<ReportResponse>> PlanAsync(CallContext call, Authorized<ReportRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var region = ReportedSecrets.Region(regions, request.Region, call);
        var (secrets, isTruncated) = await ReportedSecrets.ListAsync(store, target.Account, region, ct);
        var limits = new ControlLimits(
            request.UnusedForDays ?? ControlLimits.UsualUnusedDays, request.MaxDaysSinceRotation ?? ControlLimits.UsualRotationDays,
            request.MaximumAllowedRotationFrequency, request.RequiredTagKeys ?? []);
        var directory = await directories.GetAsync(target.Account, ct);
        var access = new AccessUse(secrets, new RequestFacts { Now = call.Now, RequestedRegion = region });
        var rotations = ReadLog(directory, target.Account, region, call.Now.AddDays(-(request.Days ?? UsualDays)), access, ct);
        var findings = secrets.SelectMany(secret => SecretControls.Find(secret, limits, rotations.GetValueOrDefault(secret.Arn()), call.Now)).ToList();
        var principals = Everybody(directory).Select(arn => PrincipalLookup.Find(directory, arn)).OfType<(Principal Principal, PrincipalPolicies Policies)>()
            .Select(one => access.Compare(one.Principal, one.Policies)).OfType<PrincipalUse>().OrderByDescending(use => use.Allowed - use.Used).ToList();
        return new ReportResponse(target.Account, region, secrets, findings, principals, isTruncated || access.IsTruncated);
    }

    /// <returns>How the last rotation of each secret ended, by its ARN.</returns>
    private Dictionary<string, RotationOutcome> ReadLog(
        IamDirectory directory, string account, string region, DateTimeOffset since, AccessUse access, CancellationToken ct)
    {
        var entities = new Dictionary<string, string?>(StringComparer.Ordinal);
        var rotations = new Dictionary<string, RotationOutcome>(StringComparer.Ordinal);
        foreach (var line in calls.Lines(since, ct))
        {
            if (AuditedRotation.TryParse(line) is { } rotation && rotation.Account == account && rotation.Outcome.Time >= since)
                rotations[rotation.SecretArn] = rotation.Outcome;
            if (AuditedCall.TryParse(line) is not { WasDenied: false, HasFailed: false } call || call.Account != account || call.Region != region || call.Facts.Now < since)
                continue;
            if (!entities.TryGetValue(call.PrincipalArn, out var entity))
                entities[call.PrincipalArn] = entity = PrincipalLookup.Find(directory, call.PrincipalArn)?.Principal.EntityArn ?? call.PrincipalArn;
            access.Note(entity!, call);
        }

        return rotations;
    }

    // The root may do everything, whatever it uses.
    private static IEnumerable<string> Everybody(IamDirectory directory) =>
        directory.All<IamUser>().Select(user => user.Arn(directory.Account)).Concat(directory.All<IamRole>().Select(role => role.Arn(directory.Account)));
}

/// <summary>The secrets that a report is about.</summary>
internal static class ReportedSecrets
{
    private const int MaxSecrets = 10_000;
    private const int PageSize = 500;

    /// <exception cref="ServiceException">ValidationException.</exception>
    public static string Region(Regions regions, string? named, CallContext call) => named is null ? call.Region
        : regions.IsValid(named) ? named
        : throw FrameworkErrors.Validation(string.Create(CultureInfo.InvariantCulture, $"{named} is not a region."));

    /// <summary>By name, also those marked for deletion.</summary>
    public static async ValueTask<(IReadOnlyList<StoredSecret> Secrets, bool IsTruncated)> ListAsync(ISecretStore store, string account, string region, CancellationToken ct)
    {
        var all = new List<StoredSecret>();
        while (true)
        {
            var after = all.Count == 0 ? null : new SecretPosition(0, all[^1].Name);
            var page = await store.ListAsync(new SecretQuery(account, region, SecretOrder.Name, Descending: false, after, PageSize, IncludeMarkedForDeletion: true), ct);
            all.AddRange(page);
            if (page.Count < PageSize)
                return (all, false);
            if (all.Count >= MaxSecrets)
                return (all, true);
        }
    }
}
