using System.Net.Sockets;
using Npgsql;

namespace Strongroom.Storage.Postgres;

/// <summary>What PostgreSQL's errors mean to the person who runs the server. No message repeats the connection string or a row.</summary>
internal static class PostgresErrors
{
    /// <summary>Whether running the same transaction again is likely to succeed: it lost a race and was rolled back.</summary>
    public static bool IsLostRace(Exception e) => e is PostgresException
    {
        SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation
    };

    public static bool IsDatabaseError(Exception e) => e is NpgsqlException or IOException or SocketException or TimeoutException;

    /// <summary>The exception for a store that is open.</summary>
    public static Exception Map(Exception e, string place) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new StoreUnavailableException(
            $"The disk of the PostgreSQL server {place} is full. Free some space there: nothing was lost, and the server goes on by itself.", e),
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } => new StoreUnavailableException(
            $"The PostgreSQL server {place} accepts no more connections. Raise max_connections there, or lower Maximum Pool Size here.", e),
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } => new StoreUnavailableException(
            $"The PostgreSQL server {place} is read-only, perhaps a standby. Point Strongroom at the primary.", e),
        PostgresException { SqlState: ['0', '8', ..] or ['5', '3' or '7' or '8', ..] } failure => new StoreUnavailableException(
            $"The PostgreSQL server {place} takes no work now (SQLSTATE {failure.SqlState}). Look at its log; the server goes on by itself once it does.", e),
        PostgresException => e, // a statement of ours was wrong: a bug, not an outage
        _ => new StoreUnavailableException(
            $"The PostgreSQL server {place} can't be reached. Check that it runs; the server goes on by itself once it does.", e),
    };

    /// <summary>The exception for a store that is being opened.</summary>
    public static Exception MapOpening(Exception e, string place) => e switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => new StoreRefusedException(
            $"The PostgreSQL server has no database {place}. Create it first: CREATE DATABASE … ENCODING 'UTF8'.", e),
        PostgresException { SqlState: ['2', '8', ..] } => new StoreRefusedException(
            $"The PostgreSQL server {place} does not accept the user or the password of the connection string.", e),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } => new StoreRefusedException(
            $"The user of the connection string may not create tables in the PostgreSQL database {place}. Make it the owner of the database.", e),
        PostgresException failure when Map(e, place) == e => new StoreRefusedException(
            $"The PostgreSQL database {place} can't be brought to this program's schema (SQLSTATE {failure.SqlState}). Does another program use it?", e),
        _ => Map(e, place),
    };
}
