using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>What rotating one user and alternating between two have in common. Source: API fact sheet 4.8; messages are the templates'.</summary>
internal abstract class DatabaseRotator(IDatabase database) : IRotator
{
    protected IDatabase Database => database;

    public async Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var current = await ReadAsync(secret, StagingLabels.Current, ct);
        using var existing = await secret.FindPendingAsync(ct);
        if (existing is not null)
            return;
        var username = NextUsername(current, secret.Environment);
        using var password = PasswordShape.NewPassword(secret.Environment, database.ExcludedCharacters, secret.Entropy);
        using var value = current.With(username, password);
        await secret.StorePendingAsync(value, ct);
    }

    public abstract Task SetSecretAsync(RotatedSecret secret, CancellationToken ct);

    public async Task TestSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var pending = await ReadPendingAsync(secret, ct);
        var (session, reason) = await TryOpenAsync(new DatabaseDoor(database, secret.Environment), pending, pending.Tls, ct);
        if (session is null)
            throw new RotationException($"Unable to log into database with pending secret of secret ARN {secret.Arn}: {reason}");
        await using (session)
            await DoAsync(() => session.TestAsync(ct));
    }

    /// <summary>The user of the new value; null to keep it.</summary>
    protected abstract string? NextUsername(DatabaseSecret current, IReadOnlyDictionary<string, string> environment);

    protected async Task<DatabaseSecret> ReadPendingAsync(RotatedSecret secret, CancellationToken ct) =>
        await secret.FindPendingAsync(ct) is { } value
            ? DatabaseSecret.Read(value, database)
            : throw new RotationException($"Secret version {secret.Token} has no value yet.");

    protected async Task<DatabaseSecret> ReadAsync(RotatedSecret secret, string stage, CancellationToken ct) =>
        await FindAsync(secret, stage, ct) ?? throw new RotationException($"Secret {secret.Arn} has no value with the label {stage}.");

    protected async Task<DatabaseSecret?> FindAsync(RotatedSecret secret, string stage, CancellationToken ct) =>
        await secret.FindAsync(stage, ct) is { } value ? DatabaseSecret.Read(value, database) : null;

    /// <summary>Logs in as the administrator that <c>masterarn</c> names, to the database of the secret under rotation.</summary>
    protected async Task<IDatabaseSession> OpenMasterAsync(RotatedSecret secret, DatabaseDoor door, DatabaseSecret current, string masterArn, CancellationToken ct)
    {
        using var master = DatabaseSecret.Read(await secret.ReadOtherAsync(masterArn, ct), database);
        Require(IsSameHost(master, current), $"Current database host {current.Host} is not the same host as/rds replica of master {master.Host}");
        var (session, reason) = await TryOpenAsync(door, master, current.DatabaseName, master.Tls, ct);
        return session ?? throw new RotationException($"Unable to log into database using credentials in master secret {masterArn}: {reason}");
    }

    protected static bool IsSameHost(DatabaseSecret one, DatabaseSecret other) => one.Host.Equals(other.Host, StringComparison.OrdinalIgnoreCase);

    protected static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new RotationException(otherwise);
    }

    protected static Task<(IDatabaseSession? Session, string Reason)> TryOpenAsync(DatabaseDoor door, DatabaseSecret secret, bool? tls, CancellationToken ct) =>
        TryOpenAsync(door, secret, secret.DatabaseName, tls, ct);

    /// <summary>Runs a change; what the database has against it fails the step.</summary>
    protected static async Task DoAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (DatabaseException failure)
        {
            throw new RotationException($"The database could not be changed or tested: {failure.Message}");
        }
    }

    private static async Task<(IDatabaseSession? Session, string Reason)> TryOpenAsync(
        DatabaseDoor door, DatabaseSecret secret, string? databaseName, bool? tls, CancellationToken ct)
    {
        try
        {
            return (await door.OpenAsync(secret, databaseName, tls, ct), "");
        }
        catch (DatabaseException failure)
        {
            return (null, failure.Message);
        }
    }
}
