using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Channels;

namespace Strongroom.Tests.Server.Audit.Sinks;

/// <summary>Takes syslog messages over TLS as RFC 5425 says they come: MSG-LEN SP SYSLOG-MSG.</summary>
internal sealed class SyslogReceiver : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly X509Certificate2 certificate;
    private readonly bool wantsCertificate;
    private readonly Channel<string> messages = Channel.CreateUnbounded<string>();
    private readonly Task serving;
    private TcpClient? current;

    public SyslogReceiver(X509Certificate2 certificate, bool wantsCertificate = false)
    {
        (this.certificate, this.wantsCertificate) = (certificate, wantsCertificate);
        listener.Start();
        Address = new Uri($"tls://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>Subject of the certificate that the last client showed.</summary>
    public string? Client { get; private set; }

    public int Connections { get; private set; }

    public bool HasMore => messages.Reader.TryPeek(out _);

    public Task<string> NextAsync() => Eventually.ComesAsync("a message to the syslog receiver", messages.Reader.ReadAsync(TestContext.Current.CancellationToken));

    /// <summary>Closes the connection that there is.</summary>
    public void Hang() => current!.Client.Close(0);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await serving;
        stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var client = current = await listener.AcceptTcpClientAsync(stopping.Token);
                try
                {
                    await ReadAsync(client);
                }
                catch (Exception e) when (e is IOException or AuthenticationException or EndOfStreamException or ObjectDisposedException)
                {
                    // That connection ended, or was refused.
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The end of the test.
        }
    }

    private async Task ReadAsync(TcpClient client)
    {
        await using var tls = new SslStream(client.GetStream());
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = wantsCertificate,
                RemoteCertificateValidationCallback = (_, shown, _, _) => !wantsCertificate || shown is not null,
            },
            stopping.Token);
        Client = tls.RemoteCertificate?.Subject;
        Connections++;
        var one = new byte[1];
        while (true)
        {
            var length = new StringBuilder();
            while (true)
            {
                await tls.ReadExactlyAsync(one, stopping.Token);
                if (one[0] == ' ')
                    break;
                Assert.True(char.IsAsciiDigit((char)one[0]), "A message does not begin with its length.");
                length.Append((char)one[0]);
            }

            var message = new byte[int.Parse(length.ToString(), CultureInfo.InvariantCulture)];
            await tls.ReadExactlyAsync(message, stopping.Token);
            await messages.Writer.WriteAsync(Encoding.UTF8.GetString(message), stopping.Token);
        }
    }
}
