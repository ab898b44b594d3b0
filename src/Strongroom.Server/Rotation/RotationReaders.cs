using System.Globalization;
using System.Text.Json;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Authentication;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation;

/// <summary>Which version somebody has.</summary>
internal enum ReadVersion
{
    /// <summary>The one with AWSCURRENT.</summary>
    Current,

    /// <summary>The one that had AWSCURRENT before.</summary>
    Previous,

    Older,
}

/// <summary>Somebody who read a secret's value.</summary>
/// <param name="Principal">ARN of the root, the user, or the role whose sessions read.</param>
/// <param name="Version">The newest that it was given.</param>
internal sealed record SecretReader(string Principal, DateTimeOffset LastRead, ReadVersion Version);

/// <param name="IsTruncated">Whether there was more in the log than is looked at: readers who read last before that are missing.</param>
internal sealed record SecretReaders(IReadOnlyList<SecretReader> All, bool IsTruncated);

/// <summary>Whether a rotation may begin.</summary>
/// <param name="Waiting">How many readers are waited for; 0 to begin.</param>
/// <param name="Error">Why that can't be said; null otherwise.</param>
internal readonly record struct ReadersHold(int Waiting, string? Error = null);

/// <summary>
/// Tells from the audit log who read which version of a secret, and holds rotations of secrets whose owner asked for it while somebody still has the version
/// before the current one: the rotation may make the credentials in it useless, as that of alternating users does. Those in older ones are useless already.
/// </summary>
/// <param name="maxEvents">How many of a secret's events are looked at, the latest: a few seconds' work.</param>
internal sealed class RotationReaders(AuditLookup lookup, int maxEvents = RotationReaders.UsualMaxEvents)
{
    /// <summary>Its value says how long a rotation may be held.</summary>
    public const string Tag = "strongroom:rotation-readers";

    /// <summary>Who has not read for longer is not waited for.</summary>
    public const int UsualDays = 30;

    private const int MaxHoldDays = 30;
    private const int UsualMaxEvents = 50_000;

    /// <summary>Whether the rotation that a secret has begun may take its first step.</summary>
    public ReadersHold Ask(StoredSecret secret, RotationRun run, DateTimeOffset now, CancellationToken ct)
    {
        if (secret.Document.Tags?.FirstOrDefault(tag => tag.Key == Tag) is not { } asked)
            return default;
        if (!TryParse(asked.Value, out var longest))
            return new ReadersHold(0, $"The tag {Tag} must be a number of hours or days, such as 24h or 7d, at most {MaxHoldDays}d.");
        return now >= run.StartedAt + longest
            ? default
            : new ReadersHold(Find(secret, now.AddDays(-UsualDays), isForHold: true, ct).All.Count(reader => reader.Version == ReadVersion.Previous));
    }

    /// <summary>Those who read a secret since an instant, in any of its regions, who read last first. What rotates it is none of them.</summary>
    /// <exception cref="IOException">The audit log can't be read.</exception>
    public SecretReaders Find(StoredSecret secret, DateTimeOffset since, CancellationToken ct) => Find(secret, since, isForHold: false, ct);

    private SecretReaders Find(StoredSecret secret, DateTimeOffset since, bool isForHold, CancellationToken ct)
    {
        var walk = new Walk(secret);
        var seen = 0;
        foreach (var found in lookup.Newest(walk.Query(since > secret.CreatedAt ? since : secret.CreatedAt), after: null, ct))
        {
            if (++seen > maxEvents)
                return new SecretReaders(walk.Readers(), IsTruncated: true);
            walk.Add(found);
            // What is older gave nobody the version before the current one.
            if (isForHold && walk.Moves >= 2)
                break;
        }

        return new SecretReaders(walk.Readers(), IsTruncated: false);
    }

