namespace Strongroom.Crypto.KeyProviders;

/// <summary>The root key cannot be sealed or unsealed. The message is for the operator and says what to do; it holds no key.</summary>
public sealed class SealException(string message, Exception? inner = null) : Exception(message, inner);
