using System.Buffers;
using System.Text;
using System.Xml;
using Strongroom.Protocol;
using Strongroom.Server.Audit;

namespace Strongroom.Server.Endpoint;

/// <summary>Writes answers; accepts nothing that has no record.</summary>
internal static class Encode
{
    private static readonly XmlWriterSettings Xml = new() { OmitXmlDeclaration = true, Encoding = new UTF8Encoding(false) };

    public static void Json<TResponse>(CallContext call, Audited<TResponse> audited, ScrubbedBuffer output)
        where TResponse : IResponse
    {
        using var rented = JsonWriters.Rent(output);
        rented.Writer.WriteStartObject();
        audited.Response.WriteMembers(rented.Writer);
        rented.Writer.WriteEndObject();
        rented.Writer.Flush();
    }

    /// <summary>The answer of a JSON operation without output: an empty body.</summary>
    public static void Nothing(CallContext call, Audited<Done> audited, ScrubbedBuffer output)
    {
    }

    /// <summary>An answer with a status of its own; its body is the answer's members, what the answer writes itself, or nothing.</summary>
    /// <param name="status">Of the model.</param>
    public static Action<CallContext, Audited<TResponse>, ScrubbedBuffer> Rest<TResponse>(int status)
        where TResponse : IAnswer => (call, audited, output) =>
        {
            call.Reply = new RestReply(status);
            if (audited.Response is IRestResponse own)
            {
                call.Reply = own.Reply;
                output.Write(own.Body.Span);
            }
            else if (audited.Response is IResponse response)
            {
                using var rented = JsonWriters.Rent(output);
                rented.Writer.WriteStartObject();
                response.WriteMembers(rented.Writer);
                rented.Writer.WriteEndObject();
                rented.Writer.Flush();
            }
        };

    /// <summary>Source: IAM fact sheet 9.1: the code is in a header, the body has the text.</summary>
    public static void RestError(ServiceException error, ScrubbedBuffer output)
    {
        using var rented = JsonWriters.Rent(output);
        rented.Writer.WriteStartObject();
        if (!error.IsFrameworkError)
            rented.Writer.WriteString("Type"u8, error.Status >= 500 ? "Service"u8 : "User"u8);
        rented.Writer.WriteString(error.IsFrameworkError ? "message"u8 : "Message"u8, error.Message);
        rented.Writer.WriteEndObject();
        rented.Writer.Flush();
    }

    /// <summary>Source: IAM fact sheet 0.2, Query success body.</summary>
    public static Action<CallContext, Audited<TResponse>, ScrubbedBuffer> Query<TResponse>(string operation, string xmlNamespace)
        where TResponse : IAnswer => (call, audited, output) =>
        {
            var text = new StringBuilder();
            using (var writer = XmlWriter.Create(text, Xml))
            {
                writer.WriteStartElement(operation + "Response", xmlNamespace);
                if (audited.Response is IXmlResponse response)
                {
                    writer.WriteStartElement(operation + "Result");
                    response.WriteXml(writer);
                    writer.WriteEndElement();
                }

                writer.WriteStartElement("ResponseMetadata");
                writer.WriteElementString("RequestId", call.RequestId.ToString());
                writer.WriteEndElement();
                writer.WriteEndElement();
            }

            Write(output, text.ToString());
        };

    public static void JsonError(ServiceException error, ScrubbedBuffer output)
    {
        using var rented = JsonWriters.Rent(output);
        rented.Writer.WriteStartObject();
        rented.Writer.WriteString("__type"u8, error.Code);
        rented.Writer.WriteString(error.IsFrameworkError ? "message"u8 : "Message"u8, error.Message);
        rented.Writer.WriteEndObject();
        rented.Writer.Flush();
    }

    public static void QueryError(Guid requestId, ServiceException error, string xmlNamespace, ScrubbedBuffer output)
    {
        var text = new StringBuilder();
        using (var writer = XmlWriter.Create(text, Xml))
        {
            writer.WriteStartElement("ErrorResponse", xmlNamespace);
            writer.WriteStartElement("Error");
            writer.WriteElementString("Type", error.Status >= 500 ? "Receiver" : "Sender");
            writer.WriteElementString("Code", error.Code == "InternalServiceError" ? "ServiceFailure" : error.Code);
            writer.WriteElementString("Message", Printable(error.Message));
            writer.WriteEndElement();
            writer.WriteElementString("RequestId", requestId.ToString());
            writer.WriteEndElement();
        }

        Write(output, text.ToString());
    }

    // Messages quote what the caller sent, and XML 1.0 has no way to write most control characters.
    private static string Printable(string text) => new([.. text.Select(c => XmlConvert.IsXmlChar(c) ? c : '\uFFFD')]);

    private static void Write(ScrubbedBuffer output, string text) => output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
