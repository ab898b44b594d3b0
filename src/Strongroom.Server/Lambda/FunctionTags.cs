using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, ListTags.</summary>
internal sealed class ListTagsRequest
{
    public string? Resource { get; private set; }

    public static Shape<ListTagsRequest> Shape { get; } = new(
        Member.String<ListTagsRequest>("Resource", r => r.Resource, (r, v) => r.Resource = v, LambdaLimits.Taggable, required: true).InPath());
}

internal sealed record ListTagsResponse(IReadOnlyDictionary<string, string> Tags) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer) => FunctionConfiguration.WriteMap(writer, "Tags"u8, Tags);
}

internal sealed class ListTags(LambdaTargets targets) : IOperation<ListTagsRequest, LambdaTarget, ListTagsResponse>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, ListTagsRequest request, CancellationToken ct) =>
        targets.ResolveArnAsync(call, request.Resource!, tags: null, ct);

    public ValueTask<Plan<ListTagsResponse>> PlanAsync(CallContext call, Authorized<ListTagsRequest, LambdaTarget> authorized, CancellationToken ct) =>
        new(new ListTagsResponse(authorized.Target.Existing.Tags));
}

/// <summary>Source: Lambda model, TagResource.</summary>
internal sealed class TagFunctionRequest
{
    public string? Resource { get; private set; }
    public IReadOnlyDictionary<string, string>? Tags { get; private set; }

    public static Shape<TagFunctionRequest> Shape { get; } = new(
        Member.String<TagFunctionRequest>("Resource", r => r.Resource, (r, v) => r.Resource = v, LambdaLimits.Taggable, required: true).InPath(),
        Member.Map<TagFunctionRequest>("Tags", r => r.Tags, (r, v) => r.Tags = v, required: true));
}

internal sealed class TagFunction(LambdaTargets targets) : IOperation<TagFunctionRequest, LambdaTarget, Done>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, TagFunctionRequest request, CancellationToken ct) =>
        targets.ResolveArnAsync(call, request.Resource!, TagSet.Of(request.Tags!), ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagFunctionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var function = target.Existing;
        var tags = new SortedDictionary<string, string>(function.Tags.ToDictionary(), StringComparer.Ordinal);
        foreach (var (key, value) in request.Tags!)
            tags[key] = value;
        FunctionChecks.CheckTags(tags);
        return new(new Plan<Done>(Done.Instance, target.Directory!.Change(function with { Tags = tags })));
    }
}

/// <summary>Source: Lambda model, UntagResource.</summary>
internal sealed class UntagFunctionRequest
{
    public string? Resource { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagFunctionRequest> Shape { get; } = new(
        Member.String<UntagFunctionRequest>("Resource", r => r.Resource, (r, v) => r.Resource = v, LambdaLimits.Taggable, required: true).InPath(),
        Member.Strings<UntagFunctionRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, Constraint.None, required: true).InQuery("tagKeys"));
}

internal sealed class UntagFunction(LambdaTargets targets) : IOperation<UntagFunctionRequest, LambdaTarget, Done>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, UntagFunctionRequest request, CancellationToken ct) =>
        targets.ResolveArnAsync(call, request.Resource!, TagSet.Of(request.TagKeys!.Distinct(StringComparer.Ordinal).Select(key => KeyValuePair.Create(key, ""))), ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagFunctionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var function = target.Existing;
        var tags = new SortedDictionary<string, string>(function.Tags.Where(tag => !request.TagKeys!.Contains(tag.Key)).ToDictionary(), StringComparer.Ordinal);
        return new(new Plan<Done>(Done.Instance, target.Directory!.Change(function with { Tags = tags })));
    }
}
