using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Strongroom.Crypto;

namespace Strongroom.Server.SecretsManager;

/// <summary>
/// Makes <c>NextToken</c>s: opaque, tamper-evident, bound to the listing they continue. Format: docs/formats/paging-token.md.
/// </summary>
internal sealed class PagingTokens(Keyring keyring)
{
    private const string Purpose = "paging";

    /// <param name="listing">Everything that defines the listing (account, region, order, filters); a token does for no other.</param>
    public string Make(string listing, long sortKey, string name)
    {
        var payload = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Fingerprint(listing)}\n{sortKey}\n{name}"));
        return Base64Url.EncodeToString(keyring.ProtectToken(Purpose, payload));
    }

    /// <exception cref="Protocol.ServiceException">InvalidNextTokenException: altered, or from another listing.</exception>
    public (long SortKey, string Name) Read(string listing, string token)
    {
        try
        {
            if (Base64Url.IsValid(token) && keyring.TryOpenToken(Purpose, Base64Url.DecodeFromChars(token), out var payload))
            {
                var parts = Encoding.UTF8.GetString(payload).Split('\n', 3);
                if (parts[0] == Fingerprint(listing))
                    return (long.Parse(parts[1], CultureInfo.InvariantCulture), parts[2]);
            }
        }
        catch (FormatException)
        {
            // Not ours: the same answer as for an altered one.
        }

        throw SecretsManagerErrors.InvalidNextToken();
    }

    private static string Fingerprint(string listing) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(listing)));
}
