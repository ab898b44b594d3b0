using System.Buffers;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Audit;
using Strongroom.Server.Observability;

namespace Strongroom.Server.Endpoint;

/// <summary>A row of the operation table: everything the pipeline needs to carry out a call of one operation.</summary>
internal abstract class OperationEntry(OperationName name)
{
    public OperationName Name { get; } = name;

    public CallTags Tags { get; } = new(name.Service, name.Name);

    /// <summary>Whether the call carries no signature: the operation itself authenticates it, by a token in its parameters.</summary>
    public bool IsUnsigned { get; init; }

    /// <summary>How requests of a REST operation are found; null for other protocols.</summary>
    public RestPath? Path { get; init; }

    /// <summary>Decodes, resolves, authorizes, carries out, records and encodes; writes the answer's body.</summary>
    /// <exception cref="ServiceException">What the caller did wrong or may not do; already recorded when this is thrown.</exception>
    public abstract ValueTask RunAsync(CallContext call, ReadOnlyMemory<byte> body, AuditTrail audit, ScrubbedBuffer answer, CancellationToken ct);
}

/// <summary>How a protocol reads requests and writes answers. An answer can't be written before its record stands.</summary>
internal sealed record Codec<TRequest, TResponse>(
    Codec<TRequest, TResponse>.Decoder Decode, Action<CallContext, Audited<TResponse>, ScrubbedBuffer> Encode)
    where TRequest : class, new()
{
    public delegate TRequest Decoder(Shape<TRequest> shape, CallContext call, ReadOnlySpan<byte> body);
}

/// <summary>Stops 4 to 9 of a request's path, for a JSON or Query operation.</summary>
internal sealed class Operation<TRequest, TTarget, TResponse>(
    OperationName name, Shape<TRequest> shape, IOperation<TRequest, TTarget, TResponse> handler, Codec<TRequest, TResponse> codec)
    : OperationEntry(name)
    where TRequest : class, new()
    where TTarget : IResource
    where TResponse : IAnswer
{
    // Each lost race means that somebody else's change was committed, so a caller that loses this often is one of hundreds on one secret.
    private const int MaxAttempts = 500;

    public override async ValueTask RunAsync(
        CallContext call, ReadOnlyMemory<byte> body, AuditTrail audit, ScrubbedBuffer answer, CancellationToken ct)
    {
        TRequest? request = null;
        try
        {
            request = codec.Decode(shape, call, body.Span);                                          // 4
            for (var attempt = 0; attempt < MaxAttempts; attempt++)
            {
                call.KeyUses = null;
                var target = await handler.ResolveAsync(call, request, ct);                          // 5
                var authorized = Authorize(call, request, target);                                   // 6
                call.KeyArn = (target as IKeyUser)?.KeyArn;
                var plan = await handler.PlanAsync(call, authorized, ct);                            // 7
                using var response = plan.Response;
                var audited = plan.IsRead                                                            // 8: the record stands before a byte leaves
                    ? await audit.RecordAsync(call, Name, shape, request, response)
                    : await audit.CommitAsync(call, Name, shape, request, plan);
                if (audited is null)
                    continue;
                codec.Encode(call, audited, answer);                                                       // 9
                return;
            }

            throw FrameworkErrors.Internal();
        }
        catch (ServiceException error)
        {
            audit.RecordFailure(call, Name, shape, request, error);
            throw;
        }
        finally
        {
            (request as IDisposable)?.Dispose();
        }
    }

    private Authorized<TRequest, TTarget> Authorize(CallContext call, TRequest request, TTarget target) =>
        Authorizer.TryAuthorize(
            call.Caller.Principal, call.Caller.Policies, call.Facts, Name.Action, request, target, out var authorized, out var decision,
            AccessDenied.GrantFor(call, Name.Action, target))
            ? authorized
            : throw AccessDenied.For(call, Name.Action, target, decision);
}
