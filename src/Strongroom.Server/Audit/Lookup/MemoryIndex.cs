namespace Strongroom.Server.Audit.Lookup;

/// <summary>An index in memory, to which events are added in the order of the log. Safe to search while it grows.</summary>
internal sealed class MemoryIndex : ISegmentIndex
{
    // Few terms are new with an event: the last ones seen answer for most without a hash.
    private const int Remembered = 4096;

    private readonly Lock gate = new();
    private readonly List<EventPlace> places = [];
    private readonly List<uint> eventIds = [];
    private readonly List<TrailScope> scopes = [];

    // Each term's events as a chain from the last to the first, in one list for all.
    private readonly Dictionary<ulong, (int Last, int Count)> terms = [];
    private readonly List<(uint Number, int Previous)> chain = [];
    private readonly (TrailScope Scope, LookupAttribute Attribute, string Value, ulong Term)[] memory = new (TrailScope, LookupAttribute, string, ulong)[Remembered];
    private bool isOrdered = true;
    private uint min = uint.MaxValue;
    private uint max;

    public int Count
    {
        get
        {
            lock (gate)
                return places.Count;
        }
    }

    public (uint Min, uint Max) Times
    {
        get
        {
            lock (gate)
                return (min, max);
        }
    }

    public IReadOnlyList<TrailScope> Scopes
    {
        get
        {
            lock (gate)
                return [.. scopes];
        }
    }

    /// <summary>Indexes what a reader has left, line by line. A damaged compressed segment is indexed as far as it can be read.</summary>
    public void AddAll(AuditSegmentReader reader, CancellationToken ct)
    {
        try
        {
            for (var offset = reader.Offset; reader.TryReadLine(out var line); offset = reader.Offset)
            {
                ct.ThrowIfCancellationRequested();
                if (LoggedEvent.TryParse(line.Span) is { } found)
                    Add(found, offset);
            }
        }
        catch (InvalidDataException)
        {
            // `audit verify` reports it.
        }
    }

    public void Add(LoggedEvent found, long offset)
    {
        lock (gate)
        {
            var number = (uint)places.Count;
            isOrdered &= found.Time >= max;
            (min, max) = (Math.Min(min, found.Time), Math.Max(max, found.Time));
            places.Add(new EventPlace(found.Time, offset));
            eventIds.Add(Terms.OfEventId(found.EventId));
            var scope = new TrailScope(found.Account, found.Region);
            if (!scopes.Contains(scope))
                scopes.Add(scope);
            foreach (var (attribute, value) in Terms.Of(found))
                Add(TermOf(scope, attribute, value), number);
        }
    }

    public EventPlace PlaceOf(uint number)
    {
        lock (gate)
            return places[(int)number];
    }

    public IPostings Find(ulong term)
    {
        lock (gate)
            return terms.TryGetValue(term, out var found) ? new ArrayPostings(Collect(found)) : ArrayPostings.None;
    }

    public IPostings FindEventId(uint term)
    {
        lock (gate)
        {
            var found = new List<uint>();
            for (var number = 0; number < eventIds.Count; number++)
            {
                if (eventIds[number] == term)
                    found.Add((uint)number);
            }

            return new ArrayPostings(Ordered([.. found]));
        }
    }

    /// <summary>The same as a file. Not while events are added.</summary>
    /// <param name="textLength">How long the segment's text is.</param>
    public byte[] ToFile(int segment, long textLength)
    {
        lock (gate)
        {
            return SegmentIndexFile.Render(
                segment, textLength, places, eventIds, scopes, [.. terms.OrderBy(term => term.Key).Select(term => KeyValuePair.Create(term.Key, Collect(term.Value)))]);
        }
    }

    public void Dispose()
    {
    }

    private void Add(ulong term, uint number)
    {
        var (last, count) = terms.GetValueOrDefault(term, (-1, 0));
        chain.Add((number, last));
        terms[term] = (chain.Count - 1, count + 1);
    }

    private ulong TermOf(TrailScope scope, LookupAttribute attribute, string value)
    {
        ref var known = ref memory[(int)(unchecked((uint)HashCode.Combine(scope, attribute, value)) % Remembered)];
        if (known.Value is null || known.Attribute != attribute || known.Value != value || known.Scope != scope)
            known = (scope, attribute, value, Terms.Of(scope, attribute, value));
        return known.Term;
    }

    private uint[] Collect((int Last, int Count) term)
    {
        var numbers = new uint[term.Count];
        var at = term.Last;
        for (var i = term.Count - 1; i >= 0; i--)
            (numbers[i], at) = chain[at];
        return Ordered(numbers);
    }

    // Calls are recorded when they end and dated when they began, so neighbours may stand the other way round.
    private uint[] Ordered(uint[] numbers)
    {
        if (!isOrdered)
            Array.Sort(numbers, (a, b) => (places[(int)a].Time, a).CompareTo((places[(int)b].Time, b)));
        return numbers;
    }
}
