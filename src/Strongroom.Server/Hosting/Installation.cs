using System.Globalization;
using System.Text;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Authentication;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>What a first start makes (account, root key, root access key) and every later one opens.</summary>
internal static class Installation
{
    /// <summary>Opens the installation in a store, or makes a new one in an empty store.</summary>
    /// <returns>The keyring, and whether this was the first start.</returns>
    /// <exception cref="SealException">The root key is missing, out of reach or not the one this data was sealed with. Nothing was written.</exception>
    public static async Task<(Keyring Keyring, bool IsNew)> OpenAsync(
        IControlStore store, DataDirectory directory, ServerOptions options, Entropy entropy, TimeProvider time, CancellationToken ct)
    {
        var stored = await StoredSeal.FindAsync(store, ct);
        var installation = stored is null ? entropy.NewGuid() : stored.Installation ?? Guid.Empty;
        var seal = options.OtherSeal?.Invoke(installation) ?? Seals.Open(options.Seal, directory, installation, entropy);
        if (stored is not null)
        {
            stored.Require(seal.Name);
            return (new Keyring(await seal.UnwrapAsync(stored.RootKey, ct), entropy), false);
        }

        var (keyring, wrapped) = await NewKeyringAsync(seal, entropy, ct);

        var account = options.AccountId ?? NewAccountId(entropy);
        var now = time.GetUtcNow();
        var identityKey = keyring.NewKey(account, KeyDirectory.Global, now);
        var accessKeyId = options.RootAccessKeyId ?? AccessKeys.NewId(account, entropy);
        using var secret = options.RootSecretAccessKey is { } preset
            ? SecretBytes.CopyFrom(Encoding.ASCII.GetBytes(preset))
            : AccessKeys.NewSecret(entropy);

        // Before the store knows the key: a start that dies in between leaves a file that the next start replaces, never a key nobody has.
        WriteCredentials(directory, accessKeyId, secret);
        var isFirst = await store.InitializeAsync(
            new StoreSeed(
                account,
                new StoredSeal(wrapped, seal.Name, installation).Settings(),
                [
                    IamJson.Write(AccessKeys.New(account, accessKeyId, userName: null, secret, identityKey.KeyId, keyring, now)),
                    .. KeyDirectory.IdentityEntries(identityKey),
                ],
                [identityKey],
                now),
            ct);
        if (isFirst)
            return (keyring, true);

        keyring.Dispose();
        File.Delete(directory.Credentials);
        throw new StoreRefusedException(
            "Another server has just set up this database. Give this one the same seal (with 'file', the same key file), then start it again.");
    }

    private static async Task<(Keyring Keyring, byte[] Wrapped)> NewKeyringAsync(IRootKeySeal seal, Entropy entropy, CancellationToken ct)
    {
        await seal.EnsureKeyAsync(ct);
        var rootKey = SecretBytes.Create(32, entropy, static (span, source) => source.Fill(span));
        try
        {
            var wrapped = await seal.WrapAsync(rootKey, ct);
            return (new Keyring(rootKey, entropy), wrapped);
        }
        catch
        {
            rootKey.Dispose();
            throw;
        }
    }

    private static string NewAccountId(Entropy entropy) =>
        ((entropy.Below(900_000) + 100_000L) * 1_000_000L + entropy.Below(1_000_000)).ToString(CultureInfo.InvariantCulture);

    private static void WriteCredentials(DataDirectory directory, string accessKeyId, SecretBytes secret)
    {
        var head = Encoding.ASCII.GetBytes($"[default]\naws_access_key_id = {accessKeyId}\naws_secret_access_key = ");
        using var file = SecretBytes.Create(head.Length + secret.Length + 1, (head, secret), static (span, parts) =>
        {
            parts.head.CopyTo(span);
            parts.secret.Reveal().CopyTo(span[parts.head.Length..]);
            span[^1] = (byte)'\n';
        });
        DataDirectory.WritePrivate(directory.Credentials, file.Reveal());
    }
}
