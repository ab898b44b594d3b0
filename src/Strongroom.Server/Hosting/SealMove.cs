using System.Security.Cryptography;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>Moves an installation's root key from one seal to another, or to another key of the same seal. The root key itself stays the same.</summary>
/// <remarks>
/// The store's one commit is the moment of the move: before it the old seal opens the data, after it the new one does. Killed at any point, the same
/// call finishes what is left. No server runs meanwhile, which the lock of the directory and that of the database see to.
/// </remarks>
internal sealed class SealMove(ISettingStore store, Entropy entropy)
{
    /// <param name="from">The seal as it is configured now.</param>
    /// <param name="to">Makes the new seal, given the id of the installation.</param>
    /// <returns>Whether this run moved the data, which is false when it was under the new seal already; and the installation's id.</returns>
    /// <exception cref="SealException">One of the seals can't be used. The data is as it was.</exception>
    /// <exception cref="StoreRefusedException">There is no data.</exception>
    public async Task<(bool Moved, Guid Installation)> RunAsync(Func<Guid, IRootKeySeal> from, Func<Guid, IRootKeySeal> to, CancellationToken ct)
    {
        var stored = await StoredSeal.FindAsync(store, ct)
            ?? throw new StoreRefusedException("There is no data to move yet. Configure the new seal and start the server, which sets it up.");
        var installation = stored.Installation ?? entropy.NewGuid();
        var target = to(installation);
        using var rootKey = await OpenAsync(stored, from(stored.Installation ?? Guid.Empty), target, ct);
        if (rootKey is not null)
            await MoveAsync(stored, installation, rootKey, target, ct);

        // Also when the move itself was done by a run that was killed here.
        await store.EraseReplacedSettingsAsync(ct);
        return (rootKey is not null, installation);
    }

    /// <returns>The root key; null when it is under the new seal already.</returns>
    private static async Task<SecretBytes?> OpenAsync(StoredSeal stored, IRootKeySeal old, IRootKeySeal target, CancellationToken ct)
    {
        try
        {
            stored.Require(old.Name);
            return await old.UnwrapAsync(stored.RootKey, ct);
        }
        catch (SealException) when (stored.Name == target.Name)
        {
            // The old seal may be gone for good by now, with a move that was done. If not, its failure is the one to report.
            if (await IsOpenedByAsync(target, stored, ct))
                return null;
            throw;
        }
    }

    private static async Task<bool> IsOpenedByAsync(IRootKeySeal seal, StoredSeal stored, CancellationToken ct)
    {
        try
        {
            using var rootKey = await seal.UnwrapAsync(stored.RootKey, ct);
            return true;
        }
        catch (SealException e) when (!e.IsOutage)
        {
            return false;
        }
    }

    private async Task MoveAsync(StoredSeal stored, Guid installation, SecretBytes rootKey, IRootKeySeal target, CancellationToken ct)
    {
        await target.EnsureKeyAsync(ct);
        var wrapped = await target.WrapAsync(rootKey, ct);
        using (var again = await target.UnwrapAsync(wrapped, ct))
        {
            if (!CryptographicOperations.FixedTimeEquals(again.Reveal(), rootKey.Reveal()))
                throw new SealException($"The seal '{target.Name}' gave back another key than it was given. The data is as it was; do not use this seal.");
        }

        var moved = new StoredSeal(wrapped, target.Name, installation);
        if (!await store.ReplaceSettingsAsync(StoredSeal.RootKeySetting, stored.RootKey, moved.Settings(), ct))
            throw new StoreRefusedException("The sealed root key changed during the move, and the data is as that change left it. Run the move again.");
    }
}
