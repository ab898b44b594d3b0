namespace Strongroom.Storage;

/// <summary>Named values of the installation. None of them is a secret by itself.</summary>
public interface ISettingStore
{
    /// <summary>A named value of the installation, such as the wrapped root key; null when never set.</summary>
    ValueTask<byte[]?> FindSettingAsync(string name, CancellationToken ct);

    /// <summary>Writes a setting, whatever its value was.</summary>
    ValueTask WriteSettingAsync(string name, byte[] value, CancellationToken ct);

    /// <summary>Writes settings in one transaction if one of them still has the value it was read with.</summary>
    /// <returns>False when <paramref name="name"/> has another value; nothing was written.</returns>
    ValueTask<bool> ReplaceSettingsAsync(string name, byte[] expected, IReadOnlyDictionary<string, byte[]> settings, CancellationToken ct);

    /// <summary>Erases what replaced settings left behind in the database's files. Takes no account of other work: for a store that serves none.</summary>
    /// <remarks>PostgreSQL's write-ahead log and anybody's backups are out of its reach.</remarks>
    ValueTask EraseReplacedSettingsAsync(CancellationToken ct);
}
