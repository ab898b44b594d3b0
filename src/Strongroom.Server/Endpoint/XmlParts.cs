using System.Globalization;
using System.Text;
using System.Xml;

namespace Strongroom.Server.Endpoint;

/// <summary>Parts of Query answers. Source: IAM fact sheet 0.2, 6.3, 6.4.</summary>
internal static class XmlParts
{
    /// <summary>Left out when null, as AWS leaves out what is not set.</summary>
    public static void WriteOptional(this XmlWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteElementString(name, value);
    }

    /// <summary>UTC in whole seconds, <c>2026-01-15T12:30:45Z</c>.</summary>
    public static void WriteTime(this XmlWriter writer, string name, DateTimeOffset time) =>
        writer.WriteElementString(name, time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));

    public static void WriteBool(this XmlWriter writer, string name, bool value) => writer.WriteElementString(name, value ? "true" : "false");

    public static void WriteNumber(this XmlWriter writer, string name, long value) => writer.WriteElementString(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A list of <c>member</c> elements; an empty one is an empty element.</summary>
    public static void WriteList<T>(this XmlWriter writer, string name, IEnumerable<T> items, Action<XmlWriter, T> write)
    {
        writer.WriteStartElement(name);
        foreach (var item in items)
        {
            writer.WriteStartElement("member");
            write(writer, item);
            writer.WriteEndElement();
        }

        writer.WriteEndElement();
    }

    public static void WriteStrings(this XmlWriter writer, string name, IEnumerable<string> items) =>
        writer.WriteList(name, items, static (inner, item) => inner.WriteString(item));

    /// <summary>A policy as IAM shows it: the text as it was put, percent-encoded by RFC 3986, whitespace and all.</summary>
    public static void WriteDocument(this XmlWriter writer, string name, string document) => writer.WriteElementString(name, PercentEncode(document));

    /// <summary>What is not unreserved in RFC 3986 becomes <c>%XX</c>; a space <c>%20</c>.</summary>
    public static string PercentEncode(string document)
    {
        var text = new StringBuilder(document.Length * 2);
        foreach (var b in Encoding.UTF8.GetBytes(document))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~')
                text.Append((char)b);
            else
                text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return text.ToString();
    }

    /// <summary>Whether XML can hold every character of the text, which the service model does not always demand.</summary>
    public static bool CanHold(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                i++;
            else if (!XmlConvert.IsXmlChar(text[i]))
                return false;
        }

        return true;
    }
}
