using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Authentication;
using Strongroom.Server.Iam;
using Strongroom.Server.Sts;

namespace Strongroom.Server.Oidc;

/// <summary>Turns an OpenID Connect token into a <see cref="Caller"/>: one whom nothing but trust policies can let in. Source: IAM fact sheet 5.7.</summary>
internal sealed class WebIdentityAuthenticator(IssuerKeyCache issuers)
{
    private const int MaxSubject = 255;

    // How far an issuer's clock may be ahead of ours.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    /// <param name="directory">Of the account whose role is asked for; null when there is no such account.</param>
    /// <exception cref="ServiceException">The token is no proof; with AWS's text.</exception>
    public async ValueTask<WebIdentity> AuthenticateAsync(IamDirectory? directory, string text, DateTimeOffset now, CancellationToken ct)
    {
        var token = IdToken.TryParse(text) ?? throw StsErrors.NoJwt();
        // Registered letter for letter, or without the slash that some issuers end with.
        if ((directory?.FindOidcProvider(token.ProviderUrl) ?? directory?.FindOidcProvider(token.ProviderUrl.TrimEnd('/'))) is not { } provider)
            throw StsErrors.NoProvider(token.Issuer);

        // Only registered issuers are asked for keys: nobody can make the server call a place of their choice.
        var found = await issuers.FindAsync(provider.Url, token.KeyId, ct);
        if (found.Keys is null && found.IsUnreachable)
            throw StsErrors.IssuerUnreachable();
        var key = found.Keys?.Find(token.KeyId, token.Algorithm) ?? throw StsErrors.NoVerificationKey();
        if (!await token.IsSignedByAsync(key))
            throw StsErrors.BadSignature();

        CheckTimes(token, now);
        var audience = CheckAudience(token, provider);
        if (token.Text("sub") is not { Length: > 0 and <= MaxSubject } subject)
            throw StsErrors.NoJwt();
        var arn = provider.Arn(directory!.Account);
        var (tags, transitive) = Tags(token);
        return new WebIdentity(NewCaller(arn, subject, audience), arn, subject, audience, new WebIdentityKeys(provider.Url, token))
        {
            Tags = tags,
            TransitiveTagKeys = transitive,
            SourceIdentity = SourceIdentity(token),
        };
    }

    private static void CheckTimes(IdToken token, DateTimeOffset now)
    {
        if (token.Time("exp") is not { } end)
            throw StsErrors.NoJwt();
        if (now.ToUnixTimeSeconds() >= end)
            throw StsErrors.TokenExpired(now.ToUnixTimeSeconds(), end);
        var latest = (now + Skew).ToUnixTimeSeconds();
        if (token.Time("nbf") > latest || token.Time("iat") > latest)
            throw StsErrors.TokenFromTheFuture();
    }

    // A token for several audiences names the party that it was given to. Source: OpenID Connect Core 1.0, 2; IAM fact sheet 5.6.
    private static string CheckAudience(IdToken token, IamOidcProvider provider)
    {
        var audiences = token.Text("azp") is { } party ? [party] : token.Texts("aud");
        return audiences.FirstOrDefault(audience => provider.ClientIds.Contains(audience, StringComparer.Ordinal)) ?? throw StsErrors.WrongAudience();
    }

    /// <summary>Session tags that the issuer gives. Source: IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity".</summary>
    private static (IReadOnlyList<KeyValuePair<string, string>>, IReadOnlyList<string>) Tags(IdToken token)
    {
        if (!token.Claims.TryGetProperty("https://aws.amazon.com/tags", out var claim))
            return ([], []);
        if (claim.ValueKind != JsonValueKind.Object || !claim.TryGetProperty("principal_tags", out var passed) || passed.ValueKind != JsonValueKind.Object)
            throw StsErrors.BadSessionTags();
        List<KeyValuePair<string, string>> tags = [];
        foreach (var member in passed.EnumerateObject())
        {
            if (IdToken.Texts(member.Value) is not [var value] || !IamLimits.TagKey.Allows(member.Name) || !IamLimits.TagValue.Allows(value))
                throw StsErrors.BadSessionTags();
            tags.Add(new(member.Name, value));
        }

        IReadOnlyList<string> transitive = claim.TryGetProperty("transitive_tag_keys", out var keys) ? IdToken.Texts(keys) : [];
        return SessionParameters.Tags(tags, transitive, null);
    }

    private static string? SourceIdentity(IdToken token) => token.Text("https://aws.amazon.com/source_identity") switch
    {
        null => null,
        var source when StsLimits.SourceIdentity.Allows(source) => source,
        _ => throw StsErrors.NoJwt(),
    };

    private static Caller NewCaller(string providerArn, string subject, string audience)
    {
        var principal = new Principal
        {
            Kind = PrincipalKind.WebIdentity,
            Account = "",
            Arn = providerArn,
            UserId = $"{providerArn}:{audience}:{subject}",
            UserName = subject,
            FederatedProvider = providerArn,
        };
#pragma warning disable RS0030 // An authenticator: the token's signature, times and audience have been verified.
        return new Caller(principal, "");
#pragma warning restore RS0030
    }
}
