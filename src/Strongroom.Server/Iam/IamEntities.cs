using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Storage;

namespace Strongroom.Server.Iam;

/// <summary>Something IAM keeps. Immutable: a change is a copy made with <c>with</c>, put through <see cref="IamDirectory.Change"/>.</summary>
/// <remarks>The members are what the store keeps as JSON; adding one with a default needs no migration.</remarks>
internal abstract record IamEntity
{
    /// <summary>Unix milliseconds.</summary>
    public long CreatedAtMs { get; init; }

    public IReadOnlyList<IamTag> Tags { get; init; } = [];

    [JsonIgnore]
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(CreatedAtMs);

    /// <summary>The kind under which the directory keeps it.</summary>
    [JsonIgnore]
    public abstract string Kind { get; }

    /// <summary>What it is found by within its kind: names are unique ignoring case, so they are lowered here.</summary>
    [JsonIgnore]
    public abstract string Key { get; }

    /// <summary>What of it is secret, sealed; kept beside the document.</summary>
    [JsonIgnore]
    public SealedValue? Sealed { get; init; }

    public static string KeyOf(string name) => name.ToLowerInvariant();
}

internal sealed record IamTag(string Key, string Value);

/// <summary>An entity with a name and a path, whose ARN they make up.</summary>
internal abstract record NamedEntity : IamEntity
{
    public required string Name { get; init; }

    /// <summary>Begins and ends with a slash.</summary>
    public string Path { get; init; } = "/";

    /// <summary>21 characters: a prefix such as <c>AIDA</c> and 17 random ones. Never reused. Source: IAM fact sheet 5.4.</summary>
    public required string Id { get; init; }

    public override string Key => KeyOf(Name);

    public string Arn(string account) => $"arn:aws:iam::{account}:{ArnType}{Path}{Name}";

    [JsonIgnore]
    protected abstract string ArnType { get; }
}

/// <summary>An entity that policies are attached to: user, group or role.</summary>
internal abstract record PolicyHolder : NamedEntity
{
    /// <summary>Text as it was put, by name, in order of names.</summary>
    public IReadOnlyDictionary<string, string> InlinePolicies { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>ARNs of managed policies, in order of attachment.</summary>
    public IReadOnlyList<string> AttachedPolicies { get; init; } = [];
}

internal sealed record IamUser : PolicyHolder
{
    /// <summary>Names of its groups, as the groups spell them.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>ARN of the managed policy that is its permissions boundary.</summary>
    public string? Boundary { get; init; }

    public override string Kind => "user";

    protected override string ArnType => "user";

    /// <summary>The user as policies see it, by a key of its own; whoever holds a session says so on top.</summary>
    public Principal ToPrincipal(string account) => new()
    {
        Kind = PrincipalKind.User,
        Account = account,
        Arn = Arn(account),
        UserId = Id,
        UserName = Name,
        EntityArn = Arn(account),
        EntityId = Id,
        Tags = IamTarget.ToTagSet(Tags),
    };
}

internal sealed record IamGroup : PolicyHolder
{
    public override string Kind => "group";

    protected override string ArnType => "group";
}

internal sealed record IamRole : PolicyHolder
{
    /// <summary>As it was put.</summary>
    public required string TrustPolicy { get; init; }

    /// <summary>Unique ids of the users and roles that <see cref="TrustPolicy"/> names, by ARN, as they were when it was put.</summary>
    public IReadOnlyDictionary<string, string> TrustPrincipals { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    public string? Description { get; init; }

    /// <summary>Seconds, 3600 to 43200.</summary>
    public int MaxSessionDuration { get; init; } = 3600;

    public string? Boundary { get; init; }

    public override string Kind => "role";

    protected override string ArnType => "role";

    /// <summary>A session of the role as policies see it, before anything that the session itself brings.</summary>
    public Principal ToPrincipal(string account, string sessionName) => new()
    {
        Kind = PrincipalKind.RoleSession,
        Account = account,
        Arn = $"arn:aws:sts::{account}:assumed-role/{Name}/{sessionName}",
        UserId = $"{Id}:{sessionName}",
        EntityArn = Arn(account),
        EntityId = Id,
        Tags = IamTarget.ToTagSet(Tags),
        IsTemporary = true,
    };
}

/// <summary>A managed policy of the account with up to five versions.</summary>
internal sealed record IamPolicy : NamedEntity
{
    public string? Description { get; init; }
    public long UpdatedAtMs { get; init; }

    /// <summary>Oldest first.</summary>
    public required IReadOnlyList<IamPolicyVersion> Versions { get; init; }

    /// <summary>The number of the version in force.</summary>
    public int DefaultVersion { get; init; } = 1;

