using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Authentication;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Oidc;

/// <summary>A verified token's holder, and what the token says. Made by <see cref="WebIdentityAuthenticator"/>.</summary>
/// <param name="ProviderArn">Of the OIDC provider entity.</param>
/// <param name="Audience">The audience that the provider takes.</param>
internal sealed record WebIdentity(Caller Caller, string ProviderArn, string Subject, string Audience, WebIdentityKeys Keys)
{
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    public IReadOnlyList<string> TransitiveTagKeys { get; init; } = [];

    public string? SourceIdentity { get; init; }
}

/// <summary>
/// A token's claims as condition keys, <c>provider:claim</c>: <c>aud</c>, <c>sub</c>, <c>amr</c>, <c>oaud</c> and every other claim that is a text, a number, a
/// Boolean or a list of texts. Source: IAM fact sheet 5.6.
/// </summary>
internal sealed class WebIdentityKeys : IConditionKeys
{
    private readonly Dictionary<string, ConditionValues> values = new(StringComparer.OrdinalIgnoreCase);

    public WebIdentityKeys(string providerUrl, IdToken token)
    {
        // First those whose meaning is fixed: no claim of another spelling may take their place.
        var audiences = token.Texts("aud");
        if (token.Text("azp") is { } party)
        {
            Add("aud", party);
            Add("oaud", Values(audiences));
        }
        else
        {
            Add("aud", Values(audiences));
            Add("oaud", default);
        }

        Add("sub", token.Text("sub"));
        Add("amr", Values(token.Texts("amr")));
        foreach (var claim in token.Claims.EnumerateObject())
        {
            Add(claim.Name, claim.Value.ValueKind switch
            {
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => claim.Value.GetRawText(),
                _ => Values(IdToken.Texts(claim.Value)),
            });
        }

        // With the slash that the provider may end with, and without it: both spellings are in use.
        void Add(string claim, ConditionValues value)
        {
            values.TryAdd($"{providerUrl}:{claim}", value);
            values.TryAdd($"{providerUrl.TrimEnd('/')}:{claim}", value);
        }

        static ConditionValues Values(IReadOnlyList<string> all) => all is [var single] ? single : new ConditionValues(all);
    }

    public ConditionValues Find(ConditionKey key) => values.GetValueOrDefault(key.Text);
}

/// <summary>Keys of both: the token's, and those of every assumed role.</summary>
internal sealed record WebIdentityRoleKeys(WebIdentityKeys Token, IConditionKeys Role) : IConditionKeys
{
    public ConditionValues Find(ConditionKey key) => Role.Find(key) is { Count: > 0 } found ? found : Token.Find(key);
}
