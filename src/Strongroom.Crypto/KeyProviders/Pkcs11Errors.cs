using Net.Pkcs11Interop.Common;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>What a token's return values mean to the operator.</summary>
internal static class Pkcs11Errors
{
    /// <summary>The session is gone, and a new one may do: the token was reset, or another program closed or logged out its sessions.</summary>
    public static bool IsSessionLoss(CKR value) => value is CKR.CKR_SESSION_HANDLE_INVALID or CKR.CKR_SESSION_CLOSED or CKR.CKR_USER_NOT_LOGGED_IN
        or CKR.CKR_CRYPTOKI_NOT_INITIALIZED or CKR.CKR_OBJECT_HANDLE_INVALID or CKR.CKR_KEY_HANDLE_INVALID;

    /// <summary>What tokens answer when an AES-GCM tag does not fit. There is no one value for it, and SoftHSM's is a general one.</summary>
    public static bool IsTagMismatch(CKR value) => value is CKR.CKR_ENCRYPTED_DATA_INVALID or CKR.CKR_ENCRYPTED_DATA_LEN_RANGE or CKR.CKR_DATA_INVALID
        or CKR.CKR_SIGNATURE_INVALID or CKR.CKR_GENERAL_ERROR or CKR.CKR_FUNCTION_FAILED;

    public static SealException Map(Pkcs11Exception e, string token) => e.RV switch
    {
        CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_INVALID or CKR.CKR_PIN_LEN_RANGE => new SealException(
            $"The PKCS#11 token {token} does not accept the user PIN ({e.RV}). It was sent once and is not tried again by itself, because wrong PINs lock "
            + "a token. Correct STRONGROOM_SEAL_PKCS11_PIN or the PIN file.", e),
        CKR.CKR_PIN_LOCKED => new SealException(
            $"The user PIN of the PKCS#11 token {token} is locked after too many wrong ones. Unlock it with the token's own tools.", e),
        CKR.CKR_PIN_EXPIRED => new SealException($"The user PIN of the PKCS#11 token {token} has expired. Set a new one with the token's own tools.", e),
        CKR.CKR_TOKEN_WRITE_PROTECTED or CKR.CKR_SESSION_READ_ONLY => new SealException(
            $"The PKCS#11 token {token} is write-protected, and the sealing key has to be made in it. Lift the protection, or make the key with other tools.", e),
        CKR.CKR_MECHANISM_INVALID or CKR.CKR_MECHANISM_PARAM_INVALID or CKR.CKR_KEY_TYPE_INCONSISTENT or CKR.CKR_KEY_FUNCTION_NOT_PERMITTED => new SealException(
            $"The PKCS#11 token {token} or the key in it does not do AES-GCM ({e.RV}), which the seal needs. Allow it for the key, or use another token.", e),
        CKR.CKR_TEMPLATE_INCONSISTENT or CKR.CKR_ATTRIBUTE_VALUE_INVALID or CKR.CKR_ATTRIBUTE_TYPE_INVALID => new SealException(
            $"The PKCS#11 token {token} does not make AES-256 keys as the seal wants them ({e.RV}). Make one with the token's own tools: AES, 32 bytes, "
            + "encrypt and decrypt, sensitive, not extractable.", e),
        _ => new SealException($"The PKCS#11 token {token} can't be used now ({e.RV}). Check that it is connected and that its own tools reach it.", e)
        {
            Failure = SealFailure.OutOfReach,
        },
    };
}
