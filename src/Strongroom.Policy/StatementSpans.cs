using System.Text;
using System.Text.Json;

namespace Strongroom.Policy;

/// <summary>Finds where the statements of a policy stand in its text. Only for texts that have been parsed.</summary>
internal static class StatementSpans
{
    /// <summary>One span per statement, in the order of the document.</summary>
    public static List<StatementSpan> Find(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = PolicyParser.MaxDepth });
        var spans = new List<StatementSpan>();
        var place = new Place(bytes);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isStatement = reader.ValueTextEquals("Statement"u8);
            reader.Read();
            if (!isStatement)
            {
                reader.Skip();
                continue;
            }

            var isArray = reader.TokenType == JsonTokenType.StartArray;
            while (!isArray || (reader.Read() && reader.TokenType != JsonTokenType.EndArray))
            {
                var (startLine, startColumn) = place.Of(reader.TokenStartIndex);
                reader.Skip();
                var (endLine, endColumn) = place.Of(reader.BytesConsumed);
                spans.Add(new StatementSpan(startLine, startColumn, endLine, endColumn));
                if (!isArray)
                    break;
            }
        }

        return spans;
    }

    /// <summary>Turns growing byte offsets into lines and columns in one pass.</summary>
    private sealed class Place(byte[] bytes)
    {
        private int at;
        private int line = 1;
        private int column = 1;

        public (int Line, int Column) Of(long offset)
        {
            for (; at < offset; at++)
            {
                if (bytes[at] == '\n')
                    (line, column) = (line + 1, 1);
                else if (bytes[at] >= 0xf0)
                    column += 2; // the first of four bytes: a surrogate pair
                else if ((bytes[at] & 0xc0) != 0x80)
                    column++;
            }

            return (line, column);
        }
    }
}
