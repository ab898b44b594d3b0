using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>What names one provider and asks no more: GetOpenIDConnectProvider, DeleteOpenIDConnectProvider. Source: IAM model.</summary>
internal sealed class ProviderRequest
{
    public string? Arn { get; private set; }

    public static Shape<ProviderRequest> Shape { get; } = new(
        Member.String<ProviderRequest>("OpenIDConnectProviderArn", r => r.Arn, (r, v) => r.Arn = v, IamLimits.Arn, required: true));
}

/// <summary>Finds the OpenID Connect provider that an operation names.</summary>
internal static class ProviderTargets
{
    private const string Prefix = "oidc-provider/";

    /// <exception cref="ServiceException">ValidationError: no ARN. InvalidInput: of something else.</exception>
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string text, CancellationToken ct)
    {
        if (Arn.TryParse(text) is not { } arn)
            throw IamErrors.InvalidArn();
        if (arn is not { Service: "iam", Region: "" } || !arn.Resource.StartsWith(Prefix, StringComparison.Ordinal))
            throw IamErrors.InvalidInput($"ARN {text} is not valid.");
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var provider = directory.FindOidcProvider(arn.Resource[Prefix.Length..]);
        return new IamTarget(directory, text, provider?.Arn(directory.Account) == text ? provider : null);
    }

    /// <exception cref="ServiceException">NoSuchEntity.</exception>
    public static IamOidcProvider Existing(IamTarget target) => target.Entity as IamOidcProvider ?? throw IamErrors.NoSuchProvider(target.ResourceArn);
}
