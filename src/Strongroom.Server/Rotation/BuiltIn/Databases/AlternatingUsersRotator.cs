using System.Text;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>
/// Changes between two users with the same rights, by the right of an administrator: the one that is in use keeps its password.
/// Source: API fact sheet 4.8; messages are the templates'.
/// </summary>
internal sealed class AlternatingUsersRotator(IDatabase database) : DatabaseRotator(database)
{
    private const string Suffix = "_clone";

    protected override string? NextUsername(DatabaseSecret current, IReadOnlyDictionary<string, string> environment)
    {
        var next = Alternate(current.Username);
        var limit = Database.UserNameLimit(environment);
        return Encoding.UTF8.GetByteCount(next) <= limit
            ? next
            : throw new RotationException($"Unable to clone user, username length with {Suffix} appended would exceed {limit} characters");
    }

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

        Require(pending.Username == Alternate(current.Username), $"Attempting to modify user {pending.Username} other than current user or clone {current.Username}");
        Require(IsSameHost(pending, current), $"Attempting to modify user for host {pending.Host} other than current host {current.Host}");

        // A current user that does not work has no rights worth copying.
        var (asCurrent, reason) = await TryOpenAsync(door, current, current.Tls, ct);
        if (asCurrent is null)
            throw new RotationException($"Unable to log into database using current credentials for secret {secret.Arn}: {reason}");
        await asCurrent.DisposeAsync();

        if (current.MasterArn is not { } masterArn)
            throw new RotationException("masterarn key is missing from secret JSON");
        await using var session = await OpenMasterAsync(secret, door, current, masterArn, ct);
        await DoAsync(() => session.SetCloneAsync(door.LoginOf(current, current.DatabaseName), door.LoginOf(pending, pending.DatabaseName), ct));
    }

    private static string Alternate(string username) =>
        username.EndsWith(Suffix, StringComparison.Ordinal) ? username[..^Suffix.Length] : username + Suffix;
}
