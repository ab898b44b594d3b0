using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Server.Notifications;

/// <summary>The destinations of a server and what delivers to them.</summary>
internal sealed class NotificationSenders : IDisposable
{
    private readonly List<NotificationSender> senders = [];

    private NotificationSenders(IReadOnlyList<NotificationDestination> destinations) => Destinations = destinations;

    public IReadOnlyList<NotificationDestination> Destinations { get; }

    /// <exception cref="StoreRefusedException">A secret or CA file can't be used; the message says what to do.</exception>
    public static NotificationSenders Open(
        IReadOnlyList<NotificationDestination> destinations, int maxDead, SqlStore store, AuditTrail audit, TimeProvider time, Entropy entropy, ILogger log)
    {
        var opened = new NotificationSenders(destinations);
        try
        {
            foreach (var destination in destinations)
            {
                var client = new WebhookClient(destination.Webhook, $"the destination '{destination.Name}'", time);
                opened.senders.Add(new NotificationSender(destination.Name, client, store, store, audit, maxDead, entropy.NewGuid(), time, entropy, log));
            }
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        return opened;
    }

    public IEnumerable<DeliveryFigures> Figures => senders.Select(s => s.Figures);

    public IEnumerable<Task> Run(CancellationToken ct) => senders.ConvertAll(s => Task.Run(() => s.RunAsync(ct), CancellationToken.None));

    /// <summary>What time brings, at once, for tests.</summary>
    internal async Task StepAsync()
    {
        foreach (var sender in senders)
            await sender.TryStepAsync(CancellationToken.None);
    }

    public void Dispose() => senders.ForEach(s => s.Dispose());
}
