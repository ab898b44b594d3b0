using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Strongroom.Storage;

/// <summary>Reads settings of an installation beside a server that has it open, or that is stopped. Changes nothing, not even the schema.</summary>
public static class InstalledSettings
{
    /// <param name="connectionString">Of PostgreSQL; null: SQLite.</param>
    /// <param name="sqlitePath">The database file when there is no connection string.</param>
    /// <returns>Those of the settings that are set.</returns>
    /// <exception cref="StoreRefusedException">There is no such database, or it can't be read; the message says what to do.</exception>
    public static async Task<IReadOnlyDictionary<string, byte[]>> ReadAsync(
        string? connectionString, string sqlitePath, IReadOnlyList<string> names, CancellationToken ct)
    {
        if (connectionString is null && !File.Exists(sqlitePath))
            throw new StoreRefusedException($"There is no database at {sqlitePath}. Name the data directory with --data, or the database with --store.");
        try
        {
            await using DbConnection connection = connectionString is not null
                ? new NpgsqlConnection(connectionString)
                : new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = sqlitePath, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            await connection.OpenAsync(ct);
            var found = new Dictionary<string, byte[]>();
            foreach (var name in names)
            {
                await using var command = connection.CreateCommand();
                command.CommandText = "SELECT value FROM setting WHERE name = @name";
                var parameter = command.CreateParameter();
                (parameter.ParameterName, parameter.Value) = ("@name", name);
                command.Parameters.Add(parameter);
                if (await command.ExecuteScalarAsync(ct) is byte[] value)
                    found.Add(name, value);
            }

            return found;
        }
        catch (Exception e) when (e is DbException or ArgumentException)
        {
            throw new StoreRefusedException($"The database can't be read: {e.Message}", e);
        }
    }
}
