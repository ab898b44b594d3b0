using System.Globalization;
using Microsoft.Data.Sqlite;
using Strongroom.Tests.Architecture;

namespace Strongroom.Tests.Server.Backup;

/// <summary>Makes of a stopped server's database one of an older schema, from the first migrations, with all rows that had a place there.</summary>
internal static class OldSchema
{
    public static void Rewind(string database, int version)
    {
        var old = database + ".old";
        using (var connection = new SqliteConnection($"Data Source={old};Pooling=false"))
        {
            connection.Open();
            Execute(connection, "PRAGMA foreign_keys = OFF");
            foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "src", "Strongroom.Storage", "Migrations", "Sqlite")).Order(StringComparer.Ordinal))
            {
                var number = int.Parse(Path.GetFileName(file).AsSpan(0, 3), CultureInfo.InvariantCulture);
                if (number <= version)
                    Execute(connection, File.ReadAllText(file) + $"; INSERT INTO schema_version VALUES ({number}, 1);");
            }

            Execute(connection, $"ATTACH '{database}' AS new; PRAGMA journal_mode = WAL;");
            foreach (var table in Texts(connection, "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'schema_version'"))
            {
                var columns = string.Join(", ", Texts(connection, $"SELECT name FROM pragma_table_info('{table}', 'main')"));
                Execute(connection, $"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}");
            }

            // There were no functions before there was a table for their code.
            if (version < 9)
                Execute(connection, "DELETE FROM main.directory_entry WHERE kind = 'lambda-function'");
        }

        File.Move(old, database, overwrite: true);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static List<string> Texts(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
            found.Add(reader.GetString(0));
        return found;
    }
}
