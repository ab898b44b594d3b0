using System.Buffers.Text;
using System.Text.Json;
using System.Xml;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Strongroom.Server.Oidc;

/// <summary>A JSON Web Token taken apart; what it says is true only after <see cref="IsSignedByAsync"/>. Source: RFC 7515, RFC 7519.</summary>
internal sealed class IdToken
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    // Signature providers are made for each token: a cache of the library's would keep keys after the issuer has withdrawn them.
    private static readonly CryptoProviderFactory Crypto = new() { CacheSignatureProviders = false };

    private static readonly string[] Times = ["exp", "nbf", "iat"];

    private static readonly JsonWebTokenHandler Handler = new();

    private readonly string text;

    private IdToken(string text, JsonElement header, JsonElement claims, string algorithm, string issuer)
    {
        this.text = text;
        (Algorithm, Issuer, Claims) = (algorithm, issuer, claims);
        KeyId = Text(header, "kid");
    }

    public string Algorithm { get; }

    /// <summary>Null when the header names no key.</summary>
    public string? KeyId { get; }

    /// <summary><c>iss</c>, which begins with <c>https://</c>.</summary>
    public string Issuer { get; }

    /// <summary>An object without repeated names, whose texts are whole Unicode.</summary>
    public JsonElement Claims { get; }

    /// <summary>The issuer as a provider's URL: without scheme.</summary>
    public string ProviderUrl => Issuer["https://".Length..];

    /// <returns>Null for what is no signed token, is signed with an algorithm that is not among <see cref="IssuerKeys.Algorithms"/>, or asks for
    /// extensions, of which none is known.</returns>
    public static IdToken? TryParse(string text)
    {
        if (text.Split('.') is not [var head, var body, { Length: > 0 }])
            return null;
        if (TryReadObject(head) is not { } header || TryReadObject(body) is not { } claims || header.TryGetProperty("crit", out _))
            return null;
        if (Array.Exists(Times, claim => !IsTime(claims, claim)))
            return null;
        return Text(header, "alg") is { } algorithm && IssuerKeys.Algorithms.Contains(algorithm, StringComparer.Ordinal)
            && Text(claims, "iss") is { } issuer && issuer.StartsWith("https://", StringComparison.Ordinal) && issuer.Length > "https://".Length
            ? new IdToken(text, header, claims, algorithm, issuer)
            : null;
    }

    public async Task<bool> IsSignedByAsync(SecurityKey key)
    {
        // Times, issuer and audience are checked by whoever reads the claims: with our clock, and AWS's words.
        var result = await Handler.ValidateTokenAsync(text, new TokenValidationParameters
        {
            ValidAlgorithms = [Algorithm],
            IssuerSigningKeyResolver = (_, _, _, _) => [key],
            RequireSignedTokens = true,
            ValidateIssuerSigningKey = false,
#pragma warning disable CA5404 // All three are checked by WebIdentityAuthenticator: with our clock, per provider, in AWS's words.
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
#pragma warning restore CA5404
            CryptoProviderFactory = Crypto,
        });
        return result.IsValid;
    }

    /// <summary>A claim that is a text; null when it is absent or something else.</summary>
    public string? Text(string claim) => Text(Claims, claim);

    /// <summary>A claim that is a text or an array of texts; empty when it is absent or something else.</summary>
    public IReadOnlyList<string> Texts(string claim) => Claims.TryGetProperty(claim, out var value) ? Texts(value) : [];

    /// <summary><c>exp</c>, <c>nbf</c> or <c>iat</c> in whole seconds since 1970; null when it is absent.</summary>
    public long? Time(string claim) => Claims.TryGetProperty(claim, out var value) ? (long)value.GetDouble() : null;

    public static IReadOnlyList<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => [.. value.EnumerateArray().Select(item => item.GetString()!)],
        _ => [],
    };

    private static bool IsTime(JsonElement claims, string claim) =>
        !claims.TryGetProperty(claim, out var value)
        || (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253_402_300_800); // the year 10000

    private static string? Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static JsonElement? TryReadObject(string part)
    {
        try
        {
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part), Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object && IsWhole(document.RootElement) ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            // The reader's text would quote the token.
            return null;
        }
    }

    // What can't be written as XML can't be answered; half a surrogate pair throws here.
    private static bool IsWhole(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => IsWhole(value.GetString()!),
        JsonValueKind.Array => value.EnumerateArray().All(IsWhole),
        JsonValueKind.Object => value.EnumerateObject().All(member => IsWhole(member.Name) && IsWhole(member.Value)),
        _ => true,
    };

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                i++;
            else if (!XmlConvert.IsXmlChar(text[i]))
                return false;
        }

        return true;
    }
}
