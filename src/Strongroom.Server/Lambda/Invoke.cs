using System.Text;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Functions;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, Invoke; IAM fact sheet 9.1.</summary>
internal sealed class InvokeRequest
{
    public string? FunctionName { get; private set; }
    public string? Qualifier { get; private set; }
    public string? InvocationType { get; private set; }
    public string? LogType { get; private set; }
    public string? ClientContext { get; private set; }
    public string? DurableExecutionName { get; private set; }
    public string? TenantId { get; private set; }
    public byte[] Payload { get; private set; } = [];

    public static Shape<InvokeRequest> Shape { get; } = new(
        Member.String<InvokeRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.NamespacedFunctionName, required: true).InPath(),
        Member.String<InvokeRequest>("InvocationType", r => r.InvocationType, (r, v) => r.InvocationType = v, Constraint.Enum("Event", "RequestResponse", "DryRun")).InHeader("X-Amz-Invocation-Type"),
        Member.String<InvokeRequest>("LogType", r => r.LogType, (r, v) => r.LogType = v, Constraint.Enum("None", "Tail")).InHeader("X-Amz-Log-Type"),
        Member.String<InvokeRequest>("ClientContext", r => r.ClientContext, (r, v) => r.ClientContext = v).InHeader("X-Amz-Client-Context"),
        Member.String<InvokeRequest>("DurableExecutionName", r => r.DurableExecutionName, (r, v) => r.DurableExecutionName = v, Constraint.Matching(1, 64, "[a-zA-Z0-9-_]+"))
            .InHeader("X-Amz-Durable-Execution-Name"),
        Member.Secret<InvokeRequest>("Payload", base64: true, r => r.Payload.Length, (r, v) => r.Payload = v.ToArray(), 0, int.MaxValue).AsPayload(),
        Member.String<InvokeRequest>("Qualifier", r => r.Qualifier, (r, v) => r.Qualifier = v, LambdaLimits.Qualifier).InQuery(),
        Member.String<InvokeRequest>("TenantId", r => r.TenantId, (r, v) => r.TenantId = v, Constraint.Matching(1, 256, @"[a-zA-Z0-9\._:\/=+\-@ ]+")).InHeader("X-Amz-Tenant-Id"));
}

internal sealed record InvokeResponse(RestReply Reply, ReadOnlyMemory<byte> Body) : IRestResponse;

/// <summary>Runs a function for a caller who is allowed to. Differs from AWS: the client's context is not passed on.</summary>
internal sealed class Invoke(FunctionRegistry registry, LambdaTargets targets) : IOperation<InvokeRequest, LambdaTarget, InvokeResponse>
{
    private const int MaxLogBytes = 4096;

    private static readonly (string, string) Version = ("X-Amz-Executed-Version", "$LATEST");

    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, InvokeRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct);

    public async ValueTask<Plan<InvokeResponse>> PlanAsync(CallContext call, Authorized<InvokeRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        registry.DemandOn();
        var function = target.Existing;
        if (request.TenantId is not null || request.DurableExecutionName is not null)
            throw LambdaErrors.Unserved(request.TenantId is not null ? "TenantId" : "DurableExecutionName");
        var payload = PayloadOf(request);
        switch (request.InvocationType)
        {
            case "DryRun":
                return new InvokeResponse(new RestReply(204, Version), default);
            case "Event":
                registry.Invoker.Begin(function, payload);
                return new InvokeResponse(new RestReply(202), default);
        }

        // A plan changes nothing and is made once: what the function does is no change of Strongroom's.
        // Its log is for who may invoke it, as on AWS: nothing is taken out.
        using var redaction = new Redaction();
        var result = await registry.Invoker.InvokeAsync(function, payload, redaction, CancellationToken.None);
        List<(string, string)> headers = [Version];
        if (result.FunctionError is { } error)
            headers.Add(("X-Amz-Function-Error", error));
        if (request.LogType == "Tail")
            headers.Add(("X-Amz-Log-Result", Tail(result.Log)));
        return new InvokeResponse(new RestReply(200, headers), result.Payload);
    }

    private static byte[] PayloadOf(InvokeRequest request)
    {
        // Without a payload the handler gets an empty object.
        if (request.Payload.Length == 0)
            return "{}"u8.ToArray();
        try
        {
            var reader = new Utf8JsonReader(request.Payload);
            while (reader.Read())
            {
            }

            return request.Payload;
        }
        catch (JsonException)
        {
            throw LambdaErrors.NotJson();
        }
    }

    private static string Tail(string log)
    {
        var bytes = Encoding.UTF8.GetBytes(log);
        return Convert.ToBase64String(bytes.AsSpan(Math.Max(0, bytes.Length - MaxLogBytes)));
    }
}
