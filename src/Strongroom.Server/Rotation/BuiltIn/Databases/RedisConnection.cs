using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>
/// One connection in Redis' protocol, RESP 2: a command, its answer. The usual driver is a pool that reconnects by itself and asks a server a dozen
/// things that a user of an application may not ask, each of which the server notes as a refusal.
/// </summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private const int MaxBulk = 1 << 20, MaxItems = 10_000, MaxDepth = 5, MaxLine = 4096;

    private readonly TcpClient client;
    private readonly Stream stream;
    private readonly byte[] buffer = new byte[4096];
    private int start, end;

    private RedisConnection(TcpClient client, Stream stream) => (this.client, this.stream) = (client, stream);

    /// <exception cref="AuthenticationException">TLS failed.</exception>
    /// <exception cref="SocketException">Nobody answers there.</exception>
    public static async Task<RedisConnection> OpenAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(login.Host, login.Port, ct);
            if (!tls)
                return new RedisConnection(client, client.GetStream());

            var secured = new SslStream(client.GetStream());
            try
            {
                await secured.AuthenticateAsClientAsync(ServerTrust.OptionsFor(login), ct);
            }
            catch (Exception failure) when (failure is IOException or OperationCanceledException)
            {
                // Hung up, answered something else, or waits for the end of a line, as a Redis does that is not for TLS.
                await secured.DisposeAsync();
                throw new AuthenticationException();
            }

            return new RedisConnection(client, secured);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends a command and reads its answer.</summary>
    /// <returns>A string, a long, a list of these, or null.</returns>
    /// <exception cref="RedisException">The server answers with an error.</exception>
    /// <exception cref="IOException">It is gone, or speaks something else.</exception>
    public async Task<object?> AskAsync(CancellationToken ct, params IReadOnlyList<string> words)
    {
        var command = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{words.Count}\r\n");
        foreach (var word in words)
            command.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(command.ToString()), ct);
        await stream.FlushAsync(ct);
        return await ReadAsync(0, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        client.Dispose();
    }

    private async Task<object?> ReadAsync(int depth, CancellationToken ct)
    {
        var line = await ReadLineAsync(ct);
        if (line.Length == 0)
            throw new IOException();
        var rest = line[1..];
        switch (line[0])
        {
            case '+':
                return rest;
            case '-':
                throw new RedisException(rest);
            case ':':
                return long.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new IOException();
            case '$':
                return Length(rest, MaxBulk) is >= 0 and var bytes ? await ReadBulkAsync(bytes, ct) : null;
            case '*' when depth < MaxDepth:
                if (Length(rest, MaxItems) is not (>= 0 and var count))
                    return null;
                var items = new List<object?>(count);
                for (var i = 0; i < count; i++)
                    items.Add(await ReadAsync(depth + 1, ct));
                return items;
            default:
                throw new IOException();
        }
    }

    private static int Length(string text, int limit) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length) && length >= -1 && length <= limit ? length : throw new IOException();

    private async Task<string> ReadLineAsync(CancellationToken ct)
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = (char)await ReadByteAsync(ct);
            if (next == '\n' && line.Length > 0 && line[^1] == '\r')
                return line.ToString(0, line.Length - 1);
            if (line.Length == MaxLine)
                throw new IOException();
            line.Append(next);
        }
    }

    private async Task<string> ReadBulkAsync(int length, CancellationToken ct)
    {
        var bytes = new byte[length + 2];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = await ReadByteAsync(ct);
        return bytes is [.., (byte)'\r', (byte)'\n'] ? Encoding.UTF8.GetString(bytes.AsSpan(..length)) : throw new IOException();
    }

    private async ValueTask<byte> ReadByteAsync(CancellationToken ct)
    {
        if (start == end)
        {
            (start, end) = (0, await stream.ReadAsync(buffer, ct));
            if (end == 0)
                throw new EndOfStreamException();
        }

        return buffer[start++];
    }
}

/// <summary>An error that Redis answered. Its text may quote the command, so that only its first word, a code, leaves this room.</summary>
internal sealed class RedisException(string answer) : Exception
{
    public string Answer => answer;

    public string Code => answer.Split(' ', 2)[0] is { Length: <= 20 } word && word.All(char.IsAsciiLetterUpper) ? word : "ERR";
}
