namespace Strongroom.Server.Audit.Lookup;

/// <summary>Compares events with what is looked up: exactly, and with upper and lower case told apart. Source: IAM fact sheet 8.6.</summary>
internal static class EventMatch
{
    public static LookupQuery Query(TrailScope? scope, LookupAttribute attribute, string value, uint from, uint to) =>
        new(scope, CandidatesOf(attribute, value), from, to, found => Is(found, attribute, value));

    public static bool Is(LoggedEvent found, LookupAttribute attribute, string value) => attribute switch
    {
        LookupAttribute.EventId => found.EventId == value,
        LookupAttribute.EventName => found.EventName == value,
        LookupAttribute.ReadOnly => Terms.ReadOnly(found.IsReadOnly) == value,
        LookupAttribute.Username => found.Username == value,
        LookupAttribute.ResourceType => found.Resources.Any(resource => resource.Type == value),
        LookupAttribute.ResourceName => IsAbout(found, value),
        LookupAttribute.EventSource => found.EventSource == value,
        LookupAttribute.AccessKeyId => found.AccessKeyId == value,
        _ => true,
    };

    /// <summary>Whether an event names a resource. A secret's ARN also finds the calls that named the secret by its name, as most do.</summary>
    public static bool IsAbout(LoggedEvent found, string resource) =>
        found.Resources.Any(r => r.Name == resource)
        || (LoggedEvent.SecretNameIn(resource) is { } name && found.Resources.Any(r => r.Name == name)
            // Another secret that once had the name has an ARN of its own.
            && !found.Resources.Any(r => LoggedEvent.SecretNameIn(r.Name) == name));

    /// <summary>What an index must be asked for so that nothing is missed.</summary>
    public static IReadOnlyList<(LookupAttribute Attribute, string Value)> CandidatesOf(LookupAttribute attribute, string value) =>
        attribute == LookupAttribute.ResourceName && LoggedEvent.SecretNameIn(value) is { } name ? [(attribute, value), (attribute, name)] : [(attribute, value)];
}
