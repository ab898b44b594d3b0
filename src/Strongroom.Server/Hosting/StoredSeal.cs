using System.Text;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Hosting;

/// <summary>What the store remembers of the seal. Format: docs/formats/root-key-file.md.</summary>
/// <param name="RootKey">The root key as the seal wrapped it.</param>
/// <param name="Name">The seal that wrapped it.</param>
/// <param name="Installation">Random, made on the first start; seals bind to it. Null in data from before there were other seals than <c>file</c>.</param>
internal sealed record StoredSeal(byte[] RootKey, string Name, Guid? Installation)
{
    public const string RootKeySetting = "root-key";

    private const string NameSetting = "seal";
    private const string InstallationSetting = "installation";

    /// <returns>Null when the store is empty.</returns>
    public static ValueTask<StoredSeal?> FindAsync(ISettingStore store, CancellationToken ct) => FindAsync(name => store.FindSettingAsync(name, ct));

    /// <inheritdoc cref="FindAsync(ISettingStore, CancellationToken)"/>
    public static ValueTask<StoredSeal?> FindAsync(StoreSnapshot store, CancellationToken ct) =>
        FindAsync(name => new ValueTask<byte[]?>(store.FindSettingAsync(name, ct)));

    private static async ValueTask<StoredSeal?> FindAsync(Func<string, ValueTask<byte[]?>> find)
    {
        if (await find(RootKeySetting) is not { } rootKey)
            return null;
        var name = await find(NameSetting);
        var installation = await find(InstallationSetting);
        return new StoredSeal(
            rootKey, name is null ? SealOptions.FileName : Encoding.ASCII.GetString(name),
            installation is null ? null : new Guid(installation, bigEndian: true));
    }

    public Dictionary<string, byte[]> Settings()
    {
        var settings = new Dictionary<string, byte[]> { [RootKeySetting] = RootKey, [NameSetting] = Encoding.ASCII.GetBytes(Name) };
        if (Installation is { } id)
            settings[InstallationSetting] = id.ToByteArray(bigEndian: true);
        return settings;
    }

    /// <exception cref="SealException">The data was sealed by another seal than the configured one.</exception>
    public void Require(string configured)
    {
        if (configured != Name)
        {
            throw new SealException(
                $"The data is sealed by '{Name}', and the configured seal is '{configured}'. Configure seal = {Name} with its settings, "
                + $"or move the data to the other seal with: strongroom seal move --to {configured}")
            { Failure = SealFailure.WrongKey };
        }
    }
}
