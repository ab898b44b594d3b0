using Strongroom.Crypto;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation;

/// <summary>
/// The <c>RotationToken</c> of a rotation: who has it was called by the service for this version of this secret. Made from the root key, so that it
/// need not be stored and is the same in all steps, on all nodes. Source: API fact sheet 4.1.
/// </summary>
internal static class RotationProof
{
    /// <summary>36 characters, in the form of a UUID.</summary>
    public static string Of(Keyring keyring, StoredSecret secret, string token) =>
        new Guid(keyring.ContentMac(SecretKind.String, "rotation-token"u8, new Binding(secret.Account, secret.Region, secret.Arn(), token)).AsSpan(0, 16), bigEndian: true).ToString();
}
