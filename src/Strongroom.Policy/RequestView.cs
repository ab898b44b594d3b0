namespace Strongroom.Policy;

/// <summary>A request as the matchers see it: what is derived from it once, and the trace that is told of missing keys.</summary>
internal readonly ref struct RequestView
{
    private readonly ref readonly AccessRequest request;

    public RequestView(in AccessRequest request, EvaluationTrace? trace)
    {
        this.request = ref request;
        Trace = trace;
        Resource = new ArnText(request.Resource.ResourceArn);
    }

    public ref readonly AccessRequest Request => ref request;

    public ArnText Resource { get; }

    public EvaluationTrace? Trace { get; }

    public ConditionValues Find(ConditionKey key)
    {
        var values = request.Find(key);
        if (values.Count == 0)
            Trace?.AddMissing(key);
        return values;
    }
}
