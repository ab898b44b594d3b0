namespace Strongroom.Crypto.KeyProviders;

/// <summary>Where the sealing key of <see cref="Pkcs11Seal"/> is.</summary>
/// <param name="Module">Path of the PKCS#11 module, a shared library.</param>
public sealed record Pkcs11SealOptions(string Module)
{
    /// <summary>The token's label; null: told by its slot.</summary>
    public string? Token { get; init; }

    /// <summary>The slot's number; null: told by the token's label.</summary>
    public ulong? Slot { get; init; }

    /// <summary>CKA_LABEL of the AES key.</summary>
    public string KeyLabel { get; init; } = "strongroom";

    /// <summary>CKA_ID of the AES key; null: any.</summary>
    public byte[]? KeyId { get; init; }

    /// <summary>The user PIN; null: read from <see cref="PinFile"/> at each use.</summary>
    public SecretBytes? Pin { get; init; }

    public string? PinFile { get; init; }

    /// <summary>For messages.</summary>
    internal string TokenName => Token is null ? $"in slot {Slot}" : Slot is null ? $"'{Token}'" : $"'{Token}' in slot {Slot}";
}
