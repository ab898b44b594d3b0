namespace Strongroom.Crypto;

/// <summary>A sealed value or wrapped key did not open. Says no more: the reason would help whoever forges blobs.</summary>
public sealed class DecryptionException() : Exception("The stored value cannot be decrypted.");
