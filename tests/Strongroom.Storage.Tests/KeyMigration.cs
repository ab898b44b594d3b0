namespace Strongroom.Storage.Tests;

/// <summary>What the step to schema 3 makes of a database with keys.</summary>
internal static class KeyMigration
{
    /// <summary>Rows of a store at schema 2: an identity key, and a region's default key.</summary>
    public static Migration OldKeys(int number) => new(number, """
        INSERT INTO account (account, created_at_ms) VALUES ('111122223333', 1);
        INSERT INTO directory (account, scope, revision) VALUES ('111122223333', 'global', 4);
        INSERT INTO kms_key (key_id, version, account, region, material, created_at_ms) VALUES
          ('11111111-2222-3333-4444-555555555555', 1, '111122223333', 'global', CAST('m1' AS BYTES), 5),
          ('21111111-2222-3333-4444-555555555555', 1, '111122223333', 'eu-west-1', CAST('m2' AS BYTES), 6);
        INSERT INTO kms_alias (account, region, alias, key_id) VALUES
          ('111122223333', 'global', 'alias/strongroom/identity', '11111111-2222-3333-4444-555555555555'),
          ('111122223333', 'eu-west-1', 'alias/aws/secretsmanager', '21111111-2222-3333-4444-555555555555');
        """);

    /// <summary>The steps to schema 2, the rows, then the rest, numbered on.</summary>
    public static IReadOnlyList<Migration> Around(string engine, string bytes)
    {
        var known = Migration.For(engine);
        var rows = OldKeys(3);
        return
        [
            .. known.Take(2),
            rows with { Sql = rows.Sql.Replace("BYTES", bytes, StringComparison.Ordinal) },
            .. known.Skip(2).Select(step => step with { Version = step.Version + 1 }),
        ];
    }

    public static async Task CheckAsync(SqlStore store, CancellationToken ct)
    {
        var global = await store.LoadDirectoryAsync("111122223333", "global", ct);
        Assert.Equal(4, global.Revision);
        Assert.Equal(
        [
            ("kms-alias", "alias/strongroom/identity", """{"keyId":"11111111-2222-3333-4444-555555555555","updatedAtMs":5,"createdAtMs":5}"""),
            ("kms-key", "11111111-2222-3333-4444-555555555555", """{"manager":"AWS","versions":[{"number":1,"createdAtMs":5}],"createdAtMs":5}"""),
        ], global.Entries.Select(e => (e.Kind, e.Name, e.Document)));

        var region = await store.LoadDirectoryAsync("111122223333", "eu-west-1", ct);
        Assert.Equal(1, region.Revision);
        Assert.Equal(["alias/aws/secretsmanager", "21111111-2222-3333-4444-555555555555"], region.Entries.Select(e => e.Name));
        var key = await store.FindKeyAsync(Guid.Parse("21111111-2222-3333-4444-555555555555"), 1, ct);
        Assert.Equal("6D32", Convert.ToHexString(key!.Material));
    }
}
