using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Strongroom.Storage.Sqlite;

/// <summary>What SQLite's result codes mean to the person who runs the server.</summary>
internal static class SqliteErrors
{
    /// <summary>Whether the error says that the database or its disk fails, rather than that one statement was wrong.</summary>
    public static bool IsStorageFailure(SqliteException e) =>
        e.SqliteErrorCode is not (SQLITE_CONSTRAINT or SQLITE_ERROR or SQLITE_MISMATCH or SQLITE_TOOBIG or SQLITE_RANGE or SQLITE_MISUSE);

    /// <summary>The exception for a store that is open.</summary>
    public static Exception Map(SqliteException e, string path) => !IsStorageFailure(e) ? e : new StoreUnavailableException(e.SqliteErrorCode switch
    {
        SQLITE_FULL => $"The disk that holds {path} is full. Free some space there: nothing was lost, and the server goes on by itself.",
        SQLITE_READONLY => $"The database {path} can't be written: its file, directory or disk is read-only. Make it writable again.",
        SQLITE_IOERR => $"Reading or writing {path} failed (SQLite error {e.SqliteExtendedErrorCode}). Look at the disk and the system's log.",
        SQLITE_BUSY or SQLITE_LOCKED => $"Another program keeps {path} locked. Stop it; backups should use the backup command, not a lock.",
        SQLITE_CORRUPT or SQLITE_NOTADB => $"The database {path} is damaged (SQLite error {e.SqliteExtendedErrorCode}). Stop the server and restore a backup.",
        SQLITE_NOMEM => "There is not enough memory for the database.",
        SQLITE_CANTOPEN => $"The database {path}, or a file that SQLite keeps beside it, can't be opened. Check that the directory is there and writable, and the limit of open files.",
        _ => $"The database {path} takes no work (SQLite error {e.SqliteExtendedErrorCode}).",
    }, e);

    /// <summary>The exception for a store that is being opened.</summary>
    public static Exception MapOpening(SqliteException e, string path) => e.SqliteErrorCode switch
    {
        SQLITE_NOTADB => new StoreRefusedException($"{path} is not a database. Check the path; Strongroom overwrites no file that it did not make.", e),
        SQLITE_CORRUPT => new StoreRefusedException($"The database {path} is damaged. Restore a backup.", e),
        SQLITE_CANTOPEN or SQLITE_PERM or SQLITE_AUTH => new StoreRefusedException(
            $"The database {path} can't be opened. Check that the path is right and that this user may write the file and its directory.", e),
        _ when IsStorageFailure(e) => Map(e, path),
        _ => new StoreRefusedException($"The database {path} can't be brought to this program's schema (SQLite error {e.SqliteExtendedErrorCode}).", e),
    };
}
