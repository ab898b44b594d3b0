using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>Gives one user a new password, by that user's own right. Source: API fact sheet 4.8; messages are the templates'.</summary>
internal sealed class SingleUserRotator(IDatabase database) : DatabaseRotator(database)
{
    protected override string? NextUsername(DatabaseSecret current, IReadOnlyDictionary<string, string> environment) => null;

    public override async Task SetSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        var door = new DatabaseDoor(Database, secret.Environment);
        using var pending = await ReadPendingAsync(secret, ct);
        using var current = await ReadAsync(secret, StagingLabels.Current, ct);

        // Also how an attempt that was cut short after the database changed finds that out.
        if (await TryOpenAsync(door, pending, pending.Tls, ct) is { Session: { } done })
        {
            await done.DisposeAsync();
            return;
        }

        Require(pending.Username == current.Username, $"Attempting to modify user {pending.Username} other than current user {current.Username}");
        Require(IsSameHost(pending, current), $"Attempting to modify user for host {pending.Host} other than current host {current.Host}");

        var valid = current;
        var (session, reason) = await TryOpenAsync(door, current, current.Tls, ct);
        using var previous = session is null ? await FindAsync(secret, StagingLabels.Previous, ct) : null;
        if (previous is not null)
        {
            Require(previous.Username == pending.Username, $"Attempting to modify user {pending.Username} other than previous valid user {previous.Username}");
            Require(IsSameHost(previous, pending), $"Attempting to modify user for host {pending.Host} other than previous valid host {previous.Host}");
            valid = previous;
            session = (await TryOpenAsync(door, previous, current.Tls, ct)).Session;
        }

        if (session is null)
            throw new RotationException($"Unable to log into database with previous, current, or pending secret of secret arn {secret.Arn}: {reason}");
        await using (session)
        {
            if (current.MasterArn is not { } masterArn || !Database.MasterServesSingleUser)
            {
                await DoAsync(() => session.SetPasswordAsync(door.LoginOf(valid, valid.DatabaseName), pending.Password, ct));
                return;
            }

            // Only now that the user has logged in: whoever may write a secret must not gain any user's password by writing that user's name.
            await using var asMaster = await OpenMasterAsync(secret, door, current, masterArn, ct);
            await DoAsync(() => asMaster.SetPasswordAsync(door.LoginOf(valid, valid.DatabaseName), pending.Password, ct));
        }
    }
}
