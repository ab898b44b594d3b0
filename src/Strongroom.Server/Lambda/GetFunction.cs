using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Lambda;

/// <summary>A function, and a version of it. Source: Lambda model, GetFunction, GetFunctionConfiguration, GetPolicy, DeleteFunction.</summary>
internal sealed class FunctionRequest
{
    public string? FunctionName { get; private set; }
    public string? Qualifier { get; private set; }

    public static Shape<FunctionRequest> Shape { get; } = new(
        Member.String<FunctionRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.NamespacedFunctionName, required: true).InPath(),
        Member.String<FunctionRequest>("Qualifier", r => r.Qualifier, (r, v) => r.Qualifier = v, LambdaLimits.Qualifier).InQuery());

    /// <summary>Source: Lambda model, GetFunctionCodeSigningConfig.</summary>
    public static Shape<FunctionRequest> ShapeWithoutQualifier { get; } = new(
        Member.String<FunctionRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.NamespacedFunctionName, required: true).InPath());
}

/// <summary>Differs from AWS: the answer does not say where the code can be fetched.</summary>
internal sealed record GetFunctionResponse(FunctionConfiguration Configuration) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("Code"u8);
        writer.WriteString("RepositoryType"u8, "S3"u8);
        writer.WriteEndObject();
        writer.WriteStartObject("Configuration"u8);
        Configuration.WriteMembers(writer);
        writer.WriteEndObject();
        if (Configuration.Function.Tags is { Count: > 0 } tags)
            FunctionConfiguration.WriteMap(writer, "Tags"u8, tags);
    }
}

internal sealed class GetFunction(FunctionRegistry registry, LambdaTargets targets) : IOperation<FunctionRequest, LambdaTarget, GetFunctionResponse>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, FunctionRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct);

    public async ValueTask<Plan<GetFunctionResponse>> PlanAsync(CallContext call, Authorized<FunctionRequest, LambdaTarget> authorized, CancellationToken ct) =>
        new GetFunctionResponse(await FunctionConfiguration.OfAsync(registry, authorized.Target.Existing, ct));
}

/// <summary>The configuration as an answer to a read, which leaves no elements in records.</summary>
internal sealed record GetFunctionConfigurationResponse(FunctionConfiguration Configuration) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer) => Configuration.WriteMembers(writer);
}

internal sealed class GetFunctionConfiguration(FunctionRegistry registry, LambdaTargets targets)
    : IOperation<FunctionRequest, LambdaTarget, GetFunctionConfigurationResponse>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, FunctionRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct);

    public async ValueTask<Plan<GetFunctionConfigurationResponse>> PlanAsync(
        CallContext call, Authorized<FunctionRequest, LambdaTarget> authorized, CancellationToken ct) =>
        new GetFunctionConfigurationResponse(await FunctionConfiguration.OfAsync(registry, authorized.Target.Existing, ct));
}
