using System.Globalization;

namespace Strongroom.Storage;

/// <summary>One step of the schema. Applied once, in order, and never edited after a release.</summary>
/// <param name="Version">From 1, without gaps.</param>
internal sealed record Migration(int Version, string Sql)
{
    /// <summary>The steps embedded for an engine, in order.</summary>
    /// <param name="engine"><c>Sqlite</c> or <c>Postgres</c>: the folder under Migrations.</param>
    public static IReadOnlyList<Migration> For(string engine)
    {
        var assembly = typeof(Migration).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(engine + "/", StringComparison.Ordinal))
            .Select(name =>
            {
                using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var number = name.AsSpan(engine.Length + 1, 3);
                return new Migration(int.Parse(number, CultureInfo.InvariantCulture), text.ReadToEnd());
            })
            .OrderBy(migration => migration.Version)];
    }

    /// <summary>Says that a program older than the database must not touch it.</summary>
    /// <exception cref="StoreRefusedException">Always when <paramref name="found"/> is newer than <paramref name="known"/>.</exception>
    public static void RefuseNewer(int found, int known)
    {
        if (found > known)
        {
            throw new StoreRefusedException(
                $"This database was written by a newer Strongroom (schema {found}, this program knows {known}). " +
                "Start the newer program again, or restore the backup that it took before it changed the schema.");
        }
    }
}
