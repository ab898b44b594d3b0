using System.Runtime.CompilerServices;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Server.Hosting;

/// <summary>Makes the seal that the configuration names. What a seal needs from elsewhere is loaded only when it is the chosen one.</summary>
internal static class Seals
{
    public static IRootKeySeal Open(SealOptions options, DataDirectory directory, Guid installation, Entropy entropy) =>
        Open(options, directory.Root, installation, entropy);

    /// <param name="dataDirectory">Where the key file lies that no setting names.</param>
    public static IRootKeySeal Open(SealOptions options, string dataDirectory, Guid installation, Entropy entropy) => options.Name switch
    {
        SealOptions.FileName => new FileSeal(options.KeyFile ?? DataDirectory.RootKeyIn(dataDirectory), entropy),
        SealOptions.AwsKmsName => AwsKms(options, installation),
        SealOptions.Pkcs11Name => Pkcs11(options, installation, entropy),
        _ => throw new SettingsException($"'{options.Name}' is no seal. Use file, aws-kms or pkcs11."),
    };

    // Not inlined: whoever seals with a file never loads the AWS SDK or the PKCS#11 library, which would cost each start its time.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static AwsKmsSeal AwsKms(SealOptions options, Guid installation) =>
        new(new AwsKmsSealOptions(options.KmsKey!) { Region = options.KmsRegion, Endpoint = options.KmsEndpoint }, installation);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Pkcs11Seal Pkcs11(SealOptions options, Guid installation, Entropy entropy) => new(
        new Pkcs11SealOptions(options.Pkcs11Module!)
        {
            Token = options.Pkcs11Token,
            Slot = options.Pkcs11Slot,
            KeyLabel = options.Pkcs11Key,
            KeyId = options.Pkcs11KeyId is { } id ? Convert.FromHexString(id) : null,
            Pin = options.Pkcs11Pin,
            PinFile = options.Pkcs11PinFile,
        },
        installation, entropy);
}
