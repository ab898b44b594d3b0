using Strongroom.Crypto;
using Strongroom.Storage;

namespace Strongroom.Server.Notifications;

/// <summary>Adds to a commit the notifications of what it changes: they stand or fall with it.</summary>
internal sealed class Notifier(IReadOnlyList<NotificationDestination> destinations, Entropy entropy)
{
    /// <param name="what">What the commit tells beside its changes; null for nothing.</param>
    public SecretCommit Announce(SecretCommit commit, DateTimeOffset now, SecretEvent? what = null)
    {
        // Whatever changes secrets, or tells of rotation and replication, has a record.
        if (destinations.Count == 0 || commit.Records.Count == 0)
            return commit;
        var causes = commit.Records.Select(AuditedCause.Read).ToList();
        List<NewNotification> made = [];
        foreach (var change in commit.Changes)
        {
            foreach (var seen in SecretEvents.Of(change, causes[0].IsCall))
                Add(made, seen, causes[0], now);
        }

        foreach (var cause in causes)
        {
            if (SecretEvents.Of(cause) is { } done)
                Add(made, done, cause, now);
        }

        if (what is not null)
            Add(made, what, causes[0], now);

        return made.Count == 0 ? commit : commit with { Notifications = made };
    }

    private void Add(List<NewNotification> made, SecretEvent what, AuditedCause cause, DateTimeOffset now)
    {
        byte[]? json = null;
        var id = Guid.Empty;
        foreach (var destination in destinations)
        {
            if (!destination.Wants(what))
                continue;
            if (json is null)
            {
                id = entropy.NewGuid();
                json = what.ToJson(id, now, cause);
            }

            made.Add(new NewNotification(id, destination.Name, what.DetailType, json, now));
        }
    }
}
