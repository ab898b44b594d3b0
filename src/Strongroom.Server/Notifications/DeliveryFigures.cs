namespace Strongroom.Server.Notifications;

/// <summary>What became of a destination's notifications since the start of this server.</summary>
/// <param name="Failed">Attempts after which a notification is tried again.</param>
/// <param name="GivenUp">Notifications whose last attempt failed.</param>
/// <param name="Dropped">Notifications that had been given up and were dropped, because there were too many of them.</param>
internal readonly record struct DeliveryFigures(string Destination, long Delivered, long Failed, long GivenUp, long Dropped);
