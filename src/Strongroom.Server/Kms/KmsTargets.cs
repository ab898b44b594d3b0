using System.Text.RegularExpressions;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;

namespace Strongroom.Server.Kms;

/// <summary>Finds what requests name. Source: IAM fact sheet 7.3.</summary>
internal sealed partial class KmsTargets(KeyDirectory keys)
{
    public const string AliasPrefix = "alias/";

    /// <summary>A key as cryptographic operations and DescribeKey name it: id, ARN, alias or alias ARN.</summary>
    /// <exception cref="ServiceException">NotFoundException: no key can have this name, or no alias has it.</exception>
    public async ValueTask<KmsTarget> ResolveAsync(CallContext call, string text, KmsRequestKeys? request, CancellationToken ct)
    {
        var (directory, resource) = await PlaceAsync(call, text, ct);
        if (!resource.StartsWith(AliasPrefix, StringComparison.Ordinal))
            return Target(call, directory, resource, text, request);

        var key = directory.FindKeyByAlias(resource);
        // Until its first use the key that AWS manages does not exist, but its alias does.
        if (key is null && resource == KeyDirectory.DefaultAlias && directory.Account == call.Caller.Account)
        {
            key = await keys.DefaultKeyAsync(directory.Account, directory.Region, ct);
            directory = await keys.GetAsync(directory.Account, directory.Region, ct);
        }

        return key is null
            ? throw KmsErrors.NoSuchAlias(KmsArn.Alias(directory.Account, directory.Region, resource))
            : new KmsTarget(call.Caller.Account, directory, key.Arn, key) { Request = (request ?? KmsRequestKeys.None) with { Alias = resource } };
    }

    /// <summary>A key as management operations name it: id or ARN.</summary>
    /// <exception cref="ServiceException">NotFoundException: no key can have this name.</exception>
    public async ValueTask<KmsTarget> ResolveKeyAsync(CallContext call, string text, KmsRequestKeys? request, CancellationToken ct)
    {
        var (directory, resource) = await PlaceAsync(call, text, ct);
        return resource.StartsWith(AliasPrefix, StringComparison.Ordinal)
            ? throw KmsErrors.InvalidKeyId(text)
            : Target(call, directory, resource, text, request);
    }

    /// <summary>The keys of the caller's account, for lists.</summary>
    public async ValueTask<KmsTarget> AccountAsync(CallContext call, KmsRequestKeys? request, CancellationToken ct) =>
        new(call.Caller.Account, await keys.GetAsync(call.Caller.Account, call.Region, ct), "*", null) { Request = request ?? KmsRequestKeys.None };

    /// <summary>An alias that is to be made, moved or removed. Source: IAM fact sheet 7.3.</summary>
    /// <exception cref="ServiceException">ValidationException: no alias can have this name.</exception>
    public async ValueTask<KmsTarget> AliasAsync(CallContext call, string name, CancellationToken ct)
    {
        if (!name.StartsWith(AliasPrefix, StringComparison.Ordinal) || name.Length == AliasPrefix.Length)
            throw KmsErrors.AliasPrefix();
        if (name.Contains(':', StringComparison.Ordinal))
            throw KmsErrors.Validation($"{name} contains invalid characters for an alias");
        var directory = await keys.GetAsync(call.Caller.Account, call.Region, ct);
        return new KmsTarget(call.Caller.Account, directory, KmsArn.Alias(directory.Account, directory.Region, name), null);
    }

    private static KmsTarget Target(CallContext call, KmsDirectory directory, string id, string text, KmsRequestKeys? request)
    {
        var isId = Guid.TryParseExact(id, "D", out var guid);
        if (!isId && !MultiRegionId().IsMatch(id))
            throw KmsErrors.InvalidKeyId(text);
        var key = isId ? directory.FindKey(guid) : null;
        var arn = KmsArn.Key(directory.Account, directory.Region, id);
        return new KmsTarget(call.Caller.Account, directory, key?.Arn ?? arn, key) { Request = request ?? KmsRequestKeys.None };
    }

    private async ValueTask<(KmsDirectory Directory, string Resource)> PlaceAsync(CallContext call, string text, CancellationToken ct)
    {
        var own = call.Caller.Account;
        if (!text.StartsWith("arn:", StringComparison.Ordinal))
            return (await keys.GetAsync(own, call.Region, ct), text);

        var arn = Arn.TryParse(text);
        if (arn is not { Service: "kms" } || arn.Partition != Arn.PartitionOf(call.Region))
            throw KmsErrors.InvalidArn(text);
        if (arn.Region != call.Region)
            throw KmsErrors.InvalidArn(arn.Region);
        var resource = arn.Resource.StartsWith(AliasPrefix, StringComparison.Ordinal) ? arn.Resource
            : arn.Resource.StartsWith("key/", StringComparison.Ordinal) ? arn.Resource["key/".Length..]
            : throw KmsErrors.InvalidArn(text);

        // Somebody else's key, or nobody's: which of the two is not told.
        return await (arn.Account == own ? Own() : keys.FindDirectoryAsync(arn.Account, call.Region, ct)) is { } directory
            ? (directory, resource)
            : throw AccessDenied.With(call, $"User: {call.Caller.Principal.Arn} is not authorized to access this resource");

        async ValueTask<KmsDirectory?> Own() => await keys.GetAsync(own, call.Region, ct);
    }

    [GeneratedRegex(@"\Amrk-[0-9a-f]{32}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex MultiRegionId();
}
