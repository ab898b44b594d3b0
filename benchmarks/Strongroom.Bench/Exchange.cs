using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Strongroom.Bench;

/// <summary>One request and its answer over a fresh connection, without a client library's start-up cost.</summary>
internal static class Exchange
{
    /// <summary>The answer's head and body; null when nobody listens.</summary>
    public static (string Head, byte[] Body)? TrySend(int port, byte[] request)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            socket.Send(request);
            return Read(socket);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <exception cref="InvalidOperationException">Not a success.</exception>
    public static (string Head, byte[] Body) Send(int port, string operation, string body)
    {
        var answer = TrySend(port, RequestFile.Sign(operation, body, port, DateTimeOffset.UtcNow));
        return answer is { } found && found.Head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)
            ? found
            : throw new InvalidOperationException($"{operation} failed: {answer?.Head} {Encoding.UTF8.GetString(answer?.Body ?? [])}");
    }

    /// <summary>Calls IAM as the root.</summary>
    /// <exception cref="InvalidOperationException">Not a success.</exception>
    public static string SendIam(int port, string action, params (string Name, string Value)[] parameters)
    {
        var form = $"Action={action}&Version=2010-05-08" + string.Concat(parameters.Select(p => $"&{p.Name}={Uri.EscapeDataString(p.Value)}"));
        var answer = TrySend(port, RequestFile.SignIam(form, port, DateTimeOffset.UtcNow));
        return answer is { } found && found.Head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal)
            ? Encoding.UTF8.GetString(found.Body)
            : throw new InvalidOperationException($"{action} failed: {answer?.Head} {Encoding.UTF8.GetString(answer?.Body ?? [])}");
    }

    private static (string Head, byte[] Body)? Read(Socket socket)
    {
        var received = new List<byte>();
        var buffer = new byte[65536];
        while (true)
        {
            var count = socket.Receive(buffer);
            if (count == 0)
                return null;
            received.AddRange(buffer.AsSpan(0, count));
            var bytes = received.ToArray();
            var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
            if (end < 0)
                continue;
            var head = Encoding.Latin1.GetString(bytes, 0, end);
            var line = head.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            var length = line is null ? 0 : int.Parse(line.AsSpan(15), System.Globalization.CultureInfo.InvariantCulture);
            if (bytes.Length - end - 4 >= length)
                return (head, bytes[(end + 4)..(end + 4 + length)]);
        }
    }
}
