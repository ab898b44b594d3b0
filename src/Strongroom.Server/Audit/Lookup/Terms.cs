using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Server.Audit.Lookup;

/// <summary>What events can be looked up by. The numbers stand in index files.</summary>
internal enum LookupAttribute
{
    /// <summary>Every event of the account and region.</summary>
    Any = 0,
    EventId = 1,
    EventName = 2,
    ReadOnly = 3,
    Username = 4,
    ResourceType = 5,
    ResourceName = 6,
    EventSource = 7,
    AccessKeyId = 8,
}

/// <summary>An account's trail in one region.</summary>
internal readonly record struct TrailScope(string Account, string Region);

/// <summary>What index files hold in place of values: short hashes, because each event that is found is compared with the question anyway.</summary>
internal static class Terms
{
    private const int StackBytes = 1024;

    /// <summary>Of a value in one account's trail of one region.</summary>
    public static ulong Of(TrailScope scope, LookupAttribute attribute, string value)
    {
        var bytes = Encoding.UTF8.GetByteCount(scope.Account) + Encoding.UTF8.GetByteCount(scope.Region) + Encoding.UTF8.GetByteCount(value) + 4;
        Span<byte> text = bytes <= StackBytes ? stackalloc byte[StackBytes] : new byte[bytes];
        var length = Encoding.UTF8.GetBytes(scope.Account, text);
        text[length++] = (byte)'\n';
        length += Encoding.UTF8.GetBytes(scope.Region, text[length..]);
        text[length++] = (byte)'\n';
        text[length++] = (byte)('0' + (int)attribute);
        text[length++] = (byte)'\n';
        length += Encoding.UTF8.GetBytes(value, text[length..]);
        return Hash(text[..length]);
    }

    /// <summary>Of an event id, whosever it is.</summary>
    public static uint OfEventId(string id) => (uint)(Hash(Encoding.UTF8.GetBytes(id)) >> 32);

    /// <summary>All that one event is found by, its id aside.</summary>
    public static IEnumerable<(LookupAttribute Attribute, string Value)> Of(LoggedEvent found)
    {
        yield return (LookupAttribute.Any, "");
        yield return (LookupAttribute.EventName, found.EventName);
        yield return (LookupAttribute.EventSource, found.EventSource);
        yield return (LookupAttribute.ReadOnly, ReadOnly(found.IsReadOnly));
        if (found.Username is not null)
            yield return (LookupAttribute.Username, found.Username);
        if (found.AccessKeyId is not null)
            yield return (LookupAttribute.AccessKeyId, found.AccessKeyId);
        foreach (var (_, name) in found.Resources)
            yield return (LookupAttribute.ResourceName, name);
        foreach (var type in found.Resources.Select(resource => resource.Type).Distinct())
            yield return (LookupAttribute.ResourceType, type);
    }

    public static string ReadOnly(bool isReadOnly) => isReadOnly ? "true" : "false";

    private static ulong Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
