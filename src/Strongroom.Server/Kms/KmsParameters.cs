using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Kms;

/// <summary>Constraints that many operations share, with the service model's values.</summary>
internal static class KmsLimits
{
    public static Constraint KeyId { get; } = Constraint.Length(1, 2048);
    public static Constraint AliasName { get; } = Constraint.Matching(1, 256, "^[a-zA-Z0-9:/_-]+$");
    public static Constraint Description { get; } = Constraint.Length(0, 8192);
    public static Constraint Policy { get; } = Constraint.Matching(1, 131_072, @"[\u0009\u000A\u000D\u0020-\u00FF]+");
    public static Constraint PolicyName { get; } = Constraint.Matching(1, 128, @"[\w]+");
    public static Constraint Marker { get; } = Constraint.Matching(1, 1024, @"[\u0020-\u00FF]*");
    public static Constraint GrantToken { get; } = Constraint.Length(1, 8192);
    public static Constraint Principal { get; } = Constraint.Matching(1, 256, @"^[\w+=,.@:/-]+$");
    public static Constraint GrantId { get; } = Constraint.Length(1, 128);
    public static Constraint Algorithm { get; } = Constraint.Enum("SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE");
    public static Constraint DataKeySpec { get; } = Constraint.Enum("AES_256", "AES_128");
    public static Constraint CustomKeyStoreId { get; } = Constraint.Length(1, 64);

    public const string SymmetricDefault = "SYMMETRIC_DEFAULT";
    public const int MaxCiphertextBytes = 6144;

    public static IReadOnlyDictionary<string, string> NoContext { get; } = new Dictionary<string, string>();
}

/// <summary>A request that names one key and nothing more.</summary>
internal sealed class KeyIdRequest
{
    public string? KeyId { get; private set; }

    public static Shape<KeyIdRequest> Shape { get; } = new(
        Member.String<KeyIdRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true));
}

/// <summary>An attested enclave that is to get the answer. Not served: see docs/compatibility/kms.md.</summary>
internal sealed class RecipientParameter
{
    public string? KeyEncryptionAlgorithm { get; private set; }
    public ReadOnlyMemory<byte>? AttestationDocument { get; private set; }

    public static Shape<RecipientParameter> Shape { get; } = new(
        Member.String<RecipientParameter>(
            "KeyEncryptionAlgorithm", r => r.KeyEncryptionAlgorithm, (r, v) => r.KeyEncryptionAlgorithm = v, Constraint.Enum("RSAES_OAEP_SHA_256")),
        Member.Blob<RecipientParameter>("AttestationDocument", r => r.AttestationDocument, (r, v) => r.AttestationDocument = v, 1, 262_144));

    /// <exception cref="Protocol.ServiceException">UnsupportedOperationException.</exception>
    public static void Refuse(RecipientParameter? recipient)
    {
        if (recipient is not null)
            throw KmsErrors.Unsupported("Recipient is not supported.");
    }
}

internal sealed class KmsTagParameter
{
    public string? TagKey { get; private set; }
    public string? TagValue { get; private set; }

    public static Shape<KmsTagParameter> Shape { get; } = new(
        Member.String<KmsTagParameter>("TagKey", r => r.TagKey, (r, v) => r.TagKey = v, Constraint.Length(1, 128), required: true),
        Member.String<KmsTagParameter>("TagValue", r => r.TagValue, (r, v) => r.TagValue = v, Constraint.Length(0, 256), required: true));

    public static TagSet? ToTagSet(IReadOnlyList<KmsTagParameter>? tags) =>
        tags is null ? null : TagSet.Of(tags.Select(tag => KeyValuePair.Create(tag.TagKey!, tag.TagValue!)));

    /// <summary>The tags with those of the request. Source: IAM fact sheet 7.5, TagException.</summary>
    /// <exception cref="Protocol.ServiceException">TagException.</exception>
    public static IReadOnlyList<KmsTag> Merge(IReadOnlyList<KmsTag> present, IReadOnlyList<KmsTagParameter>? added)
    {
        if (added is null)
            return present;
        if (added.Select(tag => tag.TagKey).Distinct(StringComparer.Ordinal).Count() != added.Count)
            throw KmsErrors.Tag("Duplicate tag keys");
        if (added.Any(tag => IsReserved(tag.TagKey!)))
            throw KmsErrors.Tag("Tags beginning with aws: are reserved");
        List<KmsTag> merged = [.. present.Where(tag => !added.Any(a => a.TagKey == tag.Key)), .. added.Select(a => new KmsTag(a.TagKey!, a.TagValue!))];
        return merged.Count <= MaxTags ? merged : throw KmsErrors.Tag("Too many tags");
    }

    public static bool IsReserved(string key) => key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase);

    private const int MaxTags = 50;
}

/// <summary>The paging parameters that every list of KMS has.</summary>
internal abstract class KmsPagedRequest
{
    public string? Marker { get; private set; }
    public long? Limit { get; private set; }

    protected static Member<T>[] Members<T>(params Member<T>[] members)
        where T : KmsPagedRequest =>
    [
        .. members,
        Member.Long<T>("Limit", r => r.Limit, (r, v) => r.Limit = v, 1, 1000),
        Member.String<T>("Marker", r => r.Marker, (r, v) => r.Marker = v, KmsLimits.Marker),
    ];
}

/// <param name="Marker">Null on the last page.</param>
internal sealed record KmsPage<T>(IReadOnlyList<T> Items, string? Marker)
{
    public void WriteEnd(Utf8JsonWriter writer)
    {
        if (Marker is not null)
            writer.WriteString("NextMarker"u8, Marker);
        writer.WriteBoolean("Truncated"u8, Marker is not null);
    }
}

/// <summary>Cuts lists into pages. The marker names the last item shown, sealed, so that pages stay right while entries come and go.</summary>
internal sealed class KmsPaging(Keyring keyring)
{
    private const string Purpose = "kms-marker";

    /// <param name="items">In order of their keys, ordinal.</param>
    /// <param name="usual">The page size of a request that names none.</param>
    /// <exception cref="Protocol.ServiceException">InvalidMarkerException: a marker that did not come from here.</exception>
    public KmsPage<T> Cut<T>(IEnumerable<T> items, Func<T, string> key, KmsPagedRequest request, int usual, int most = 1000)
    {
        var after = request.Marker is { } marker ? Open(marker) : null;
        var size = Math.Min((int)(request.Limit ?? usual), most);
        var rest = items.SkipWhile(item => after is not null && string.CompareOrdinal(key(item), after) <= 0).Take(size + 1).ToList();
        return rest.Count <= size
            ? new KmsPage<T>(rest, null)
            : new KmsPage<T>(rest[..size], Base64Url.EncodeToString(keyring.ProtectToken(Purpose, Encoding.UTF8.GetBytes(key(rest[size - 1])))));
    }

    private string Open(string marker)
    {
        try
        {
            if (Base64Url.IsValid(marker) && keyring.TryOpenToken(Purpose, Base64Url.DecodeFromChars(marker), out var key))
                return Encoding.UTF8.GetString(key);
        }
        catch (FormatException)
        {
            // Not ours: the same answer as for an altered one.
        }

        throw KmsErrors.InvalidMarker();
    }
}
