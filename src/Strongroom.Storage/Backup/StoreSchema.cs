using Microsoft.Data.Sqlite;
using Strongroom.Storage.Sqlite;

namespace Strongroom.Storage.Backup;

/// <summary>The tables of one version of the schema, as the migrations make them; the same in both engines.</summary>
/// <param name="Tables">Each after those that it refers to.</param>
internal sealed record StoreSchema(int Version, IReadOnlyList<StoreTable> Tables)
{
    /// <summary>The newest version that this program knows.</summary>
    public static int Newest { get; } = Migration.For("Sqlite")[^1].Version;

    /// <exception cref="StoreRefusedException">Newer than this program.</exception>
    public static StoreSchema Of(int version)
    {
        Migration.RefuseNewer(version, Newest);
        using var model = SqliteFile.NewModel(version);
        var names = Column(model, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|' ORDER BY name", "");
        var tables = new List<StoreTable>();
        var waiting = names.Select(name => (Name: name, On: Column(model, """SELECT DISTINCT "table" FROM pragma_foreign_key_list(@table)""", name))).ToList();
        while (waiting.Count > 0)
        {
            var (name, _) = waiting.First(table => table.On.All(on => on == table.Name || tables.Any(done => done.Name == on)));
            tables.Add(new StoreTable(name, Column(model, "SELECT name FROM pragma_table_info(@table) ORDER BY cid", name)));
            waiting.RemoveAll(table => table.Name == name);
        }

        return new StoreSchema(version, tables);
    }

    private static List<string> Column(SqliteConnection model, string sql, string table)
    {
        using var command = model.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("@table", table);
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
            found.Add(reader.GetString(0));
        return found;
    }
}

internal sealed record StoreTable(string Name, IReadOnlyList<string> Columns)
{
    // Names come from our own migrations, never from a file or a caller.
    public string SelectSql => $"SELECT {ColumnList} FROM {Name}";

    public string ColumnList => string.Join(", ", Columns);
}
