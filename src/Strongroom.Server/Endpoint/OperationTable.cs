using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Protocol.AwsQuery;

namespace Strongroom.Server.Endpoint;

/// <summary>Every operation there is, a list for each service. The row is the registration; a test compares the rows with the service models.</summary>
internal sealed class OperationTable(params ReadOnlySpan<IReadOnlyList<OperationEntry>> services)
{
    public const bool ReadOnly = true;
    public const bool Mutating = false;

    /// <summary>In the API References' order.</summary>
    public IReadOnlyList<OperationEntry> Entries { get; } = [.. Flatten(services)];

    public IEnumerable<OperationEntry> Of(ServiceProtocol service) => Entries.Where(entry => entry.Name.Service == service.Name);

    public OperationEntry? Find(string service, string name) => Entries.FirstOrDefault(entry => entry.Name.Service == service && entry.Name.Name == name);

    /// <summary>A row of a JSON service.</summary>
    public static OperationEntry Json<TRequest, TTarget, TResponse>(
        ServiceProtocol service, string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IResponse => new Operation<TRequest, TTarget, TResponse>(
            new OperationName(service.Name, name, readOnly), shape, handler, new((s, _, body) => s.Decode(body), Encode.Json));

    /// <summary>A row of a JSON service that is permitted under another name than its own.</summary>
    public static OperationEntry JsonAs<TRequest, TTarget, TResponse>(
        ServiceProtocol service, string name, string action, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IResponse => new Operation<TRequest, TTarget, TResponse>(
            new OperationName(service.Name, name, readOnly) { Action = action }, shape, handler, new((s, _, body) => s.Decode(body), Encode.Json));

    /// <summary>A row of a JSON service whose answer is empty.</summary>
    public static OperationEntry Json<TRequest, TTarget>(
        ServiceProtocol service, string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, Done> handler)
        where TRequest : class, new()
        where TTarget : IResource => new Operation<TRequest, TTarget, Done>(
            new OperationName(service.Name, name, readOnly), shape, handler, new((s, _, body) => s.Decode(body), Encode.Nothing));

    /// <summary>A row of a Query service.</summary>
    public static OperationEntry Query<TRequest, TTarget, TResponse>(
        ServiceProtocol service, string name, bool readOnly, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler, bool isUnsigned = false)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IAnswer => new Operation<TRequest, TTarget, TResponse>(
            new OperationName(service.Name, name, readOnly), shape, handler,
            new((s, call, _) => s.Decode(QueryForm.Parse(call.QueryText)), Encode.Query<TResponse>(name, service.XmlNamespace!)))
        {
            IsUnsigned = isUnsigned,
        };

    /// <summary>A row of a REST service.</summary>
    /// <param name="action">As policies name it; its own name when null.</param>
    /// <param name="eventName">As records name it.</param>
    public static OperationEntry Rest<TRequest, TTarget, TResponse>(
        ServiceProtocol service, string name, string? action, string eventName, RestPath path, bool readOnly, Shape<TRequest> shape,
        IOperation<TRequest, TTarget, TResponse> handler)
        where TRequest : class, new()
        where TTarget : IResource
        where TResponse : IAnswer => new Operation<TRequest, TTarget, TResponse>(
            new OperationName(service.Name, name, readOnly) { Action = action ?? $"{service.Name}:{name}", EventName = JsonWriters.Encode(eventName) },
            shape, handler, new((s, call, body) => s.Decode(call.Rest!, body), Encode.Rest<TResponse>(path.Status)))
        {
            Path = path,
        };

    private static List<OperationEntry> Flatten(ReadOnlySpan<IReadOnlyList<OperationEntry>> services)
    {
        var all = new List<OperationEntry>();
        foreach (var service in services)
            all.AddRange(service);
        return all;
    }
}
