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
    where TResponse : IAnswer
{
    ValueTask<TTarget> ResolveAsync(CallContext call, TRequest request, CancellationToken ct);

    /// <summary>May run again with a freshly resolved target when the secret changed in between, so it has no effects of its own.</summary>
    ValueTask<Plan<TResponse>> PlanAsync(CallContext call, Authorized<TRequest, TTarget> authorized, CancellationToken ct);
}

/// <summary>A target that is, or belongs to, a KMS key: records of calls on it name the key. Source: KMS Developer Guide, "Logging AWS KMS API calls with CloudTrail".</summary>
internal interface IKeyUser
{
    /// <summary>Null when the key does not exist, and for what is about no key.</summary>
    string? KeyArn { get; }
}

/// <summary>The answer, and the changes that must be durable before it is given; none for a read.</summary>
internal sealed record Plan<TResponse>(TResponse Response, IReadOnlyList<SecretChange> Changes)
{
    /// <summary>A plan that changes no secret.</summary>
    public Plan(TResponse response, params ReadOnlySpan<DirectoryChange> directories)
        : this(response, (IReadOnlyList<SecretChange>)[]) => Directories = directories.ToArray();

    /// <summary>Changes of identities and keys, each computed from a directory whose revision it names.</summary>
    public IReadOnlyList<DirectoryChange> Directories { get; init; } = [];

    /// <summary>New versions of KMS keys.</summary>
    public IReadOnlyList<Crypto.WrappedKey> Keys { get; init; } = [];

    public IReadOnlyList<StoredAccount> Accounts { get; init; } = [];

    /// <summary>Events beside the call's own record, such as a rotation given up or a deletion begun.</summary>
    public IReadOnlyList<Audit.ServiceEvent> Events { get; init; } = [];

    /// <summary>What becomes of notifications that wait; null for nothing.</summary>
    public NotificationChange? Notifications { get; init; }

    /// <summary>Code of functions, put or removed with the directory that has their configuration.</summary>
    public IReadOnlyList<FunctionCodeChange> FunctionCode { get; init; } = [];

    /// <summary>Whether nothing has to be committed before the answer.</summary>
    public bool IsRead => Notifications is null && Changes.Count == 0 && Directories.Count == 0 && Keys.Count == 0 && Accounts.Count == 0 && Events.Count == 0;

    public static implicit operator Plan<TResponse>(TResponse response) => new(response, (IReadOnlyList<SecretChange>)[]);

    public SecretCommit ToCommit(IReadOnlyList<AuditEntry> records) =>
        new(Changes, records) { Accounts = Accounts, Directories = Directories, Keys = Keys, NotificationChange = Notifications, FunctionCode = FunctionCode };
}

/// <summary>What an operation answers, whatever the protocol.</summary>
internal interface IAnswer : IDisposable
{
    /// <summary>Whether the audit record of this answer has <c>responseElements</c>; reads have none.</summary>
    bool HasAuditElements => false;

    /// <summary>Writes the redacted, camel-case copy for the audit record. Never a secret.</summary>
    void WriteAuditElements(Utf8JsonWriter writer)
    {
    }

    /// <summary>The record's <c>resources</c>: ARNs of secrets whose values this answer discloses, where the request does not already name the
    /// one secret; of the role that was assumed.</summary>
    IReadOnlyList<string> DisclosedArns => [];

    void IDisposable.Dispose()
    {
    }
}

/// <summary>An answer of the JSON protocol. Members are written in alphabetical order, absent ones left out. Source: API fact sheet 1.2, 1.7.</summary>
internal interface IResponse : IAnswer
{
    /// <summary>Writes the members into an object that is already open.</summary>
    void WriteMembers(Utf8JsonWriter writer);
}

/// <summary>An answer of a REST operation that is no JSON of ours, or has headers of its own.</summary>
internal interface IRestResponse : IAnswer
{
    RestReply Reply { get; }

    ReadOnlyMemory<byte> Body { get; }
}

/// <summary>An answer of the Query protocol: its members as XML, in the model's order.</summary>
internal interface IXmlResponse : IAnswer
{
    /// <summary>Writes the members into a result element that is already open.</summary>
    void WriteXml(System.Xml.XmlWriter writer);
}

/// <summary>The answer of operations that say only that they are done: no body in JSON, no result element in XML.</summary>
internal sealed class Done : IAnswer
{
    public static Done Instance { get; } = new();
}
