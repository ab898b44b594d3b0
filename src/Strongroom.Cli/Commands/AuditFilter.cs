using System.Globalization;
using System.Text.RegularExpressions;
using Strongroom.Server.Audit.Lookup;

namespace Strongroom.Cli.Commands;

/// <summary>What <c>strongroom audit search</c> looks for. Null asks for nothing.</summary>
internal sealed partial record AuditFilter
{
    public string? Principal { get; init; }
    public string? Secret { get; init; }
    public string? Event { get; init; }
    public string? Outcome { get; init; }
    public string? SourceIp { get; init; }
    public uint From { get; init; }
    public uint To { get; init; } = uint.MaxValue;

    public LookupQuery ToQuery() => new(null, Candidates(), From, To, Matches);

    /// <summary><c>ok</c>, <c>denied</c>, or the error's code; <c>failed</c> for an event of the service that says only why.</summary>
    public static string OutcomeOf(LoggedEvent found) => IsDenied(found) ? "denied" : found.ErrorCode ?? (found.ErrorMessage is null ? "ok" : "failed");

    /// <summary>A time as people write it: how long ago, such as 2h, or a date with or without a time, UTC unless it says otherwise.</summary>
    /// <exception cref="CommandException">Neither.</exception>
    public static DateTimeOffset TimeOf(string text, string option, DateTimeOffset now)
    {
        if (Duration().Match(text) is { Success: true } match)
        {
            var seconds = long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * match.Groups[2].Value switch
            {
                "s" => 1L,
                "m" => 60,
                "h" => 3600,
                "d" => 86_400,
                _ => 604_800,
            };
            return now - TimeSpan.FromSeconds(Math.Min(seconds, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerSecond));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            && text.Length >= 8 && time >= DateTimeOffset.UnixEpoch
            ? time
            : throw new CommandException($"{option} takes how long ago, such as 90s, 15m, 2h, 3d or 1w, or a time such as 2026-01-31T12:00:00Z, and not '{SafeText.Of(text)}'.");
    }

    // The one that is likely to be rarest: the index is asked for it, and the records decide about the rest.
    private IReadOnlyList<(LookupAttribute Attribute, string Value)> Candidates() =>
        Secret is not null ? EventMatch.CandidatesOf(LookupAttribute.ResourceName, Secret)
        : Principal is not null && CandidatesOf(Principal) is { } candidates ? candidates
        : Event is not null ? EventMatch.CandidatesOf(LookupAttribute.EventName, Event)
        : LookupQuery.All;

    // A role's ARN is that of none of its sessions: null, there is no index for it.
    private static IReadOnlyList<(LookupAttribute Attribute, string Value)>? CandidatesOf(string principal) =>
        principal.Split(':', 6) is not ["arn", _, _, _, _, var resource] ? [(LookupAttribute.Username, principal), (LookupAttribute.AccessKeyId, principal)]
        : resource.StartsWith("role/", StringComparison.Ordinal) ? null
        : [(LookupAttribute.Username, resource[(resource.LastIndexOf('/') + 1)..])];

    private bool Matches(LoggedEvent found) =>
        (Principal is null || found.Username == Principal || found.AccessKeyId == Principal || found.PrincipalArn == Principal || found.IssuerArn == Principal)
        && (Secret is null || EventMatch.IsAbout(found, Secret))
        && (Event is null || found.EventName == Event)
        && (SourceIp is null || found.SourceIp == SourceIp)
        && Outcome switch
        {
            null => true,
            "failed" => OutcomeOf(found) is not ("ok" or "denied"),
            "ok" or "denied" => OutcomeOf(found) == Outcome,
            _ => found.ErrorCode == Outcome,
        };

    private static bool IsDenied(LoggedEvent found) => found.ErrorCode is "AccessDenied" or "AccessDeniedException";

    [GeneratedRegex(@"\A([0-9]{1,9})([smhdw])\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Duration();
}
