using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace Strongroom.Server.Oidc;

/// <summary>The keys that an issuer signs with. Immutable.</summary>
internal sealed class IssuerKeys
{
    /// <summary>Algorithms that tokens may be signed with. Source: IAM fact sheet 5.7.</summary>
    public static readonly IReadOnlyList<string> Algorithms = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

    private const int MaxKeys = 100;
    private const int MinModulusBytes = 2048 / 8;

    // Verifying with greater ones takes longer than anyone should make the server work.
    private const int MaxModulusBytes = 8192 / 8;
    private const int MaxExponentBytes = 5;

    private readonly List<JsonWebKey> keys;

    private IssuerKeys(List<JsonWebKey> keys) => this.keys = keys;

    /// <returns>Null when it is no key set. Keys of kinds that are not known are passed over.</returns>
    public static IssuerKeys? TryParse(ReadOnlySpan<byte> json)
    {
        try
        {
            var set = JsonWebKeySet.Create(Encoding.UTF8.GetString(json));
            return set.Keys.Count is > 0 and <= MaxKeys ? new IssuerKeys([.. set.Keys]) : null;
        }
        catch (Exception e) when (e is ArgumentException or System.Text.Json.JsonException or InvalidOperationException or FormatException)
        {
            // The reason quotes the document, which is somebody else's.
            return null;
        }
    }

    /// <summary>The one key that a token's header names, fit for its algorithm.</summary>
    /// <param name="kid">Null for a token that names none: then the issuer must have one key only.</param>
    /// <returns>Null when there is none, or more than one: which of two keys with one name signed can't be told.</returns>
    public SecurityKey? Find(string? kid, string algorithm)
    {
        var named = kid is null ? keys : keys.FindAll(key => key.Kid == kid);
        return named is [var key] && IsFor(key, algorithm) && IsSound(key) ? key : null;
    }

    /// <summary>Whether fetching again could bring the key: not when it is there and unfit.</summary>
    public bool Has(string? kid) => kid is null || keys.Exists(key => key.Kid == kid);

    private static bool IsFor(JsonWebKey key, string algorithm) =>
        (string.IsNullOrEmpty(key.Use) || key.Use == "sig")
        && (string.IsNullOrEmpty(key.Alg) || key.Alg == algorithm)
        && algorithm switch
        {
            "RS256" or "RS384" or "RS512" => key.Kty == "RSA",
            "ES256" => key is { Kty: "EC", Crv: "P-256" },
            "ES384" => key is { Kty: "EC", Crv: "P-384" },
            "ES512" => key is { Kty: "EC", Crv: "P-521" },
            _ => false,
        };

    private static bool IsSound(JsonWebKey key)
    {
        if (key.Kty != "RSA")
            return true; // the curve says it all
        try
        {
            return Base64UrlEncoder.DecodeBytes(key.N).Length is >= MinModulusBytes and <= MaxModulusBytes
                && Base64UrlEncoder.DecodeBytes(key.E).Length is > 0 and <= MaxExponentBytes;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return false;
        }
    }
}
