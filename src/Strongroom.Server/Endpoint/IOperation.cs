using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Storage;

namespace Strongroom.Server.Endpoint;

/// <summary>
/// One operation of a service: first what it acts on, then, once that is authorized, what is to happen. An operation changes nothing itself:
/// it plans, and the pipeline commits the plan together with the audit record.
/// </summary>
internal interface IOperation<TRequest, TTarget, TResponse>
    where TTarget : IResource
    where TResponse : IResponse
{
    ValueTask<TTarget> ResolveAsync(CallContext call, TRequest request, CancellationToken ct);

    /// <summary>May run again with a freshly resolved target when the secret changed in between, so it has no effects of its own.</summary>
    ValueTask<Plan<TResponse>> PlanAsync(CallContext call, Authorized<TRequest, TTarget> authorized, CancellationToken ct);
}

/// <summary>The answer, and the changes that must be durable before it is given; none for a read.</summary>
internal sealed record Plan<TResponse>(TResponse Response, IReadOnlyList<SecretChange> Changes)
{
    /// <summary>Events beside the call's own record, such as a rotation given up or a deletion begun.</summary>
    public IReadOnlyList<Audit.ServiceEvent> Events { get; init; } = [];

    public static implicit operator Plan<TResponse>(TResponse response) => new(response, []);
}

/// <summary>What an operation answers. Members are written in alphabetical order, absent ones left out. Source: API fact sheet 1.2, 1.7.</summary>
internal interface IResponse : IDisposable
{
    /// <summary>Writes the members into an object that is already open.</summary>
    void WriteMembers(Utf8JsonWriter writer);

    /// <summary>Whether the audit record of this answer has <c>responseElements</c>; reads have none.</summary>
    bool HasAuditElements => false;

    /// <summary>Writes the redacted, camel-case copy for the audit record. Never a secret.</summary>
    void WriteAuditElements(Utf8JsonWriter writer)
    {
    }

    /// <summary>ARNs of secrets whose values this answer discloses, where the request does not already name the one secret.</summary>
    IReadOnlyList<string> DisclosedArns => [];

    void IDisposable.Dispose()
    {
    }
}

/// <summary>An answer of a Query-protocol operation: its members as XML.</summary>
internal interface IXmlResponse
{
    void WriteXml(System.Xml.XmlWriter writer);
}
