using Strongroom.Policy;
using Strongroom.Server.Authentication;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Sts;

/// <summary>Tags and policies that a request gives to a new session: AWS's rules about them. Source: IAM fact sheet 5.2, 5.3.</summary>
internal static class SessionParameters
{
    /// <summary>Room for policies and tags in a token; it keeps tokens, base64, well within what one header may have.</summary>
    public const int PackedBytes = 6 * 1024;

    private const int MaxTags = 50;
    private const int DefaultUserDuration = 43_200;
    private const int MaxRootDuration = 3600;

    /// <summary>The tags of the new session: those passed, and those that the calling session hands on.</summary>
    public static (IReadOnlyList<KeyValuePair<string, string>> Tags, IReadOnlyList<string> TransitiveKeys) Tags(
        IReadOnlyList<TagRequest>? passed, IReadOnlyList<string>? transitiveKeys, SessionGrant? caller) =>
        Tags([.. (passed ?? []).Select(tag => KeyValuePair.Create(tag.Key!, tag.Value!))], transitiveKeys, caller);

    public static (IReadOnlyList<KeyValuePair<string, string>> Tags, IReadOnlyList<string> TransitiveKeys) Tags(
        List<KeyValuePair<string, string>> tags, IReadOnlyList<string>? transitiveKeys, SessionGrant? caller)
    {
        if (tags.DistinctBy(tag => tag.Key, StringComparer.OrdinalIgnoreCase).Count() != tags.Count)
            throw StsErrors.DuplicateTagKeys();
        List<string> transitive = [.. (transitiveKeys ?? []).Distinct(StringComparer.OrdinalIgnoreCase)];
        if (!transitive.TrueForAll(key => tags.Exists(tag => key.Equals(tag.Key, StringComparison.OrdinalIgnoreCase))))
            throw StsErrors.TransitiveKeyWithoutTag();

        List<KeyValuePair<string, string>> inherited = [.. caller?.TransitiveTags ?? []];
        if (inherited.Exists(tag => tags.Exists(own => own.Key.Equals(tag.Key, StringComparison.OrdinalIgnoreCase))))
            throw StsErrors.TransitiveKeyConflict();
        if (tags.Count + inherited.Count > MaxTags)
            throw StsErrors.PackedPolicyTooLarge((tags.Count + inherited.Count) * 100 / MaxTags);
        return ([.. tags, .. inherited], [.. transitive, .. inherited.Select(tag => tag.Key)]);
    }

    /// <summary>Checks session policies in the account of the session.</summary>
    public static void CheckPolicies(IamDirectory directory, string? policy, IReadOnlyList<string> arns)
    {
        if (policy is not null && !PolicyDocument.TryParse(policy, PolicyKind.Session, out _, out var error))
            throw StsErrors.MalformedPolicy(error.Message);
        // The model bounds the list only in words.
        if (arns.Count > PolicyDescriptor.MaxCount)
            throw StsErrors.TooManyPolicies(PolicyDescriptor.MaxCount);
        // Not recorded how AWS words it.
        if (arns.FirstOrDefault(arn => CallerPolicies.FindManaged(directory, arn) is null) is { } unknown)
            throw StsErrors.MalformedPolicy($"The policy {unknown} does not exist or is not attachable.");
    }

    /// <summary>In percent, rounded up; null when there is nothing to pack.</summary>
    /// <exception cref="Protocol.ServiceException">PackedPolicyTooLarge.</exception>
    public static int? PackedSize(SessionGrant grant)
    {
        if (!grant.HasPolicies && grant.Tags.Count == 0)
            return null;
        var percent = ((SessionToken.PackedBytes(grant) * 100) + PackedBytes - 1) / PackedBytes;
        return percent <= 100 ? percent : throw StsErrors.PackedPolicyTooLarge(percent);
    }

    /// <summary>There are no MFA devices here, so no code can be right. Source: IAM fact sheet 2.6, aws:MultiFactorAuthPresent.</summary>
    public static void RefuseMfa(string? serialNumber, string? tokenCode)
    {
        if (serialNumber is null != tokenCode is null)
            throw StsErrors.MfaIncomplete();
        if (serialNumber is not null)
            throw StsErrors.MfaFailed();
    }

    /// <summary>Seconds of a session of GetSessionToken or GetFederationToken: twelve hours, unless told; for a root one hour at most.</summary>
    public static long UserDuration(long? requested, Principal principal) =>
        principal.IsRoot ? Math.Min(requested ?? MaxRootDuration, MaxRootDuration) : requested ?? DefaultUserDuration;

    /// <summary>The beginning of a session: whole seconds, as its end is shown, and not later than now.</summary>
    public static DateTimeOffset Issued(DateTimeOffset now) => DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
}
