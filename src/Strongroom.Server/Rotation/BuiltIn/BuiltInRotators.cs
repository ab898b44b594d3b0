using Strongroom.Server.Rotation.BuiltIn.Databases;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>What is built in. Source of the names: API fact sheet 4.9; those that AWS has no template for begin with Strongroom.</summary>
internal static class BuiltInRotators
{
    private static readonly PostgresDatabase Postgres = new(["postgres", "aurora-postgresql"], 5432, "postgres", """:/@"'\""");
    private static readonly MySqlDatabase MySql = new(["mysql", "aurora-mysql"], 16, "USERNAME_CHARACTER_LIMIT");
    private static readonly MySqlDatabase MariaDb = new(["mariadb"], 80, limitSetting: null);
    private static readonly RedisDatabase Redis = new();
    private static readonly MongoDatabase Mongo = new();
    private static readonly SqlServerDatabase SqlServer = new();

    /// <summary>By function name. Drivers of databases are loaded by the first rotation that needs them, not by this table.</summary>
    public static IReadOnlyDictionary<string, IRotator> All { get; } = new Dictionary<string, IRotator>(StringComparer.Ordinal)
    {
        ["SecretsManagerRotationTemplate"] = new RandomText(),
        ["StrongroomIamAccessKeyRotation"] = new IamAccessKeyRotator(),
        ["StrongroomRandomPasswordRotation"] = new RandomPasswordRotator(),
        ["StrongroomSshKeyRotation"] = new SshKeyRotator(),
        ["StrongroomTlsCertificateRotation"] = new TlsCertificateRotator(),
        ["SecretsManagerRDSPostgreSQLRotationSingleUser"] = new SingleUserRotator(Postgres),
        ["SecretsManagerRDSPostgreSQLRotationMultiUser"] = new AlternatingUsersRotator(Postgres),
        ["SecretsManagerRDSMySQLRotationSingleUser"] = new SingleUserRotator(MySql),
        ["SecretsManagerRDSMySQLRotationMultiUser"] = new AlternatingUsersRotator(MySql),
        ["SecretsManagerRDSMariaDBRotationSingleUser"] = new SingleUserRotator(MariaDb),
        ["SecretsManagerRDSMariaDBRotationMultiUser"] = new AlternatingUsersRotator(MariaDb),
        ["SecretsManagerRDSSQLServerRotationSingleUser"] = new SingleUserRotator(SqlServer),
        ["SecretsManagerRDSSQLServerRotationMultiUser"] = new AlternatingUsersRotator(SqlServer),
        ["SecretsManagerMongoDBRotationSingleUser"] = new SingleUserRotator(Mongo),
        ["SecretsManagerMongoDBRotationMultiUser"] = new AlternatingUsersRotator(Mongo),
        ["StrongroomRedisRotationSingleUser"] = new SingleUserRotator(Redis),
        ["StrongroomRedisRotationMultiUser"] = new AlternatingUsersRotator(Redis),
    };
}
