using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Server.SecretsManager;

/// <summary>A secret's plaintext while it is in hand: text or bytes, in memory that is zeroed when disposed.</summary>
internal sealed class SecretValue(SecretBytes bytes, SecretKind kind) : IDisposable
{
    public SecretBytes Bytes { get; } = bytes;

    public SecretKind Kind { get; } = kind;

    public static SecretValue Text(ReadOnlySpan<byte> value) => new(SecretBytes.CopyFrom(value), SecretKind.String);

    public static SecretValue Blob(ReadOnlySpan<byte> value) => new(SecretBytes.CopyFrom(value), SecretKind.Binary);

    /// <summary>Writes <c>SecretString</c> or <c>SecretBinary</c>, one of which every answer with a value has.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        if (Kind == SecretKind.Binary)
            writer.WriteBase64String("SecretBinary"u8, Bytes.Reveal());
        else
            writer.WriteString("SecretString"u8, Bytes.Reveal());
    }

    public void Dispose() => Bytes.Dispose();
}
