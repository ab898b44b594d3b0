using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Lambda;

/// <summary>What a FunctionName resolved to: a function, or nothing, which only a caller allowed on the ARN learns.</summary>
/// <param name="Directory">Null when there is no such account.</param>
internal sealed record LambdaTarget(string Account, string ResourceArn, LambdaDirectory? Directory, LambdaFunction? Function) : INamedResource, IConditionKeys
{
    /// <summary>Lists name no resource in denials.</summary>
    public string? RequestedId => ResourceArn == "*" ? null : ResourceArn;

    /// <summary>On creation the tags that are being attached.</summary>
    public TagSet Tags => IsCreation ? RequestTags ?? TagSet.Empty : TagSet.Of(Function?.Tags.AsEnumerable() ?? []);

    public TagSet? RequestTags { get; init; }

    public bool IsCreation { get; init; }

    /// <summary>Whom a permission is for that is added or removed.</summary>
    public string? Principal { get; init; }

    public CompiledPolicy? ResourcePolicy => Function?.Policy is not { } text || IsCreation
        ? null
        : CompiledPolicies.Resource(text, PolicyKind.Resource, Function.PolicyPrincipals);

    public IConditionKeys ServiceKeys => this;

    /// <exception cref="ServiceException">ResourceNotFoundException.</exception>
    public LambdaFunction Existing => Function ?? throw LambdaErrors.NotFound(ResourceArn);

    /// <summary>The function for a change that names the revision it is made to.</summary>
    /// <param name="revisionId">Null when the request names none.</param>
    /// <exception cref="ServiceException">ResourceNotFoundException, PreconditionFailedException.</exception>
    public LambdaFunction ExistingAt(string? revisionId) =>
        revisionId is null || revisionId == Existing.RevisionId ? Existing : throw LambdaErrors.StaleRevision();

    /// <remarks>Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Lambda". <c>lambda:FunctionArn</c> belongs to event source mappings.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name == "lambda:principal" ? Principal : default(ConditionValues);
}

/// <summary>Finds the functions that requests name: by name, partial ARN or full ARN. Source: Lambda model, FunctionName.</summary>
internal sealed class LambdaTargets(FunctionRegistry registry)
{
    private const string Latest = "$LATEST";

    /// <param name="qualifier">A version or alias, which the name can have too. There is only <c>$LATEST</c> here.</param>
    /// <exception cref="ServiceException">ResourceNotFoundException: no function of this region can have this name. InvalidParameterValueException: two qualifiers.</exception>
    public async ValueTask<LambdaTarget> ResolveAsync(CallContext call, string functionName, string? qualifier, CancellationToken ct)
    {
        var named = FunctionName.Parse(functionName);
        if (named.Region is { } region && region != call.Region)
            throw LambdaErrors.OtherRegion(region, call.Region);
        if (named.Qualifier is not null && qualifier is not null && named.Qualifier != qualifier)
            throw LambdaErrors.QualifiersDiffer();
        if (named.Name.Length > LambdaLimits.MaxNameChars)
        {
            throw FrameworkErrors.Validation(
                $"1 validation error detected: Value '{named.Name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to {LambdaLimits.MaxNameChars}");
        }

        var account = named.Account ?? call.Caller.Account;
        var arn = LambdaFunction.ArnOf(account, call.Region, named.Name);
        var directory = await registry.Directories.FindAsync(account, call.Region, ct);
        var version = named.Qualifier ?? qualifier;
        // Chosen: policies see the one version there is under the function's own ARN.
        if (version is not (null or Latest))
            return new LambdaTarget(account, $"{arn}:{version}", directory, null);
        var isHere = string.IsNullOrEmpty(named.Partition) || named.Partition == Arn.PartitionOf(call.Region);
        return new LambdaTarget(account, arn, directory, isHere ? directory?.Find(named.Name) : null);
    }

    /// <summary>A function by its whole ARN, as tags name it.</summary>
    public async ValueTask<LambdaTarget> ResolveArnAsync(CallContext call, string arn, TagSet? tags, CancellationToken ct)
    {
        if (!arn.Contains(":function:", StringComparison.Ordinal))
            throw LambdaErrors.Unserved("A resource that is no function");
        if (FunctionName.Parse(arn).Qualifier is not null)
            throw LambdaErrors.InvalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.");
        return await ResolveAsync(call, arn, null, ct) with { RequestTags = tags };
    }

    /// <summary>The functions of the caller's account, for lists.</summary>
    public async ValueTask<LambdaTarget> AccountAsync(CallContext call, CancellationToken ct) =>
        new(call.Caller.Account, "*", await registry.Directories.GetAsync(call.Caller.Account, call.Region, ct), null);
}

/// <summary>A function's name as requests write it, taken apart. What it does not say is null.</summary>
internal sealed record FunctionName(string? Partition, string? Region, string? Account, string Name, string? Qualifier)
{
    /// <param name="text">Matches the model's pattern: everything but the name may be missing.</param>
    public static FunctionName Parse(string text)
    {
        var parts = text.Split(':');
        var i = 0;
        string? partition = null, region = null, account = null;
        if (parts is ["arn", _, "lambda", _, ..])
            (partition, i) = (parts[1], 3);
        if (HasMore() && parts[i].Count(c => c == '-') >= 2 && char.IsAsciiDigit(parts[i][^1]) && parts[i].All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && IsFollowedByName())
            region = parts[i++];
        if (HasMore() && parts[i].Length == 12 && parts[i].All(char.IsAsciiDigit))
            account = parts[i++];
        if (HasMore() && parts[i] == "function")
            i++;
        return new FunctionName(partition, region, account, parts[i], HasMore() ? parts[i + 1] : null);

        bool HasMore() => i + 1 < parts.Length;

        // "us-east-1:my" could be a function with a qualifier; a region comes with an account or the word.
        bool IsFollowedByName() => partition is not null || parts[i + 1] == "function" || (parts[i + 1].Length == 12 && parts[i + 1].All(char.IsAsciiDigit));
    }
}
