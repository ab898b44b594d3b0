using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Backup;

/// <summary>What a backup says of itself. Format: docs/formats/backup.md.</summary>
internal sealed record BackupManifest
{
    public required DateTimeOffset Created { get; init; }

    /// <summary>The version of the program that made it.</summary>
    public required string Program { get; init; }

    /// <summary>Null for data from before there were ids.</summary>
    public Guid? Installation { get; init; }

    /// <summary>The seal that protects the root key: <c>file</c>, <c>aws-kms</c>, <c>pkcs11</c>.</summary>
    public required string Seal { get; init; }

    /// <summary>The root key as the seal wrapped it, as in the rows: so that a reader can ask the seal before it reads them.</summary>
    public required byte[] SealedRootKey { get; init; }

    /// <summary>The fingerprint of the root key, whose MAC the trailer then has; null in a backup that was made without it.</summary>
    public string? RootKey { get; init; }

    /// <summary>Where the rows came from: <c>sqlite</c> or <c>postgres</c>. They can be restored into either.</summary>
    public required string Store { get; init; }

    public required int Schema { get; init; }

    /// <summary>The number of the last recorded change; null where the store does not count them.</summary>
    public long? Change { get; init; }

    public required IReadOnlyList<BackupSection> Sections { get; init; }

    public StoredSeal ToStoredSeal() => new(SealedRootKey, Seal, Installation);

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest);

    /// <returns>Null when the bytes are no manifest.</returns>
    public static BackupManifest? TryParse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            // "Required" asks for a member, and lets null pass for one.
            return JsonSerializer.Deserialize(utf8, BackupJson.Default.BackupManifest) is
                { Program: not null, Seal: not null, SealedRootKey: not null, Store: not null, Schema: > 0, Sections: not null } manifest
                && manifest.Sections.All(section => section is { Name: not null, Sha256: not null })
                    ? manifest
                    : null;
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException)
        {
            // Whoever reads it says so, and where.
            return null;
        }
    }
}

/// <param name="Name">What it is: see <see cref="SectionNames"/>.</param>
/// <param name="Sha256">Of its bytes as they stand in the file, in hexadecimal digits.</param>
internal sealed record BackupSection(string Name, long Bytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(BackupManifest))]
[JsonSerializable(typeof(string))]
internal sealed partial class BackupJson : JsonSerializerContext;
