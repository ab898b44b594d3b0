using Net.Pkcs11Interop.HighLevelAPI;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>The user PIN of a token, and when not to try it.</summary>
internal static class Pkcs11Pin
{
    private const int MostBytes = 256;

    /// <returns>The PIN; the caller owns it.</returns>
    /// <exception cref="SealException">There is none to be had.</exception>
    public static SecretBytes Read(Pkcs11SealOptions options)
    {
        if (options.Pin is { } given)
            return SecretBytes.CopyFrom(given.Reveal());
        if (options.PinFile is not { } path)
            throw new SealException($"The user PIN of the PKCS#11 token {options.TokenName} is not configured.");

        using var text = SecretBytes.Allocate(MostBytes);
        var length = PrivateFile.Read($"PIN file {path}", path, text.Writable, "Write the token's user PIN into it, with mode 0600.");
        var pin = text.Reveal()[..length].TrimEnd("\r\n"u8);
        return pin.Length > 0
            ? SecretBytes.CopyFrom(pin)
            : throw new SealException($"The PIN file {path} is empty. Write the token's user PIN into it.");
    }

    /// <summary>
    /// Why the PIN must not be sent now; null when it may be. The last attempt that a token allows is never ours: a service manager that starts
    /// the server again and again with a wrong PIN would lock the token.
    /// </summary>
    public static string? Refusal(bool isInitialized, bool isLocked, bool isFinalTry, string token) => (isInitialized, isLocked, isFinalTry) switch
    {
        (_, true, _) => $"The user PIN of the PKCS#11 token {token} is locked after too many wrong ones. Unlock it with the token's own tools.",
        (false, _, _) => $"The PKCS#11 token {token} has no user PIN yet. Initialize it with the token's own tools, such as softhsm2-util or pkcs11-tool.",
        (_, _, true) => $"The PKCS#11 token {token} would lock itself after one more wrong user PIN, so none was sent. Correct the PIN, and log in once "
            + "with the token's own tools, which sets its count back.",
        _ => null,
    };

    public static string? Refusal(ITokenFlags flags, string token) =>
        Refusal(flags.UserPinInitialized, flags.UserPinLocked, flags.UserPinFinalTry, token);
}
