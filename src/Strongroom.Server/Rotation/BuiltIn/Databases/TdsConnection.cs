using System.Buffers.Binary;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>
/// One connection in SQL Server's protocol, TDS 7.4: a batch of statements, its rows of text. Microsoft's driver refuses to run in a program without ICU
/// ("Globalization Invariant Mode is not supported"), which this server is, on machines that need not have it.
/// </summary>
/// <remarks>Source: [MS-TDS], sections 2.2.1–2.2.7. Every column that is asked for must be <c>nvarchar(n)</c>.</remarks>
internal sealed class TdsConnection : IAsyncDisposable
{
    private const byte SqlBatch = 0x01, Reply = 0x04, Login7 = 0x10, PreLogin = 0x12;
    private const byte EncryptOn = 0x01, EncryptNotSupported = 0x02, EncryptRequired = 0x03;
    private const int PacketSize = 4096, HeaderSize = 8, MaxReply = 4 << 20;

    private readonly TcpClient client;
    private Stream stream;

    private TdsConnection(TcpClient client) => (this.client, stream) = (client, client.GetStream());

    /// <exception cref="NotSupportedException">It has no TLS.</exception>
    /// <exception cref="AuthenticationException">TLS failed, or is demanded.</exception>
    /// <exception cref="TdsException">The server refuses the login.</exception>
    /// <exception cref="IOException">It is gone, or speaks something else.</exception>
    public static async Task<TdsConnection> OpenAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        var client = new TcpClient { NoDelay = true };
        TdsConnection? connection = null;
        try
        {
            await client.ConnectAsync(login.Host, login.Port, ct);
            connection = new TdsConnection(client);
            await connection.AgreeOnTlsAsync(login, tls, ct);
            await connection.SendAsync(Login7, LoginOf(login), ct);
            var answer = await connection.ReadAnswerAsync(ct);
            return answer.LoggedIn ? connection : throw new IOException();
        }
        catch
        {
            if (connection is not null)
                await connection.DisposeAsync();
            else
                client.Dispose();
            throw;
        }
    }

    /// <summary>Runs a batch.</summary>
    /// <returns>The rows of all its results, one after the other.</returns>
    /// <exception cref="TdsException">The server refuses it.</exception>
    public async Task<IReadOnlyList<string?[]>> RunAsync(string sql, CancellationToken ct)
    {
        // The headers that each batch must have: no transaction, one request.
        var text = Encoding.Unicode.GetBytes(sql);
        var batch = new byte[22 + text.Length];
        BinaryPrimitives.WriteInt32LittleEndian(batch, 22);
        BinaryPrimitives.WriteInt32LittleEndian(batch.AsSpan(4), 18);
        BinaryPrimitives.WriteInt16LittleEndian(batch.AsSpan(8), 2);
        BinaryPrimitives.WriteInt32LittleEndian(batch.AsSpan(18), 1);
        text.CopyTo(batch, 22);
        await SendAsync(SqlBatch, batch, ct);
        return (await ReadAnswerAsync(ct)).Rows;
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        client.Dispose();
    }

    private async Task AgreeOnTlsAsync(DatabaseLogin login, bool tls, CancellationToken ct)
    {
        // Version and encryption, each as token, offset and length; then the end, then the values.
        byte[] hello = [0x00, 0, 11, 0, 6, 0x01, 0, 17, 0, 1, 0xFF, 0, 0, 0, 0, 0, 0, tls ? EncryptOn : EncryptNotSupported];
        await SendAsync(PreLogin, hello, ct);
        var answer = await ReadMessageAsync(ct);
        var encryption = EncryptNotSupported;
        for (var i = 0; i + 5 <= answer.Length && answer[i] != 0xFF; i += 5)
        {
            var offset = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(i + 1));
            if (answer[i] == 0x01 && offset < answer.Length)
                encryption = answer[offset];
        }

        // On both sides or on none: the login alone under TLS, as older clients have it, protects it from nobody who can also answer.
        if (tls && encryption is not (EncryptOn or EncryptRequired))
            throw new NotSupportedException();
        if (!tls && encryption is (EncryptOn or EncryptRequired))
            throw new AuthenticationException();
        if (!tls)
            return;

        var wrapped = new HandshakeStream(stream);
        var secured = new SslStream(wrapped);
        var options = ServerTrust.OptionsFor(login);
#pragma warning disable CA5398 // TDS 7 wraps the handshake in packets of its own, which is defined for TLS 1.2 and no later.
        options.EnabledSslProtocols = SslProtocols.Tls12;
