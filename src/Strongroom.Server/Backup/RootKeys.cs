using Strongroom.Crypto;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Backup;

/// <summary>Opens the root key for a command that is not the server.</summary>
internal static class RootKeys
{
    /// <param name="stored">The sealed root key, as a store or a backup has it.</param>
    /// <returns>A keyring without any KMS key in it; the caller owns it.</returns>
    /// <exception cref="Crypto.KeyProviders.SealException">The seal is out of reach or another one; the message says what to do.</exception>
    public static async Task<Keyring> OpenAsync(StoredSeal stored, ServerOptions options, Entropy entropy, CancellationToken ct)
    {
        var installation = stored.Installation ?? Guid.Empty;
        var seal = options.OtherSeal?.Invoke(installation) ?? Seals.Open(options.Seal, options.DataDirectory, installation, entropy);
        stored.Require(seal.Name);
        return new Keyring(await seal.UnwrapAsync(stored.RootKey, ct), entropy);
    }
}
