using System.Buffers;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>
/// Sends records as syslog messages over TLS. Sources: RFC 5424 (message), RFC 5425 (TLS, octet counting), the CEE cookie that rsyslog and syslog-ng
/// look for before JSON.
/// </summary>
internal sealed class SyslogSink : IAuditSink
{
    // Facility 13, "log audit"; severities 6, informational, and 4, warning, for calls that failed. Source: RFC 5424, 6.2.1.
    private const int Succeeded = 13 * 8 + 6;
    private const int Failed = 13 * 8 + 4;

    // A peer that acknowledges nothing on the network this long is gone. Source: tcp(7), TCP_USER_TIMEOUT.
    private const int TcpUserTimeout = 18;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly Uri receiver;
    private readonly X509ChainPolicy? trust;
    private readonly SslStreamCertificateContext? certificate;
    private readonly TimeProvider time;
    private readonly byte[] origin;
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly byte[] ignored = new byte[1024];
    private SslStream? stream;
    private Task? reading;

    /// <exception cref="StoreRefusedException">A certificate can't be read; the message says what to do.</exception>
    public SyslogSink(AuditSinkOptions options, TimeProvider time)
    {
        (receiver, this.time) = (options.Syslog!, time);
        trust = options.SyslogCertificateAuthorities is { } file ? PeerTrust.Read(file, "audit-syslog") : null;
        certificate = options.SyslogCertificate is { } shown ? ReadCertificate(shown, options.SyslogKey!) : null;
        origin = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $" {HostName()} strongroom {Environment.ProcessId} audit - @cee: "));
    }

    public string Name => "syslog";

    // Syslog acknowledges nothing: what a connection swallows is lost with it, unless it is sent again. Longer than a lost peer goes unnoticed.
    public TimeSpan? Unacknowledged => TimeSpan.FromSeconds(30);

    public void Check(bool isUnderway)
    {
        // A receiver sends nothing, so the end of a read is the end of the connection.
        if (reading is not { IsCompleted: true })
            return;
        Close();
        if (isUnderway)
            throw new SinkException($"{receiver.Authority} closed the connection");
    }

    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> lines, CancellationToken ct)
    {
        Check(isUnderway: true);
        buffer.ResetWrittenCount();
        foreach (var line in lines)
            WriteMessage(line.Span);
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            stream ??= await ConnectAsync(either.Token);
            await stream.WriteAsync(buffer.WrittenMemory, either.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            Close();
            throw new SinkException(e.Message, e);
        }
        catch (OperationCanceledException e)
        {
            // Perhaps in the middle of a message: what followed on this connection would not be understood.
            Close();
            ct.ThrowIfCancellationRequested();
            throw new SinkException($"{receiver.Authority} took nothing within {Limit.TotalSeconds} s", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (stream is not null)
        {
            try
            {
                await stream.ShutdownAsync();
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // It is gone already.
            }
        }

        Close();
    }

    private void WriteMessage(ReadOnlySpan<byte> record)
    {
        Span<byte> head = stackalloc byte[64];
        var known = CloudTrailRecord.TryReadEventTime(record, out var at);
        var priority = record.IndexOf("\"errorCode\":\""u8) >= 0 ? Failed : Succeeded;
        Encoding.ASCII.TryGetBytes(
            string.Create(CultureInfo.InvariantCulture, $"<{priority}>1 {(known ? at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) : "-")}"), head, out var headLength);
        buffer.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{headLength + origin.Length + record.Length} ")));
        buffer.Write(head[..headLength]);
        buffer.Write(origin);
        buffer.Write(record);
    }

    private async Task<SslStream> ConnectAsync(CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        SslStream? tls = null;
        try
        {
            if (OperatingSystem.IsLinux())
                socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes((int)Silence.TotalMilliseconds));
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            await socket.ConnectAsync(receiver.Host, receiver.Port, ct);
            tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = receiver.Host,
                    EnabledSslProtocols = Hosting.Tls.Versions,
                    CertificateChainPolicy = trust,
                    ClientCertificateContext = certificate,
                },
                ct);
#pragma warning disable CA2025 // Close disposes of the stream, which ends the reading.
            reading = DrainAsync(tls);
#pragma warning restore CA2025
            return tls;
        }
        catch
        {
            if (tls is not null)
                await tls.DisposeAsync();
            socket.Dispose();
            throw;
        }
    }

    private async Task DrainAsync(SslStream tls)
    {
        try
        {
            while (await tls.ReadAsync(ignored) > 0)
            {
                // Whatever it says means nothing in this protocol.
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The end, however it came.
        }
    }

    private void Close()
    {
        stream?.Dispose();
        (stream, reading) = (null, null);
    }

    private static SslStreamCertificateContext ReadCertificate(string certificate, string key)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(certificate, key), chain, offline: true);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The certificate or key for audit-syslog can't be read: {e.Message}", e);
        }
    }

    // Source: RFC 5424, 6.2.4: 1 to 255 visible ASCII characters, "-" when unknown.
    private static string HostName()
    {
        var name = Environment.MachineName;
        return name.Length is > 0 and <= 255 && name.All(c => c is > ' ' and <= '~') ? name : "-";
    }
}
