namespace Strongroom.Crypto;

/// <summary>The place a value is bound to. The value opens there and nowhere else.</summary>
/// <param name="Account">The account that owns the secret, twelve digits.</param>
/// <param name="Region">The region, or <c>global</c> for identities.</param>
/// <param name="Arn">The secret's ARN; <c>SecretARN</c> in the encryption context that AWS uses.</param>
/// <param name="VersionId">The version; <c>SecretVersionId</c> in the encryption context that AWS uses.</param>
/// <remarks>Source: AWS Secrets Manager User Guide, "Secret encryption and decryption", encryption context.</remarks>
public sealed record Binding(string Account, string Region, string Arn, string VersionId);
