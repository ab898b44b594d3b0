using Strongroom.Crypto;

namespace Strongroom.Server.Hosting;

/// <summary>Which seal protects the root key, and how it is reached. Every key is described in docs/configuration.md.</summary>
public sealed record SealOptions
{
    /// <summary><c>file</c>, <c>aws-kms</c> or <c>pkcs11</c>.</summary>
    public string Name { get; init; } = FileName;

    /// <summary>Key file of the seal <c>file</c>; null for <c>root.key</c> in the data directory.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Key id, key ARN, alias name or alias ARN.</summary>
    public string? KmsKey { get; init; }

    /// <summary>Null: the region of the key's ARN, else what the AWS SDK finds.</summary>
    public string? KmsRegion { get; init; }

    /// <summary>Null for AWS itself.</summary>
    public Uri? KmsEndpoint { get; init; }

    /// <summary>Path of the PKCS#11 module, a shared library.</summary>
    public string? Pkcs11Module { get; init; }

    /// <summary>Label of the token. With <see cref="Pkcs11Slot"/> both must fit.</summary>
    public string? Pkcs11Token { get; init; }

    public ulong? Pkcs11Slot { get; init; }

    /// <summary>Label of the AES key in the token.</summary>
    public string Pkcs11Key { get; init; } = "strongroom";

    /// <summary>Id of the key in hexadecimal digits, where a label alone does not tell it from others.</summary>
    public string? Pkcs11KeyId { get; init; }

    /// <summary>File with the user PIN, mode 0600.</summary>
    public string? Pkcs11PinFile { get; init; }

    /// <summary>The user PIN; only ever from the environment.</summary>
    public SecretBytes? Pkcs11Pin { get; init; }

    internal const string FileName = "file";
    internal const string AwsKmsName = "aws-kms";
    internal const string Pkcs11Name = "pkcs11";

    /// <exception cref="SettingsException">The chosen seal needs a setting that is missing.</exception>
    internal void Check()
    {
        switch (Name)
        {
            case AwsKmsName when KmsKey is null:
                throw new SettingsException("The seal aws-kms needs seal-kms-key: the id, ARN or alias of a symmetric KMS key.");
            case Pkcs11Name when Pkcs11Module is null:
                throw new SettingsException(
                    "The seal pkcs11 needs seal-pkcs11-module: the path of the HSM's PKCS#11 library, such as /usr/lib/softhsm/libsofthsm2.so.");
            case Pkcs11Name when Pkcs11Token is null && Pkcs11Slot is null:
                throw new SettingsException("The seal pkcs11 needs seal-pkcs11-token, the token's label, or seal-pkcs11-slot.");
            case Pkcs11Name when (Pkcs11Pin is null) == (Pkcs11PinFile is null):
                throw new SettingsException(
                    "The seal pkcs11 needs the token's user PIN in one place: STRONGROOM_SEAL_PKCS11_PIN, or a file of mode 0600 named by seal-pkcs11-pin-file.");
        }
    }
}