    private static bool TryParse(string text, out TimeSpan time)
    {
        time = default;
        if (text.Length is < 2 or > 4 || text[0] == '0' || text[^1] is not ('h' or 'd')
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        time = text[^1] == 'h' ? TimeSpan.FromHours(number) : TimeSpan.FromDays(number);
        return time <= TimeSpan.FromDays(MaxHoldDays);
    }

    /// <summary>Goes through a secret's events from the newest to the oldest. A record says what was asked for; what it got follows from where AWSCURRENT was then.</summary>
    private sealed class Walk
    {
        private readonly StoredSecret secret;
        private readonly HashSet<string> arns = new(StringComparer.Ordinal);
        private readonly HashSet<string> regions;
        private readonly HashSet<string> rotating = new(StringComparer.Ordinal);
        private readonly Dictionary<string, SecretReader> readers = new(StringComparer.Ordinal);

        // Where AWSCURRENT went the earliest time that was seen.
        private string? movedTo;

        public Walk(StoredSecret secret)
        {
            this.secret = secret;
            regions = [secret.Region, .. (secret.Document.Replicas ?? []).Select(replica => replica.Region)];
            foreach (var region in regions)
            {
                var arn = (secret with { Region = region }).Arn();
                arns.Add(arn);
                arns.Add(arn[..^(secret.Suffix.Length + 1)]);
            }
        }

        /// <summary>How often AWSCURRENT has moved since the event that was looked at last.</summary>
        public int Moves { get; private set; }

        public LookupQuery Query(DateTimeOffset since) => new(
            Scope: null,
            [(LookupAttribute.ResourceName, secret.Name), .. arns.Select(arn => (LookupAttribute.ResourceName, arn))],
            (uint)Math.Clamp(since.ToUnixTimeSeconds(), 0, uint.MaxValue), uint.MaxValue, IsOfSecret);

        public void Add(FoundEvent found)
        {
            if (found.Event.IssuerArn is null && found.Event.PrincipalArn?.Contains($":assumed-role/{ServiceRole.Name}/", StringComparison.Ordinal) == true)
            {
                if (found.Event.EventName == "UpdateSecretVersionStage")
                    AddChange(found, who: null);
                return;
            }

            if ((found.Event.IssuerArn ?? found.Event.PrincipalArn) is not { } who)
                return;
            if (found.Event.EventName is "GetSecretValue" or "BatchGetSecretValue")
                AddRead(found, who);
            else
                AddChange(found, who);
        }

        public IReadOnlyList<SecretReader> Readers() =>
            [.. readers.Values.Where(reader => !rotating.Contains(reader.Principal)).OrderByDescending(reader => reader.LastRead).ThenBy(reader => reader.Principal, StringComparer.Ordinal)];

        // A name means the secret of the caller's own account; others give the ARN.
        private bool IsOfSecret(LoggedEvent found) =>
            found is { EventSource: "secretsmanager.amazonaws.com", ErrorCode: null, EventType: "AwsApiCall" } && regions.Contains(found.Region)
            && found.EventName is "GetSecretValue" or "BatchGetSecretValue" or "PutSecretValue" or "UpdateSecret" or "UpdateSecretVersionStage"
            && (found.Account == secret.Account || found.Resources.Any(resource => arns.Contains(resource.Name)));

        private void AddRead(FoundEvent found, string who)
        {
            if (VersionOf(found) is not { } version)
                return;
            if (!readers.TryGetValue(who, out var known))
                readers[who] = new SecretReader(who, found.Event.TimeUtc, version);
            else if (version < known.Version)
                readers[who] = known with { Version = version };
        }

        /// <returns>Null for what gave no version that was ever current.</returns>
        private ReadVersion? VersionOf(FoundEvent found)
        {
            using var record = JsonDocument.Parse(found.Line);
            if (found.Event.EventName == "BatchGetSecretValue")
                return HasDisclosed(record.RootElement) ? Ago(Moves) : null;
            var parameters = Parameters(record);
            var (id, stage) = (Text(parameters, "versionId"), Text(parameters, "versionStage"));
            if (id is not null)
                return VersionOf(id);
            return stage switch
            {
                null or StagingLabels.Current => Ago(Moves),
                StagingLabels.Previous => Ago(Moves + 1),
                StagingLabels.Pending => null,
                _ => secret.Document.Versions.HolderOf(stage) is { } holder ? VersionOf(holder) : ReadVersion.Older,
            };
        }

        private ReadVersion? VersionOf(string id) =>
            id == secret.Document.Versions.HolderOf(StagingLabels.Current) ? ReadVersion.Current
            : id == secret.Document.Versions.HolderOf(StagingLabels.Previous) ? ReadVersion.Previous
            : id == secret.Document.Versions.HolderOf(StagingLabels.Pending) ? null
            : ReadVersion.Older;

        private static ReadVersion Ago(int moves) => moves switch { 0 => ReadVersion.Current, 1 => ReadVersion.Previous, _ => ReadVersion.Older };

        // What a batch was asked for it need not have been given.
        private bool HasDisclosed(JsonElement record) =>
            record.TryGetProperty("resources", out var resources) && resources.ValueKind == JsonValueKind.Array
            && resources.EnumerateArray().Any(resource => Text(resource, "ARN") is { } arn && arns.Contains(arn));

        private void AddChange(FoundEvent found, string? who)
        {
            using var record = JsonDocument.Parse(found.Line);
            var parameters = Parameters(record);
            var token = Text(parameters, "clientRequestToken");
            switch (found.Event.EventName)
            {
                case "UpdateSecretVersionStage" when Text(parameters, "versionStage") == StagingLabels.Current:
                    if (who is not null)
                        rotating.Add(who);
                    Moved(Text(parameters, "moveToVersionId"));
                    break;
                case "PutSecretValue":
                    var stages = Texts(parameters, "versionStages");
                    if (who is not null && stages.Contains(StagingLabels.Pending))
                        rotating.Add(who);
                    if (stages.Count == 0 || stages.Contains(StagingLabels.Current))
                        Moved(token);
                    break;
                // It has a token also where it changes no value; then no version has it.
                case "UpdateSecret" when token is not null && secret.Document.Versions.Of(token).Count > 0:
                    Moved(token);
                    break;
            }
        }

        private void Moved(string? to)
        {
            if (to is null || to == movedTo)
                return;
            movedTo = to;
            Moves++;
        }

        private static JsonElement Parameters(JsonDocument record) => record.RootElement.TryGetProperty("requestParameters", out var parameters) ? parameters : default;

        private static string? Text(JsonElement element, string name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

        private static List<string> Texts(JsonElement element, string name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
                ? [.. list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)]
                : [];
    }
}
