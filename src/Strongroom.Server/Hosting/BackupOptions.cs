using Strongroom.Server.Backup;

namespace Strongroom.Server.Hosting;

/// <summary>Backups that the server makes by itself. Every key is described in docs/configuration.md.</summary>
public sealed record BackupOptions
{
    /// <summary>Where they go; null: none are made.</summary>
    public string? Directory { get; init; }

    /// <summary>How many are kept, at least one.</summary>
    public int Keep { get; init; } = 7;

    /// <summary>Whether the audit log goes with them.</summary>
    public bool WithAudit { get; init; }

    /// <summary>Tests put a disk here that gives back what it likes: it gets each file before it is read back.</summary>
    internal Action<string>? Written { get; init; }

    internal BackupSchedule Schedule { get; init; } = BackupSchedule.TryParse("rate(1 day)")!;
}
