using Strongroom.Server.Hosting;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>The store of an installation, read beside its server or while there is none.</summary>
internal static class InstalledStore
{
    /// <exception cref="StoreRefusedException">No database, not ours, or of a newer schema.</exception>
    /// <exception cref="StoreUnavailableException">It can't be read.</exception>
    public static Task<StoreSnapshot> OpenAsync(ServerOptions options, CancellationToken ct) => options.Store is null
        ? StoreSnapshot.OpenSqliteAsync(DataDirectory.DatabaseIn(options.DataDirectory), ct)
        : StoreSnapshot.OpenPostgresAsync(options.Store, ct);
}
