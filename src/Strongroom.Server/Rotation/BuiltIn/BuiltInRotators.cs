using Strongroom.Server.Rotation.BuiltIn.Databases;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>What is built in. Source of the names: API fact sheet 4.9.</summary>
internal static class BuiltInRotators
{
    private static readonly PostgresDatabase Postgres = new(["postgres", "aurora-postgresql"], 5432, "postgres", """:/@"'\""");

    /// <summary>By function name. Drivers of databases are loaded by the first rotation that needs them, not by this table.</summary>
    public static IReadOnlyDictionary<string, IRotator> All { get; } = new Dictionary<string, IRotator>(StringComparer.Ordinal)
    {
        ["SecretsManagerRotationTemplate"] = new RandomText(),
        ["SecretsManagerRDSPostgreSQLRotationSingleUser"] = new SingleUserRotator(Postgres),
        ["SecretsManagerRDSPostgreSQLRotationMultiUser"] = new AlternatingUsersRotator(Postgres),
    };
}
