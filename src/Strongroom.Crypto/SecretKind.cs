namespace Strongroom.Crypto;

/// <summary>What the plaintext of a sealed value is. The numbers stand in stored blobs: never change one.</summary>
public enum SecretKind : byte
{
    /// <summary>A <c>SecretString</c>, UTF-8.</summary>
    String = 1,

    /// <summary>A <c>SecretBinary</c>.</summary>
    Binary = 2,

    /// <summary>The secret of an access key, session key or OIDC client.</summary>
    Identity = 3,
}
