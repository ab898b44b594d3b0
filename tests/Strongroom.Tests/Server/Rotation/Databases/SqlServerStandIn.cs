using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>
/// Speaks TDS 7.4 where no SQL Server can be had: the opening, TLS inside of it, the login, batches of text. It knows logins and their passwords, reads
/// literals and names by the rules of Transact-SQL, and answers other batches from a table. Microsoft's driver logs in to it. Source: [MS-TDS].
/// </summary>
internal sealed partial class SqlServerStandIn : StandIn
{
    private readonly X509Certificate2? certificate;
    private readonly bool demandsTls;

    public SqlServerStandIn(X509Certificate2? certificate = null, bool demandsTls = false)
    {
        (this.certificate, this.demandsTls) = (certificate, demandsTls);
        Start();
    }

    public ConcurrentDictionary<string, string> Passwords { get; } = new(StringComparer.Ordinal);

    /// <summary>Batches, as they came.</summary>
    public ConcurrentQueue<string> Batches { get; } = new();

    /// <summary>The database that the last login asked for.</summary>
    public string Database { get; private set; } = "";

    /// <summary>Who may change others.</summary>
    public string? Administrator { get; set; }

    public bool IsContained { get; set; }

    /// <summary>Rows for batches that contain a text; each row is its columns.</summary>
    public List<(string Contains, string?[][] Rows)> Answers { get; } = [];

    protected override async Task ServeAsync(Stream plain, CancellationToken ct)
    {
        var (type, hello) = await ReadMessageAsync(plain, ct);
        var wanted = hello[BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(Array.IndexOf(hello, (byte)1, 5) + 1))];
        // Source: [MS-TDS] 2.2.6.5, the table of what both sides say about encryption: 0 off, 1 on, 2 not supported, 3 required.
        byte said = certificate is null ? (byte)2 : demandsTls ? (byte)3 : wanted is 1 ? (byte)1 : wanted;
        await WriteMessageAsync(plain, 4, [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 16, 0, 0, 0, 0, 0, said], ct);
        if (type != 0x12 || (said == 3 && wanted == 2))
            return;
        var stream = plain;
        if (certificate is not null && said is 1 or 3)
        {
            var wrapped = new PacketStream(plain);
            var secured = new SslStream(wrapped);
#pragma warning disable CA5398 // TDS 7 has TLS 1.2 and no later.
            await secured.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls12 }, ct);
