namespace Strongroom.Server.Audit.Lookup;

/// <summary>Where the events of one segment are. Numbers count the segment's events in the order of the log, from 0.</summary>
internal interface ISegmentIndex : IDisposable
{
    int Count { get; }

    /// <summary>Of the earliest and the latest event; nothing when there is no event.</summary>
    (uint Min, uint Max) Times { get; }

    /// <summary>The trails that have events here.</summary>
    IReadOnlyList<TrailScope> Scopes { get; }

    /// <exception cref="InvalidDataException">The index is damaged; so from every method here.</exception>
    EventPlace PlaceOf(uint number);

    /// <summary>The events with a term, by time and then by number.</summary>
    IPostings Find(ulong term);

    /// <summary>The events whose id has this hash, in the same order.</summary>
    IPostings FindEventId(uint term);
}

/// <param name="Offset">Where the line begins in the segment's text.</param>
internal readonly record struct EventPlace(uint Time, long Offset);

/// <summary>Numbers of events, by time and then by number.</summary>
internal interface IPostings
{
    int Count { get; }

    uint this[int index] { get; }
}

internal sealed record ArrayPostings(uint[] Numbers) : IPostings
{
    public static ArrayPostings None { get; } = new([]);

    public int Count => Numbers.Length;

    public uint this[int index] => Numbers[index];
}
