using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MongoDB.Bson;
using MongoDB.Bson.Serialization;

namespace Strongroom.Tests.Server.Rotation.Databases;

/// <summary>
/// Speaks MongoDB's wire protocol for the real driver, where no server can be had: the opening in OP_QUERY, then OP_MSG, logins by SCRAM-SHA-256, and the
/// commands about users, with MongoDB's error codes. Source: MongoDB's manual, "MongoDB Wire Protocol", "createUser", "usersInfo"; RFC 5802, 7677.
/// </summary>
internal sealed class MongoStandIn : StandIn
{
    private readonly X509Certificate2? certificate;

    public MongoStandIn(X509Certificate2? certificate = null)
    {
        this.certificate = certificate;
        Start();
    }

    /// <summary>Users by "database.name".</summary>
    public ConcurrentDictionary<string, MongoUser> Users { get; } = new(StringComparer.Ordinal);

    /// <summary>Commands that logged-in users have sent, as they came, without the driver's own members.</summary>
    public ConcurrentQueue<BsonDocument> Commands { get; } = new();

    protected override async Task ServeAsync(Stream stream, CancellationToken ct)
    {
        if (certificate is not null)
        {
            var secured = new SslStream(stream);
            await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, ct);
            stream = secured;
        }

        await using (stream)
            await new Connection(this, stream).RunAsync(ct);
    }

    internal sealed record MongoUser(string Password, BsonArray Roles, bool MayChangeUsers = false, bool MayChangeItself = false);

    private sealed class Connection(MongoStandIn server, Stream stream)
    {
        private const int OpReply = 1, OpQuery = 2004, OpMsg = 2013;

        private string? user;
        private string claimed = "", firstBare = "", serverFirst = "", authDatabase = "";

        public async Task RunAsync(CancellationToken ct)
        {
            var header = new byte[16];
            while (true)
            {
                await stream.ReadExactlyAsync(header, ct);
                var body = new byte[BinaryPrimitives.ReadInt32LittleEndian(header) - 16];
                await stream.ReadExactlyAsync(body, ct);
                var id = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
                var answer = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(12)) switch
                {
                    OpQuery => Frame(id, OpReply, [.. new byte[16], 1, 0, 0, 0], Answer(Parse(body, Array.IndexOf(body, (byte)0, 4) + 9), Namespace(body))),
                    OpMsg when body[4] == 0 && Parse(body, 5) is var command => Frame(id, OpMsg, new byte[5], Answer(command, command["$db"].AsString)),
                    _ => throw new IOException("Not part of the stand-in."),
                };
                await stream.WriteAsync(answer, ct);
            }
        }

        private static BsonDocument Parse(byte[] body, int offset)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(offset));
            return BsonSerializer.Deserialize<BsonDocument>(body[offset..(offset + length)]);
        }

        // "database.$cmd", after the flags
        private static string Namespace(byte[] body)
        {
            var name = Encoding.UTF8.GetString(body.AsSpan(4, Array.IndexOf(body, (byte)0, 4) - 4));
            return name[..name.IndexOf('.', StringComparison.Ordinal)];
        }

        private static byte[] Frame(int to, int opCode, byte[] start, BsonDocument answer)
        {
            // OP_REPLY begins with flags, cursor, start and the count 1; OP_MSG with flags and the kind 0.
            var document = answer.ToBson();
            var frame = new byte[16 + start.Length + document.Length];
            BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length);
            BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), to);
            BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), opCode);
            start.CopyTo(frame, 16);
            document.CopyTo(frame, 16 + start.Length);
            return frame;
        }

        private BsonDocument Answer(BsonDocument command, string database)
        {
            var name = command.GetElement(0).Name;
            switch (name)
            {
                case "hello" or "isMaster" or "ismaster":
                    return Ok(new()
                    {
                        ["helloOk"] = true, ["ismaster"] = true, ["isWritablePrimary"] = true, ["maxBsonObjectSize"] = 16777216, ["maxMessageSizeBytes"] = 48000000,
                        ["maxWriteBatchSize"] = 100000, ["minWireVersion"] = 0, ["maxWireVersion"] = 21, ["readOnly"] = false,
                        ["saslSupportedMechs"] = new BsonArray { "SCRAM-SHA-256" },
                    });
                case "saslStart":
                    authDatabase = database;
                    return Start(Encoding.UTF8.GetString(command["payload"].AsByteArray));
                case "saslContinue":
                    return Continue(Encoding.UTF8.GetString(command["payload"].AsByteArray));
                case "endSessions" or "getLastError": // the driver's own
                    return Ok([]);
            }

            if (user is null || !server.Users.TryGetValue(user, out var self))
                return Error(13, "Unauthorized", "command requires authentication");
            server.Commands.Enqueue(new BsonDocument(command.Where(member => !member.Name.StartsWith('$') && member.Name != "lsid")));
            var about = command.GetElement(0).Value is BsonString text ? $"{database}.{text.Value}" : "";
            switch (name)
            {
                case "ping":
                    return Ok([]);
                case "usersInfo" when self.MayChangeUsers || about == user:
                    return Ok(new() { ["users"] = server.Users.TryGetValue(about, out var found) ? new BsonArray { Describe(about, found) } : [] });
                case "updateUser" when self.MayChangeUsers || (self.MayChangeItself && about == user):
                    if (!server.Users.TryGetValue(about, out var before))
                        return Error(11, "UserNotFound", $"Could not find user {about}");
                    server.Users[about] = before with { Password = command["pwd"].AsString };
                    return Ok([]);
                case "createUser" when self.MayChangeUsers:
                    return server.Users.TryAdd(about, new MongoUser(command["pwd"].AsString, command["roles"].AsBsonArray))
                        ? Ok([])
                        : Error(51003, "Location51003", $"User \"{about}\" already exists");
                default:
                    // As a real one, which quotes the command; this one the password too.
                    return Error(13, "Unauthorized", $"not authorized on {database} to execute command {command}");
            }
        }

        private static BsonDocument Describe(string id, MongoUser user) => new()
        {
            ["_id"] = id, ["user"] = id[(id.IndexOf('.', StringComparison.Ordinal) + 1)..], ["db"] = id[..id.IndexOf('.', StringComparison.Ordinal)],
            ["roles"] = user.Roles, ["mechanisms"] = new BsonArray { "SCRAM-SHA-256" },
        };

        private BsonDocument Start(string message)
        {
            // n,,n=NAME,r=NONCE with "=" and "," of the name written as =3D and =2C
            firstBare = message["n,,".Length..];
            var parts = firstBare.Split(',');
            claimed = $"{authDatabase}.{parts[0][2..].Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal)}";
            serverFirst = $"r={parts[1][2..]}{Convert.ToHexString(RandomNumberGenerator.GetBytes(12))},s={Convert.ToBase64String(RandomNumberGenerator.GetBytes(16))},i=4096";
            return Ok(new() { ["conversationId"] = 1, ["done"] = false, ["payload"] = Encoding.UTF8.GetBytes(serverFirst) });
        }

        private BsonDocument Continue(string message)
        {
            if (message.Length == 0)
                return Ok(new() { ["conversationId"] = 1, ["done"] = true, ["payload"] = Array.Empty<byte>() });
            var proof = Convert.FromBase64String(message[(message.IndexOf(",p=", StringComparison.Ordinal) + 3)..]);
            var withoutProof = message[..message.IndexOf(",p=", StringComparison.Ordinal)];
            var nonce = serverFirst.Split(',')[0];
            if (!server.Users.TryGetValue(claimed, out var found) || !withoutProof.EndsWith(nonce, StringComparison.Ordinal))
                return Error(18, "AuthenticationFailed", "Authentication failed.");
            var salt = Convert.FromBase64String(serverFirst.Split(',')[1][2..]);
            var salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(found.Password), salt, 4096, HashAlgorithmName.SHA256, 32);
            var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
            var exchange = Encoding.UTF8.GetBytes($"{firstBare},{serverFirst},{withoutProof}");
            var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), exchange);
            if (!proof.SequenceEqual(clientKey.Zip(signature, (a, b) => (byte)(a ^ b))))
                return Error(18, "AuthenticationFailed", "Authentication failed.");
            user = claimed;
            var verifier = Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), exchange));
            return Ok(new() { ["conversationId"] = 1, ["done"] = true, ["payload"] = Encoding.UTF8.GetBytes($"v={verifier}") });
        }

        private static BsonDocument Ok(BsonDocument answer)
        {
            answer["ok"] = 1.0;
            return answer;
        }

        private static BsonDocument Error(int code, string name, string message) =>
            new() { ["ok"] = 0.0, ["errmsg"] = message, ["code"] = code, ["codeName"] = name };
    }
}