#pragma warning restore CA5398
            wrapped.IsDone = true;
            stream = secured;
        }

        var (_, login) = await ReadMessageAsync(stream, ct);
        string Field(int at, bool isPassword = false)
        {
            var bytes = login.AsSpan(BinaryPrimitives.ReadUInt16LittleEndian(login.AsSpan(at)), 2 * BinaryPrimitives.ReadUInt16LittleEndian(login.AsSpan(at + 2))).ToArray();
            if (isPassword)
                bytes = [.. bytes.Select(b => b ^ 0xA5).Select(b => (byte)((b << 4 & 0xF0) | b >> 4))];
            return Encoding.Unicode.GetString(bytes);
        }

        var user = Field(40);
        Database = Field(68);
        if (!Passwords.TryGetValue(user, out var password) || password != Field(44, isPassword: true))
        {
            await WriteMessageAsync(stream, 4, [.. Error(18456, $"Login failed for user '{user}'."), .. Done(2)], ct);
            return;
        }

        await WriteMessageAsync(stream, 4, [.. LoginAck(), .. Done(0)], ct);
        while (true)
        {
            var (_, batch) = await ReadMessageAsync(stream, ct);
            var sql = Encoding.Unicode.GetString(batch.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(batch)));
            Batches.Enqueue(sql);
            await WriteMessageAsync(stream, 4, Answer(user, sql), ct);
        }
    }

    private byte[] Answer(string user, string sql)
    {
        if (QuoteName().Match(sql) is { Success: true } quote)
            return Rows([[$"[{Unquote(quote.Groups[1].Value).Replace("]", "]]", StringComparison.Ordinal)}]"]]);
        if (QuoteLiteral().Match(sql) is { Success: true } literal)
            return Rows([[$"N'{Unquote(literal.Groups[1].Value).Replace("'", "''", StringComparison.Ordinal)}'"]]);
        if (sql.Contains("containment", StringComparison.Ordinal))
            return Rows([[IsContained ? "1" : "0"]]);
        if (sql.Contains("DB_NAME()", StringComparison.Ordinal))
            return Rows([[Database]]);
        if (sql.Contains("@@VERSION", StringComparison.Ordinal))
            return Rows([["Microsoft SQL Server 2022 (stand-in)"]]);
        if (AlterOwn().Match(sql) is { Success: true } own && own.Groups[1].Value == Kind)
        {
            var (name, changed, old) = (Unbracket(own.Groups[2].Value), Unquote(own.Groups[3].Value), Unquote(own.Groups[4].Value));
            return name == user && Passwords.TryUpdate(name, changed, old) ? Done(0) : [.. Error(15151, $"Cannot alter the login '{name}', as in {sql}"), .. Done(2)];
        }

        if (Alter().Match(sql) is { Success: true } alter && alter.Groups[2].Value == Kind)
        {
            var (name, changed) = (Unbracket(alter.Groups[3].Value), Unquote(alter.Groups[4].Value));
            if (user != Administrator || (alter.Groups[1].Value == "CREATE") == Passwords.ContainsKey(name))
                return [.. Error(15247, $"User does not have permission to perform this action, as in {sql}"), .. Done(2)];
            Passwords[name] = changed;
            return Done(0);
        }

        if (sql.Contains("sys.server_principals", StringComparison.Ordinal) || sql.StartsWith("SELECT CAST(name AS nvarchar(256)) FROM sys.database_principals WHERE name", StringComparison.Ordinal))
            return Rows(Named().Match(sql) is { Success: true } named && Passwords.ContainsKey(Unquote(named.Groups[1].Value)) ? [["there"]] : []);
        foreach (var (contains, rows) in Answers)
        {
            if (sql.Contains(contains, StringComparison.Ordinal))
                return Rows(rows);
        }

        return sql.StartsWith("SELECT", StringComparison.Ordinal) || sql.StartsWith("DECLARE", StringComparison.Ordinal) ? Rows([]) : Done(0);
    }

    private string Kind => IsContained ? "USER" : "LOGIN";

    private static string Unquote(string literal) => literal.Replace("''", "'", StringComparison.Ordinal);

    private static string Unbracket(string name) => name.Replace("]]", "]", StringComparison.Ordinal);

    [GeneratedRegex(@"\ASELECT CAST\(QUOTENAME\(N'((?:[^']|'')*)'\) AS nvarchar\(4000\)\)\z")]
    private static partial Regex QuoteName();

    [GeneratedRegex(@"\ASELECT CAST\(N'N' \+ QUOTENAME\(N'((?:[^']|'')*)', ''''\) AS nvarchar\(4000\)\)\z")]
    private static partial Regex QuoteLiteral();

    [GeneratedRegex(@"\AALTER (LOGIN|USER) \[((?:[^\]]|\]\])*)\] WITH PASSWORD = N'((?:[^']|'')*)' OLD_PASSWORD = N'((?:[^']|'')*)'\z")]
    private static partial Regex AlterOwn();

    [GeneratedRegex(@"\A(CREATE|ALTER) (LOGIN|USER) \[((?:[^\]]|\]\])*)\] WITH PASSWORD = N'((?:[^']|'')*)'\z")]
    private static partial Regex Alter();

    [GeneratedRegex(@"WHERE name = N'((?:[^']|'')*)'\z")]
    private static partial Regex Named();

    private static byte[] Rows(string?[][] rows)
    {
        List<byte> answer = [];
        var columns = rows.Length == 0 ? 1 : rows[0].Length;
        answer.AddRange([0x81, (byte)columns, 0]);
        for (var i = 0; i < columns; i++)
            answer.AddRange([0, 0, 0, 0, 9, 0, 0xE7, 0x40, 0x1F, 0x09, 0x04, 0xD0, 0x00, 0x34, 1, (byte)'c', 0]);
        foreach (var row in rows)
        {
            answer.Add(0xD1);
            foreach (var value in row)
            {
                var bytes = Encoding.Unicode.GetBytes(value ?? "");
                answer.AddRange(value is null ? [0xFF, 0xFF] : [.. BitConverter.GetBytes((ushort)bytes.Length), .. bytes]);
            }
        }

        answer.AddRange(Done(0x10));
        return [.. answer];
    }

    private static byte[] LoginAck()
    {
        var name = Encoding.Unicode.GetBytes("Microsoft SQL Server");
        byte[] body = [1, 0x74, 0, 0, 4, (byte)(name.Length / 2), .. name, 16, 0, 0, 0];
        return [0xAD, (byte)body.Length, 0, .. body];
    }

    private static byte[] Error(int number, string text)
    {
        var bytes = Encoding.Unicode.GetBytes(text);
        byte[] body = [.. BitConverter.GetBytes(number), 1, 14, .. BitConverter.GetBytes((ushort)text.Length), .. bytes, 0, 0, 1, 0, 0, 0];
        return [0xAA, .. BitConverter.GetBytes((ushort)body.Length), .. body];
    }

    private static byte[] Done(byte status) => [0xFD, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    private static async Task<(byte Type, byte[] Message)> ReadMessageAsync(Stream stream, CancellationToken ct)
    {
        var header = new byte[8];
        var message = new MemoryStream();
        do
        {
            await stream.ReadExactlyAsync(header, ct);
            var body = new byte[BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2)) - 8];
            await stream.ReadExactlyAsync(body, ct);
            message.Write(body);
        }
        while ((header[1] & 1) == 0);
        return (header[0], message.ToArray());
    }

    private static async Task WriteMessageAsync(Stream stream, byte type, byte[] message, CancellationToken ct)
    {
        // In packets of 512 bytes, so that answers come in more than one.
        for (var sent = 0; sent < message.Length;)
        {
            var size = Math.Min(504, message.Length - sent);
            byte[] packet = [type, sent + size == message.Length ? (byte)1 : (byte)0, (byte)((size + 8) >> 8), (byte)((size + 8) & 0xFF), 0, 0, 1, 0, .. message[sent..(sent + size)]];
            await stream.WriteAsync(packet, ct);
            sent += size;
        }

        await stream.FlushAsync(ct);
    }

    /// <summary>A handshake in packets of the opening's kind.</summary>
    private sealed class PacketStream(Stream inner) : Stream
    {
        private readonly MemoryStream received = new();

        public bool IsDone { get; set; }

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (received.Position == received.Length)
            {
                if (IsDone)
                    return await inner.ReadAsync(buffer, cancellationToken);
                var (_, message) = await ReadMessageAsync(inner, cancellationToken);
                received.SetLength(0);
                received.Write(message);
                received.Position = 0;
            }

            return received.Read(buffer.Span);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (IsDone)
                await inner.WriteAsync(buffer, cancellationToken);
            else
                await WriteMessageAsync(inner, 0x12, buffer.ToArray(), cancellationToken);
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
