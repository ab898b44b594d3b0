namespace Strongroom.Crypto;

/// <summary>Holds the unwrapped keys. Everything that seals or opens goes through it.</summary>
public sealed class Keyring;
