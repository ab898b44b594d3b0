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
    private const string RootKeySetting = "root-key";
    private const string SealSetting = "seal";

    /// <summary>Opens the installation in a store, or makes a new one in an empty store.</summary>
    /// <returns>The keyring, and whether this was the first start.</returns>
    /// <exception cref="SealException">The root key is missing or not the one this data was sealed with.</exception>
    public static async Task<(Keyring Keyring, bool IsNew)> OpenAsync(
        IControlStore store, DataDirectory directory, ServerOptions options, Entropy entropy, TimeProvider time, CancellationToken ct)
    {
        var seal = new FileSeal(directory.RootKey, entropy);
        if (await store.FindSettingAsync(RootKeySetting, ct) is { } wrapped)
            return (new Keyring(await seal.UnwrapAsync(wrapped, ct), entropy), false);

        if (!File.Exists(directory.RootKey))
            seal.Create();
        var rootKey = SecretBytes.Create(32, entropy, static (span, source) => source.Fill(span));
        wrapped = await seal.WrapAsync(rootKey, ct);
        var keyring = new Keyring(rootKey, entropy);

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
                new Dictionary<string, byte[]> { [RootKeySetting] = wrapped, [SealSetting] = Encoding.ASCII.GetBytes(seal.Name) },
                [IamJson.Write(AccessKeys.New(account, accessKeyId, userName: null, secret, identityKey.KeyId, keyring, now))],
                [(identityKey, KeyDirectory.IdentityAlias)],
                now),
            ct);
        if (isFirst)
            return (keyring, true);

        keyring.Dispose();
        File.Delete(directory.Credentials);
        throw new StoreRefusedException(
            "Another server has just set up this database. Give this one the same root key file, then start it again.");
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