    /// <summary>The number that the next version gets: numbers are not used again.</summary>
    public int NextVersion { get; init; } = 2;

    [JsonIgnore]
    public DateTimeOffset UpdatedAt => DateTimeOffset.FromUnixTimeMilliseconds(UpdatedAtMs);

    [JsonIgnore]
    public IamPolicyVersion Default => Versions.Single(version => version.Number == DefaultVersion);

    public override string Kind => "policy";

    protected override string ArnType => "policy";
}

/// <param name="Number">Shown as <c>v1</c>, <c>v2</c> …</param>
/// <param name="Document">Text as it was put.</param>
internal sealed record IamPolicyVersion(int Number, string Document, long CreatedAtMs)
{
    [JsonIgnore]
    public DateTimeOffset CreatedAt => DateTimeOffset.FromUnixTimeMilliseconds(CreatedAtMs);

    [JsonIgnore]
    public string VersionId => $"v{Number}";
}

/// <summary>An access key; its secret is the sealed part.</summary>
internal sealed record IamAccessKey : IamEntity
{
    /// <summary>The access key id; not kept in the document, because it is the entry's name.</summary>
    [JsonIgnore]
    public string AccessKeyId { get; init; } = "";

    /// <summary>The user's name as the user spells it; null for the account's root.</summary>
    public string? UserName { get; init; }

    public bool Active { get; init; } = true;

    public override string Kind => DirectoryEntry.AccessKeyKind;

    public override string Key => AccessKeyId;
}

/// <summary>An OpenID Connect provider whose tokens AssumeRoleWithWebIdentity takes.</summary>
internal sealed record IamOidcProvider : IamEntity
{
    /// <summary>The issuer without <c>https://</c>: host, port if any, path.</summary>
    public required string Url { get; init; }

    public IReadOnlyList<string> ClientIds { get; init; } = [];

    /// <summary>SHA-1 of certificates, 40 lower-case hex digits each. Kept and shown; trust comes from the system's authorities.</summary>
    public IReadOnlyList<string> Thumbprints { get; init; } = [];

    public override string Kind => "oidc-provider";

    public override string Key => Url;

    public string Arn(string account) => $"arn:aws:iam::{account}:oidc-provider/{Url}";
}

/// <summary>The account's alias; one or none.</summary>
internal sealed record IamAccountAlias : IamEntity
{
    public required string Alias { get; init; }

    public override string Kind => "account-alias";

    public override string Key => "alias";
}

/// <summary>Where an account came from: all but the installation's first have one, written when they were created.</summary>
internal sealed record IamAccountOrigin : IamEntity
{
    /// <summary>The first account, whose identities alone create and list accounts.</summary>
    public required string InstallationAccount { get; init; }

    public string? Name { get; init; }

    public override string Kind => "account-origin";

    public override string Key => "origin";
}

/// <summary>How entities are kept as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(IamUser))]
[JsonSerializable(typeof(IamGroup))]
[JsonSerializable(typeof(IamRole))]
[JsonSerializable(typeof(IamPolicy))]
[JsonSerializable(typeof(IamAccessKey))]
[JsonSerializable(typeof(IamOidcProvider))]
[JsonSerializable(typeof(IamAccountAlias))]
[JsonSerializable(typeof(IamAccountOrigin))]
internal sealed partial class IamJson : JsonSerializerContext
{
    public static DirectoryEntry Write(IamEntity entity) => new(
        entity.Kind, entity.Key, JsonSerializer.Serialize(entity, entity.GetType(), Default), entity.Sealed);

    /// <returns>Null for a kind that is no IAM entity: other things may share the directory.</returns>
    /// <exception cref="StoreUnavailableException">The document was not written by this program.</exception>
    public static IamEntity? Read(DirectoryEntry entry) => entry.Kind switch
    {
        "user" => Read(entry, Default.IamUser),
        "group" => Read(entry, Default.IamGroup),
        "role" => Read(entry, Default.IamRole),
        "policy" => Read(entry, Default.IamPolicy),
        DirectoryEntry.AccessKeyKind => Read(entry, Default.IamAccessKey) with { AccessKeyId = entry.Name, Sealed = entry.Sealed },
        "oidc-provider" => Read(entry, Default.IamOidcProvider),
        "account-alias" => Read(entry, Default.IamAccountAlias),
        "account-origin" => Read(entry, Default.IamAccountOrigin),
        _ => null,
    };

    private static T Read<T>(DirectoryEntry entry, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(entry.Document, type)!;
        }
        catch (JsonException)
        {
            // The parser's own message quotes what it read.
            throw new StoreUnavailableException($"The {entry.Kind} '{entry.Name}' in the database can't be read: it was changed by another program. Restore a backup.");
        }
    }
}
