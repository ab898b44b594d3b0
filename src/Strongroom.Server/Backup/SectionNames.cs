using System.Text.RegularExpressions;

namespace Strongroom.Server.Backup;

/// <summary>What sections a backup may have, and which file each becomes. Nothing else is ever written by a restore, whatever a backup says.</summary>
internal static partial class SectionNames
{
    public const string Rows = "rows";
    public const string RootKey = "root.key";
    private const string SealedPrefix = "sealed/";
    private const string AuditPrefix = "audit/";

    /// <summary>Files that hold keys, passwords or names of other machines: in a backup only sealed under the root key.</summary>
    public static IReadOnlyList<string> SealedFiles { get; } =
        ["strongroom.json", "credentials", "tls/ca.pem", "tls/ca-key.pem", "tls/server.pem", "tls/server-key.pem"];

    /// <summary>Files that are no secret.</summary>
    public static IReadOnlyList<string> PlainFiles { get; } = ["endpoint.json"];

    public static string Sealed(string file) => SealedPrefix + file;

    public static string Audit(string file) => AuditPrefix + file;

    public static bool IsSealed(string section) => section.StartsWith(SealedPrefix, StringComparison.Ordinal);

    public static bool IsAudit(string section) => section.StartsWith(AuditPrefix, StringComparison.Ordinal);

    /// <summary>Whether a file of the audit log's directory can be in a backup: a segment, a digest or the key of digests, and no path.</summary>
    public static bool IsAuditFile(string name) => AuditFile().IsMatch(name);

    /// <summary>The file in the data directory that a section becomes; null for one that this program does not know.</summary>
    public static string? FileOf(string section) =>
        section == RootKey || PlainFiles.Contains(section) ? section
        : IsSealed(section) && SealedFiles.Contains(section[SealedPrefix.Length..]) ? section[SealedPrefix.Length..]
        : IsAudit(section) && IsAuditFile(section[AuditPrefix.Length..]) ? section
        : null;

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_-]*\.(jsonl|jsonl\.gz|digest|pem)\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex AuditFile();
}
