namespace Strongroom.Server.Audit.Lookup;

/// <summary>Where an event stands among all: by time, then by its place in the log.</summary>
internal readonly record struct LogPosition(uint Time, int Segment, long Offset) : IComparable<LogPosition>
{
    public int CompareTo(LogPosition other) => (Time, Segment, Offset).CompareTo((other.Time, other.Segment, other.Offset));
}

/// <summary>Which events are wanted.</summary>
/// <param name="Scope">The trail to look in; null for all.</param>
/// <param name="Candidates">What the index is asked for: an event with any of these values is looked at.</param>
/// <param name="Matches">Decides about a candidate, its times and trail aside.</param>
internal sealed record LookupQuery(
    TrailScope? Scope, IReadOnlyList<(LookupAttribute Attribute, string Value)> Candidates, uint From, uint To, Func<LoggedEvent, bool> Matches)
{
    /// <summary>Every event is looked at.</summary>
    public static IReadOnlyList<(LookupAttribute Attribute, string Value)> All { get; } = [(LookupAttribute.Any, "")];

    public bool Fits(LoggedEvent found) =>
        found.Time >= From && found.Time <= To && (Scope is not { } scope || (scope.Account == found.Account && scope.Region == found.Region)) && Matches(found);
}

/// <param name="Line">The record as it stands in the log, valid until the next event is asked for.</param>
internal sealed record FoundEvent(LoggedEvent Event, ReadOnlyMemory<byte> Line, LogPosition Position);

/// <summary>Finds events by the indexes of an audit directory.</summary>
internal sealed class AuditLookup(AuditIndexes indexes)
{
    private const int MaxRestarts = 20;

    /// <summary>Newest first; of the same second, the last in the log first.</summary>
    /// <param name="after">The last event that has been seen already; null to begin with the newest.</param>
    /// <exception cref="IOException">The directory can't be read, or indexes are damaged again as soon as they are made.</exception>
    public IEnumerable<FoundEvent> Newest(LookupQuery query, LogPosition? after, CancellationToken ct)
    {
        for (var restarts = 0; restarts <= MaxRestarts; restarts++)
        {
            using var walk = new Walk(indexes, query, after, ct);
            while (TryNext(walk, out var found))
            {
                if (found is null)
                    yield break;
                after = found.Position;
                yield return found;
            }
        }

        throw new IOException("The indexes of the audit log can't be relied on: they are damaged as soon as they are made. Look after the disk.");
    }

    /// <returns>False when an index turned out to be damaged: begin again behind what was found.</returns>
    private bool TryNext(Walk walk, out FoundEvent? found)
    {
        try
        {
            found = walk.Next();
            return true;
        }
        catch (InvalidDataException)
        {
            indexes.Discard(walk.Segment);
            found = null;
            return false;
        }
    }

    /// <summary>Goes through all segments at once, but opens one only when its events can come next.</summary>
    private sealed class Walk(AuditIndexes indexes, LookupQuery query, LogPosition? after, CancellationToken ct) : IDisposable
    {
        // Latest first.
        private readonly Queue<(AuditSegment Segment, uint Latest)> waiting = new(
            indexes.Segments().Select(segment => (segment, indexes.LatestOf(segment))).Where(s => s.Item2 >= query.From)
                .OrderByDescending(s => s.Item2).ThenByDescending(s => s.segment.Number));

        private readonly PriorityQueue<Run, LogPosition> runs = new(Comparer<LogPosition>.Create((a, b) => b.CompareTo(a)));
        private readonly List<OpenedSegment> opened = [];
        private LogPosition? previous;

        /// <summary>The segment that was looked at last.</summary>
        public int Segment { get; private set; }

        public FoundEvent? Next()
        {
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                while (waiting.TryPeek(out var next) && (!runs.TryPeek(out _, out var top) || next.Latest >= top.Time))
                    Open(waiting.Dequeue().Segment);
                if (!runs.TryDequeue(out var run, out var position))
                    return null;

                Segment = position.Segment;
                var found = position == previous ? null : run.Of.Read(position);
                previous = position;
                if (run.MoveOn() is { } following && following.Time >= query.From)
                    runs.Enqueue(run, following);
                else
                    Close(run.Of);
                // Whatever an index says, the record decides.
                if (found is not null && found.Event.Time == position.Time && query.Fits(found.Event))
                    return found;
            }
        }

        public void Dispose()
        {
            foreach (var segment in opened)
                segment.Dispose();
        }

        private void Open(AuditSegment segment)
        {
            Segment = segment.Number;
            if (indexes.Get(segment, ct) is not { } index)
                return;
            var of = new OpenedSegment(segment, index);
            opened.Add(of);
            foreach (var postings in Postings(index))
            {
                var run = new Run(of, postings, IsToCome);
                if (run.Position is { } first && first.Time >= query.From)
                {
                    of.Runs++;
                    runs.Enqueue(run, first);
                }
            }

            if (of.Runs == 0)
                Close(of);
        }

        private bool IsToCome(LogPosition position) => position.Time <= query.To && (after is not { } last || position.CompareTo(last) < 0);

        private IEnumerable<IPostings> Postings(ISegmentIndex index)
        {
            IReadOnlyList<TrailScope> scopes = query.Scope is { } scope ? [scope] : index.Scopes;
            return query.Candidates.SelectMany(wanted => wanted.Attribute == LookupAttribute.EventId
                ? [index.FindEventId(Terms.OfEventId(wanted.Value))]
                : scopes.Select(trail => index.Find(Terms.Of(trail, wanted.Attribute, wanted.Value))));
        }

        private void Close(OpenedSegment segment)
        {
            if (--segment.Runs > 0)
                return;
            opened.Remove(segment);
            // The event that was read last lives on in it until the next one is asked for: its buffer stays, only the files go.
            segment.Dispose();
        }
    }

    private sealed class OpenedSegment(AuditSegment segment, ISegmentIndex index) : IDisposable
    {
        private SegmentText? text;
        private bool isGone;

        public int Runs { get; set; }

        public ISegmentIndex Index => index;

        public int Number => segment.Number;

        public FoundEvent? Read(LogPosition position)
        {
            if (text is null && !isGone)
            {
                text = SegmentText.TryOpen(segment);
                isGone = text is null;
            }

            return text is not null && text.Read(position.Offset) is var line && LoggedEvent.TryParse(line.Span) is { } found
                ? new FoundEvent(found, line, position)
                : null;
        }

        public void Dispose()
        {
            text?.Dispose();
            index.Dispose();
        }
    }

    /// <summary>One list of events, from the last one wanted backwards.</summary>
    private sealed class Run
    {
        private readonly IPostings postings;
        private int next;

        public Run(OpenedSegment of, IPostings postings, Func<LogPosition, bool> isToCome)
        {
            (Of, this.postings) = (of, postings);
            var (low, high) = (0, postings.Count);
            while (low < high)
            {
                var middle = (low + high) / 2;
                (low, high) = isToCome(At(middle)) ? (middle + 1, high) : (low, middle);
            }

            next = low - 1;
        }

        public OpenedSegment Of { get; }

        public LogPosition? Position => next < 0 ? null : At(next);

        public LogPosition? MoveOn()
        {
            next--;
            return Position;
        }

        private LogPosition At(int index)
        {
            var (time, offset) = Of.Index.PlaceOf(postings[index]);
            return new LogPosition(time, Of.Number, offset);
        }
    }
}
