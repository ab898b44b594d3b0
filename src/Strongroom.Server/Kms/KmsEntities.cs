using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Strongroom.Storage;

namespace Strongroom.Server.Kms;

/// <summary>Something KMS keeps. Immutable: a change is a copy made with <c>with</c>, put through <see cref="KmsDirectory.Change"/>.</summary>
/// <remarks>The members are what the store keeps as JSON; adding one with a default needs no migration. The material of keys is kept apart.</remarks>
internal abstract record KmsEntity
{
    /// <summary>Unix milliseconds.</summary>
    public long CreatedAtMs { get; init; }

    [JsonIgnore]
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(CreatedAtMs);

    /// <summary>The kind under which the directory keeps it.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>The entry's name: key id, alias name with its prefix, grant id.</summary>
    [JsonIgnore]
    public string EntryName { get; init; } = "";
}

internal sealed record KmsTag(string Key, string Value);

/// <param name="Type"><c>AUTOMATIC</c> or <c>ON_DEMAND</c>; null for the first version, which no rotation made.</param>
internal sealed record KmsKeyVersion(int Number, long CreatedAtMs, string? Type = null)
{
    [JsonIgnore]
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(CreatedAtMs);
}

internal static class KeyStates
{
    public const string Enabled = "Enabled";
    public const string Disabled = "Disabled";
    public const string PendingDeletion = "PendingDeletion";
}

/// <summary>A KMS key without its material, which table <c>kms_key</c> keeps.</summary>
internal sealed record KmsKey : KmsEntity
{
    public const string EntryKind = "kms-key";
    public const int DefaultRotationDays = 365;

    public string Manager { get; init; } = "CUSTOMER";
    public string Description { get; init; } = "";
    public string State { get; init; } = KeyStates.Enabled;

    /// <summary>When the material is destroyed; only while <see cref="State"/> is PendingDeletion.</summary>
    public long? DeletionAtMs { get; init; }

    public int? PendingWindowInDays { get; init; }

    /// <summary>As it was put; null for the policy that AWS gives to such a key.</summary>
    public string? Policy { get; init; }

    /// <summary>Unique ids of the users and roles that the policy names, as found when it was put.</summary>
    public IReadOnlyDictionary<string, string>? PolicyPrincipals { get; init; }

    public IReadOnlyList<KmsTag> Tags { get; init; } = [];
    public bool RotationEnabled { get; init; }
    public int RotationPeriodInDays { get; init; } = DefaultRotationDays;
    public long? NextRotationAtMs { get; init; }

    /// <summary>Oldest first; the last one encrypts.</summary>
    public required IReadOnlyList<KmsKeyVersion> Versions { get; init; }

    [JsonIgnore]
    public Guid Id { get; private init; }

    [JsonIgnore]
    public string Arn { get; private init; } = "";

    /// <summary>The policy in force.</summary>
    [JsonIgnore]
    public string EffectivePolicy { get; private init; } = "";

    [JsonIgnore]
    public int LatestVersion => Versions[^1].Number;

    [JsonIgnore]
    public bool IsEnabled => State == KeyStates.Enabled;

    [JsonIgnore]
    public bool IsManagedByAws => Manager == "AWS";

    public override string Kind => EntryKind;

    /// <summary>The same key with what follows from its place.</summary>
    public KmsKey At(Guid id, string account, string region) => this with
    {
        EntryName = id.ToString(),
        Id = id,
        Arn = KmsArn.Key(account, region, id.ToString()),
        EffectivePolicy = Policy ?? (IsManagedByAws ? KeyPolicies.ForSecretsManager(account, region) : KeyPolicies.Default(account)),
    };

    /// <summary>What AWS shows as <c>KeyMaterialId</c>: 64 hex digits that say nothing about the material. Source: IAM fact sheet 7.2.</summary>
    public string MaterialId(int version) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"strongroom/key-material/{Id}/{version}"))));
}

internal sealed record KmsAlias : KmsEntity
{
    public const string EntryKind = "kms-alias";

    public required string KeyId { get; init; }
    public long UpdatedAtMs { get; init; }

    [JsonIgnore]
    public DateTimeOffset UpdatedAt => DateTimeOffset.FromUnixTimeMilliseconds(UpdatedAtMs);

    public override string Kind => EntryKind;
}

internal sealed record KmsGrant : KmsEntity
{
    public const string EntryKind = "kms-grant";

    public required string KeyId { get; init; }
    public string? Name { get; init; }
    public required string GranteePrincipal { get; init; }
    public string? RetiringPrincipal { get; init; }

    /// <summary>The account whose principal made the grant.</summary>
    public required string IssuingAccount { get; init; }

    public required IReadOnlyList<string> Operations { get; init; }
    public IReadOnlyDictionary<string, string>? EncryptionContextSubset { get; init; }
    public IReadOnlyDictionary<string, string>? EncryptionContextEquals { get; init; }

    /// <summary>Unique ids of grantee and retiring principal, as found when the grant was made.</summary>
    public IReadOnlyDictionary<string, string>? PrincipalIds { get; init; }

    public override string Kind => EntryKind;
}

internal static class KmsArn
{
    public static string Key(string account, string region, string keyId) =>
        $"arn:{Protocol.Arn.PartitionOf(region)}:kms:{region}:{account}:key/{keyId}";

    /// <param name="alias">With its prefix.</param>
    public static string Alias(string account, string region, string alias) => $"arn:{Protocol.Arn.PartitionOf(region)}:kms:{region}:{account}:{alias}";
}

/// <summary>How entities are kept as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(KmsKey))]
[JsonSerializable(typeof(KmsAlias))]
[JsonSerializable(typeof(KmsGrant))]
internal sealed partial class KmsJson : JsonSerializerContext
{
    public static DirectoryEntry Write(KmsEntity entity) =>
        new(entity.Kind, entity.EntryName, JsonSerializer.Serialize(entity, entity.GetType(), Default));

    /// <returns>Null for what is no entity of KMS: other things may share the directory.</returns>
    /// <exception cref="StoreUnavailableException">The document was not written by this program.</exception>
    public static KmsEntity? Read(DirectoryEntry entry, string account, string region) => entry.Kind switch
    {
        Kms.KmsKey.EntryKind => Guid.TryParseExact(entry.Name, "D", out var id) ? Parse(entry, Default.KmsKey).At(id, account, region) : throw Damaged(entry),
        Kms.KmsAlias.EntryKind => Parse(entry, Default.KmsAlias) with { EntryName = entry.Name },
        Kms.KmsGrant.EntryKind => Parse(entry, Default.KmsGrant) with { EntryName = entry.Name },
        _ => null,
    };

    private static T Parse<T>(DirectoryEntry entry, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(entry.Document, type)!;
        }
        catch (JsonException)
        {
            // The parser's own message quotes what it read.
            throw Damaged(entry);
        }
    }

    private static StoreUnavailableException Damaged(DirectoryEntry entry) =>
        new($"The {entry.Kind} '{entry.Name}' in the database can't be read: it was changed by another program. Restore a backup.");
}
