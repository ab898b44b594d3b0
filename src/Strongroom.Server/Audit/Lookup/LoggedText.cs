using System.Text;
using System.Text.Json;

namespace Strongroom.Server.Audit.Lookup;

/// <summary>A line of the log as others may see it.</summary>
internal static class LoggedText
{
    /// <summary>The record as CloudTrail has it: without our <c>chain</c> member.</summary>
    public static string WithoutChain(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        // Where what comes before a member ends: behind the value before it.
        var before = (int)reader.BytesConsumed;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isChain = reader.ValueTextEquals("chain"u8);
            reader.Read();
            reader.Skip();
            var after = (int)reader.BytesConsumed;
            if (isChain)
                return Encoding.UTF8.GetString(line[..before]) + Encoding.UTF8.GetString(Rest(line[after..], isFirst: line[before - 1] == '{'));
            before = after;
        }

        return Encoding.UTF8.GetString(line);
    }

    // The comma before a member went with it; before the first there is none, so the one behind it goes.
    private static ReadOnlySpan<byte> Rest(ReadOnlySpan<byte> rest, bool isFirst) => isFirst && rest.Length > 0 && rest[0] == ',' ? rest[1..] : rest;
}
