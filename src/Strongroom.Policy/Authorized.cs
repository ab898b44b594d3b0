namespace Strongroom.Policy;

/// <summary>A request that may be carried out on its target. Only <see cref="Authorizer"/> makes one, so a handler cannot run without a decision.</summary>
public sealed class Authorized<TRequest, TTarget>
{
    internal Authorized(TRequest request, TTarget target)
    {
        Request = request;
        Target = target;
    }

    public TRequest Request { get; }

    public TTarget Target { get; }

    public void Deconstruct(out TRequest request, out TTarget target) => (request, target) = (Request, Target);
}
