using System.Text;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, ListFunctions.</summary>
internal sealed class ListFunctionsRequest
{
    public string? MasterRegion { get; private set; }
    public string? FunctionVersion { get; private set; }
    public string? Marker { get; private set; }
    public long? MaxItems { get; private set; }

    public static Shape<ListFunctionsRequest> Shape { get; } = new(
        Member.String<ListFunctionsRequest>("MasterRegion", r => r.MasterRegion, (r, v) => r.MasterRegion = v, Constraint.Matching(0, int.MaxValue, @"ALL|[a-z]{2}(-gov)?-[a-z]+-\d{1}")).InQuery(),
        Member.String<ListFunctionsRequest>("FunctionVersion", r => r.FunctionVersion, (r, v) => r.FunctionVersion = v, Constraint.Enum("ALL")).InQuery(),
        Member.String<ListFunctionsRequest>("Marker", r => r.Marker, (r, v) => r.Marker = v).InQuery(),
        Member.Long<ListFunctionsRequest>("MaxItems", r => r.MaxItems, (r, v) => r.MaxItems = v, 1, 10_000).InQuery());
}

/// <param name="Member"><c>Functions</c> or <c>Versions</c>.</param>
internal sealed record FunctionListResponse(string Member, IReadOnlyList<FunctionConfiguration> Functions, string? NextMarker) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        if (Member == "Versions")
            writer.WriteOptional("NextMarker"u8, NextMarker);
        writer.WriteStartArray(Member);
        foreach (var function in Functions)
        {
            writer.WriteStartObject();
            function.WriteMembers(writer, withState: false, withVersion: Member == "Versions");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (Member != "Versions")
            writer.WriteOptional("NextMarker"u8, NextMarker);
    }
}

internal sealed class ListFunctions(FunctionRegistry registry, LambdaTargets targets, Keyring keyring)
    : IOperation<ListFunctionsRequest, LambdaTarget, FunctionListResponse>
{
    private const string Purpose = "lambda-marker";

    // Source: Lambda API Reference, ListFunctions, MaxItems: fifty at once, whatever is asked for.
    private const int MaxPage = 50;

    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, ListFunctionsRequest request, CancellationToken ct) => targets.AccountAsync(call, ct);

    public async ValueTask<Plan<FunctionListResponse>> PlanAsync(
        CallContext call, Authorized<ListFunctionsRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var after = string.IsNullOrEmpty(request.Marker) ? null : Open(request.Marker);
        var size = (int)Math.Min(MaxPage, request.MaxItems ?? MaxPage);
        var found = target.Directory!.All.SkipWhile(function => after is not null && string.CompareOrdinal(function.Name, after) <= 0).Take(size + 1).ToList();
        var shown = new List<FunctionConfiguration>();
        foreach (var function in found.Take(size))
            shown.Add(await FunctionConfiguration.OfAsync(registry, function, ct));
        var next = found.Count > size ? Convert.ToBase64String(keyring.ProtectToken(Purpose, Encoding.UTF8.GetBytes(found[size - 1].Name))) : null;
        return new FunctionListResponse("Functions", shown, next);
    }

    private string Open(string marker)
    {
        var bytes = new byte[marker.Length];
        return Convert.TryFromBase64String(marker, bytes, out var length) && keyring.TryOpenToken(Purpose, bytes.AsSpan(0, length), out var name)
            ? Encoding.UTF8.GetString(name)
            : throw LambdaErrors.InvalidParameter("Invalid Marker.");
    }
}

/// <summary>Source: Lambda model, ListVersionsByFunction.</summary>
internal sealed class ListVersionsRequest
{
    public string? FunctionName { get; private set; }
    public string? Marker { get; private set; }
    public long? MaxItems { get; private set; }

    public static Shape<ListVersionsRequest> Shape { get; } = new(
        Member.String<ListVersionsRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.NamespacedFunctionName, required: true).InPath(),
        Member.String<ListVersionsRequest>("Marker", r => r.Marker, (r, v) => r.Marker = v).InQuery(),
        Member.Long<ListVersionsRequest>("MaxItems", r => r.MaxItems, (r, v) => r.MaxItems = v, 1, 10_000).InQuery());
}

/// <summary>There is the one version, <c>$LATEST</c>.</summary>
internal sealed class ListVersionsByFunction(FunctionRegistry registry, LambdaTargets targets) : IOperation<ListVersionsRequest, LambdaTarget, FunctionListResponse>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, ListVersionsRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, null, ct);

    public async ValueTask<Plan<FunctionListResponse>> PlanAsync(CallContext call, Authorized<ListVersionsRequest, LambdaTarget> authorized, CancellationToken ct) =>
        new FunctionListResponse("Versions", [await FunctionConfiguration.OfAsync(registry, authorized.Target.Existing, ct)], null);
}
