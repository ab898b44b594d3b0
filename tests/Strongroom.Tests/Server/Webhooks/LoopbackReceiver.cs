using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace Strongroom.Tests.Server.Webhooks;

/// <summary>What a <see cref="LoopbackReceiver"/> got.</summary>
internal sealed record ReceivedPost(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>An HTTP server on loopback that keeps what is posted to it and answers as a test wants.</summary>
internal sealed class LoopbackReceiver : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly X509Certificate2? certificate;
    private readonly Channel<ReceivedPost> posts = Channel.CreateUnbounded<ReceivedPost>();
    private readonly Task serving;

    public LoopbackReceiver(X509Certificate2? certificate = null)
    {
        this.certificate = certificate;
        listener.Start();
        Address = new Uri($"{(certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/hook?key=in-the-address");
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Status line and further headers of the answers, by what was posted.</summary>
    public Func<ReceivedPost, string> Answer { get; set; } = _ => "204 No Content";

    /// <summary>The next post, accepted or not.</summary>
    public Task<ReceivedPost> NextAsync() => Eventually.ComesAsync("a post to the receiver", posts.Reader.ReadAsync(TestContext.Current.CancellationToken));

    public bool HasMore => posts.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await serving;
        stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException || (e is InvalidOperationException && stopping.IsCancellationRequested))
        {
            // The end of the test, perhaps between two connections: then the listener has stopped before it is asked.
        }

        await Task.WhenAll(open);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            Stream stream = client.GetStream();
            if (certificate is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stopping.Token);
                stream = tls;
            }

            using var buffered = new BufferedStream(stream);
            while (await ReadAsync(buffered) is { } post)
            {
                var answer = Answer(post);
                await posts.Writer.WriteAsync(post);
                await buffered.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n"), stopping.Token);
                await buffered.FlushAsync(stopping.Token);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client went, or the test ended.
        }
    }

    private async Task<ReceivedPost?> ReadAsync(BufferedStream stream)
    {
        if (await LineAsync(stream) is not { Length: > 0 } first)
            return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await LineAsync(stream) is { Length: > 0 } line)
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        var body = new byte[int.Parse(headers["Content-Length"], CultureInfo.InvariantCulture)];
        await stream.ReadExactlyAsync(body, stopping.Token);
        return new ReceivedPost(first.Split(' ')[1], headers, body);
    }

    private async Task<string?> LineAsync(BufferedStream stream)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one, stopping.Token) == 1)
        {
            if (one[0] == '\n')
                return text.ToString().TrimEnd('\r');
            text.Append((char)one[0]);
        }

        return null;
    }
}