#pragma warning restore CA5398
        try
        {
            await secured.AuthenticateAsClientAsync(options, ct);
        }
        catch (IOException)
        {
            throw new AuthenticationException();
        }

        wrapped.IsDone = true;
        stream = secured;
    }

    private static byte[] LoginOf(DatabaseLogin login)
    {
        const int Fixed = 94;
        var packet = new MemoryStream();
        packet.Write(new byte[Fixed]);
        var fields = new byte[Fixed];
        var at = 36;
        foreach (var (text, isPassword) in (ReadOnlySpan<(string, bool)>)[
            ("", false), (login.Username, false), (login.Password, true), ("strongroom rotation", false), (login.Host, false), ("", false), ("strongroom", false), ("", false), (login.Database, false)])
        {
            var bytes = Encoding.Unicode.GetBytes(text);
            if (isPassword)
            {
                foreach (ref var b in bytes.AsSpan())
                    b = (byte)(((b << 4) & 0xF0 | b >> 4) ^ 0xA5); // no encryption: the protocol's way to write it
            }

            BinaryPrimitives.WriteUInt16LittleEndian(fields.AsSpan(at), (ushort)packet.Length);
            BinaryPrimitives.WriteUInt16LittleEndian(fields.AsSpan(at + 2), (ushort)text.Length);
            packet.Write(bytes);
            at += 4;
        }

        // The client's id, then three fields that stay empty and end where the packet does.
        for (at += 6; at < Fixed - 4; at += 4)
            BinaryPrimitives.WriteUInt16LittleEndian(fields.AsSpan(at), (ushort)packet.Length);
        BinaryPrimitives.WriteInt32LittleEndian(fields, (int)packet.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(fields.AsSpan(4), 0x74000004);
        BinaryPrimitives.WriteInt32LittleEndian(fields.AsSpan(8), PacketSize);
        fields[24] = 0xE0; // a database that is not there is an error
        fields[25] = 0x03; // as ODBC: the settings of ANSI
        var bytesOfAll = packet.ToArray();
        fields.CopyTo(bytesOfAll, 0);
        return bytesOfAll;
    }

    private async Task SendAsync(byte type, byte[] message, CancellationToken ct)
    {
        var packet = new byte[PacketSize];
        var sent = 0;
        byte number = 1;
        do
        {
            var size = Math.Min(message.Length - sent, PacketSize - HeaderSize);
            WriteHeader(packet, type, isLast: sent + size == message.Length, size, number);
            number = (byte)(number == 255 ? 0 : number + 1);
            message.AsSpan(sent, size).CopyTo(packet.AsSpan(HeaderSize));
            await stream.WriteAsync(packet.AsMemory(0, HeaderSize + size), ct);
            sent += size;
        }
        while (sent < message.Length);
        await stream.FlushAsync(ct);
    }

    private static void WriteHeader(Span<byte> packet, byte type, bool isLast, int size, byte number)
    {
        packet[..HeaderSize].Clear();
        packet[0] = type;
        packet[1] = isLast ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(HeaderSize + size));
        packet[6] = number;
    }

    private async Task<byte[]> ReadMessageAsync(CancellationToken ct)
    {
        var message = new MemoryStream();
        var header = new byte[HeaderSize];
        do
        {
            await stream.ReadExactlyAsync(header, ct);
            var size = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)) - HeaderSize;
            if (header[0] != Reply || size < 0 || message.Length + size > MaxReply)
                throw new IOException();
            var body = new byte[size];
            await stream.ReadExactlyAsync(body, ct);
            message.Write(body);
        }
        while ((header[1] & 1) == 0);
        return message.ToArray();
    }

    private async Task<TdsAnswer> ReadAnswerAsync(CancellationToken ct)
    {
        try
        {
            var answer = TdsAnswer.Parse(await ReadMessageAsync(ct));
            return answer.Error is { } number ? throw new TdsException(number) : answer;
        }
        catch (Exception malformed) when (malformed is ArgumentException or IndexOutOfRangeException)
        {
            throw new IOException(); // shorter than it says
        }
    }

    /// <summary>Puts the records of a handshake into packets of their own, and after it passes everything on.</summary>
    private sealed class HandshakeStream(Stream inner) : Stream
    {
        private int left;

        public bool IsDone { get; set; }

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsDone)
                return await inner.ReadAsync(buffer, cancellationToken);
            while (left == 0)
            {
                var header = new byte[HeaderSize];
                await inner.ReadExactlyAsync(header, cancellationToken);
                left = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)) - HeaderSize;
                if (header[0] is not (PreLogin or Reply) || left < 0)
                    throw new IOException();
            }

            var read = await inner.ReadAsync(buffer[..Math.Min(left, buffer.Length)], cancellationToken);
            left -= read;
            return read;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsDone)
            {
                await inner.WriteAsync(buffer, cancellationToken);
                return;
            }

            byte number = 1;
            for (var sent = 0; sent < buffer.Length; number++)
            {
                var size = Math.Min(buffer.Length - sent, PacketSize - HeaderSize);
                var packet = new byte[HeaderSize + size];
                WriteHeader(packet, PreLogin, isLast: sent + size == buffer.Length, size, number);
                buffer.Slice(sent, size).CopyTo(packet.AsMemory(HeaderSize));
                await inner.WriteAsync(packet, cancellationToken);
                sent += size;
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override ValueTask DisposeAsync() => inner.DisposeAsync();

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>An error that SQL Server answered. Its text may quote the statement, so that only its number is kept.</summary>
internal sealed class TdsException(int number) : Exception(string.Create(CultureInfo.InvariantCulture, $"error {number}"))
{
    public int Number => number;
}
