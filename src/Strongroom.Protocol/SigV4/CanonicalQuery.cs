using System.Buffers;

namespace Strongroom.Protocol.SigV4;

/// <summary>The query line of the canonical request: decoded, encoded again, sorted by encoded name and then value, duplicates kept.</summary>
internal static class CanonicalQuery
{
    /// <param name="withoutSignature">True for a presigned request, whose own signature is the one parameter that cannot be signed.</param>
    public static void Append(ref CanonicalBuffer buffer, ReadOnlySpan<char> query, bool withoutSignature)
    {
        if (query.IsEmpty)
            return;

        // No unit grows beyond three bytes, so the scratch array never has to.
        var scratch = ArrayPool<byte>.Shared.Rent(query.Length * 3);
        var parts = ArrayPool<Part>.Shared.Rent(query.Count('&') + 1);
        var encoded = new CanonicalBuffer(scratch);
        try
        {
            var count = 0;
            var parameters = new QueryParameters(query);
            while (parameters.MoveNext())
            {
                var start = encoded.Length;
                AppendRecoded(ref encoded, parameters.Name);
                var middle = encoded.Length;
                if (withoutSignature && encoded.Written[start..middle].SequenceEqual("X-Amz-Signature"u8))
                {
                    encoded.Truncate(start);
                    continue;
                }

                AppendRecoded(ref encoded, parameters.Value);
                parts[count++] = new(start, middle, encoded.Length);
            }

            parts.AsSpan(0, count).Sort(new ByNameThenValue(scratch));
            for (var i = 0; i < count; i++)
            {
                if (i > 0)
                    buffer.Append((byte)'&');
                buffer.Append(parts[i].Name(scratch));
                buffer.Append((byte)'=');
                buffer.Append(parts[i].Value(scratch));
            }

            if (encoded.Unrepresentable)
                buffer.MarkUnrepresentable();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch, clearArray: true); // may hold a session token
            ArrayPool<Part>.Shared.Return(parts);
        }
    }

    private static void AppendRecoded(ref CanonicalBuffer buffer, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
            buffer.AppendEncoded(QueryParameters.TakeDecoded(ref text));
    }

    private readonly record struct Part(int Start, int Middle, int End)
    {
        public ReadOnlySpan<byte> Name(byte[] encoded) => encoded.AsSpan(Start..Middle);

        public ReadOnlySpan<byte> Value(byte[] encoded) => encoded.AsSpan(Middle..End);
    }

    private readonly struct ByNameThenValue(byte[] encoded) : IComparer<Part>
    {
        public int Compare(Part x, Part y)
        {
            var byName = x.Name(encoded).SequenceCompareTo(y.Name(encoded));
            return byName != 0 ? byName : x.Value(encoded).SequenceCompareTo(y.Value(encoded));
        }
    }
}
