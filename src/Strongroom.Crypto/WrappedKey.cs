namespace Strongroom.Crypto;

/// <summary>One version of a KMS key's material, wrapped under the root key. Format: docs/formats/wrapped-key.md.</summary>
/// <param name="Region">The region the key lives in, or <c>global</c> for the account key that seals identities.</param>
/// <param name="Version">From 1; a rotation adds one.</param>
public sealed record WrappedKey(Guid KeyId, string Account, string Region, int Version, byte[] Material, DateTimeOffset CreatedAt);
