using System.Text;
using System.Text.Json;
using Strongroom.Server.Audit;

namespace Strongroom.Server.Backup;

/// <summary>What a restore leaves for the first start after it: that the log goes on in a segment of its own, and says where the data came from.</summary>
internal static class RestoreMark
{
    private const string FileName = "restored.json";

    public static byte[] Write(BackupManifest manifest, DateTimeOffset now)
    {
        var change = manifest.Change is { } number ? $", at change {number}" : "";
        return Encoding.UTF8.GetBytes(JsonSerializer.Serialize(
            $"This data was restored at {now:yyyy-MM-ddTHH:mm:ssZ} from a backup of {manifest.Created:yyyy-MM-ddTHH:mm:ssZ}{change}.", BackupJson.Default.String) + "\n");
    }

    /// <summary>Whether no server was started since the restore.</summary>
    public static bool IsIn(string dataDirectory) => File.Exists(PathIn(dataDirectory));

    public static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, FileName);

    /// <summary>Closes the segment that came with the backup and records the restore, once.</summary>
    /// <remarks>Killed in between, the next start does it again; a second record does no harm.</remarks>
    public static void Take(string dataDirectory, AuditLog log, AuditTrail audit)
    {
        var path = PathIn(dataDirectory);
        if (!File.Exists(path))
            return;
        log.CloseSegment();
        audit.RecordNotice("BackupRestored", Message(path));
        File.Delete(path);
    }

    private static string Message(string path)
    {
        const string Unknown = "This data was restored from a backup.";
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), BackupJson.Default.String) ?? Unknown;
        }
        catch (JsonException)
        {
            return Unknown; // somebody wrote into it; that a restore was made is what counts
        }
    }
}
