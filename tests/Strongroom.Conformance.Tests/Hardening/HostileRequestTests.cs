using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;

namespace Strongroom.Conformance.Tests.Hardening;

/// <summary>Requests that no SDK makes: AWS's error, or a closed connection; never a 5xx, never a word about our insides.</summary>
public sealed class HostileRequestTests(SharedServer server)
{
    private const string Get = "secretsmanager.GetSecretValue";
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"SecretId":"x"}""");

    private async Task RefusedAsync(HttpRequestMessage request, int status, string code, string? message = null)
    {
        using (request)
        {
            using var response = await server.Raw.SendAsync(request);
            NothingInside(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var answer = await RawClient.ReadAsync(response);
            Assert.Equal((status, code), (answer.Status, answer.Code ?? "success"));
            Assert.False(string.IsNullOrEmpty(answer.Message));
            if (message is not null)
                Assert.Equal(message, answer.Message);
            Assert.True(Guid.TryParse(response.Headers.GetValues("x-amzn-RequestId").Single(), out _));
        }
    }

    private static void NothingInside(string text)
    {
        foreach (var word in new[] { "   at ", "Exception:", "Strongroom.", "System.", ".cs:line", "Kestrel", "SQLite" })
            Assert.DoesNotContain(word, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsigned()
    {
        var request = server.Raw.Signed(Get, Body);
        request.Headers.Remove("Authorization");

        await RefusedAsync(request, 400, "MissingAuthenticationTokenException");
    }

    [Fact]
    public Task A_wrong_secret_key() => RefusedAsync(
        server.Raw.Signed(Get, Body, with: server.Raw.Key with { Secret = new string('x', 40) }), 400, "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.");

    [Fact]
    public async Task A_body_changed_after_signing()
    {
        var request = server.Raw.Signed(Get, Body);
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"SecretId":"y"}""")) { Headers = { { "Content-Type", "application/x-amz-json-1.1" } } };

        await RefusedAsync(request, 400, "InvalidSignatureException");
    }

    [Fact]
    public Task An_unknown_access_key() => RefusedAsync(
        server.Raw.Signed(Get, Body, with: new AccessKey("AKIAIOSFODNN7EXAMPLE", "x")), 400, "UnrecognizedClientException", "The security token included in the request is invalid.");

    [Fact]
    public Task A_region_that_is_none() => RefusedAsync(
        server.Raw.Signed(Get, Body, region: "nowhere"), 400, "InvalidSignatureException", "Credential should be scoped to a valid region, not 'nowhere'. ");

    [Fact]
    public Task Another_service() => RefusedAsync(
        server.Raw.Signed(Get, Body, service: "s3"), 400, "InvalidSignatureException", "Credential should be scoped to correct service: 'secretsmanager'. ");

    [Theory, InlineData(-6), InlineData(6)]
    public async Task Too_old_or_too_new(int minutes)
    {
        using var request = server.Raw.Signed(Get, Body, at: DateTimeOffset.UtcNow.AddMinutes(minutes));
        using var response = await server.Raw.SendAsync(request);
        var answer = await RawClient.ReadAsync(response);

        Assert.Equal((400, "InvalidSignatureException"), (answer.Status, answer.Code));
        Assert.Matches(
            minutes < 0
                ? @"^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$"
                : @"^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 5 min\.\)$",
            answer.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AWS4-HMAC-SHA256")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer x")]
    public async Task A_malformed_Authorization(string header)
    {
        using var request = server.Raw.Signed(Get, Body);
        request.Headers.Remove("Authorization");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using var response = await server.Raw.SendAsync(request);
        var answer = await RawClient.ReadAsync(response);

        Assert.Equal(400, answer.Status);
        Assert.Contains(answer.Code, new[] { "IncompleteSignatureException", "MissingAuthenticationTokenException", "InvalidSignatureException" });
        Assert.False(string.IsNullOrEmpty(answer.Message));
    }

    [Theory]
    [InlineData("secretsmanager.NoSuchOperation")]
    [InlineData("secretsmanager.getsecretvalue")]
    [InlineData("SecretsManager.GetSecretValue")]
    [InlineData("DynamoDB_20120810.GetItem")]
    public Task An_unknown_operation(string target) => RefusedAsync(server.Raw.Signed(target, Body), 400, "UnknownOperationException");

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("nonsense")]
    [InlineData("{\"SecretId\":\"x\"}{}")]
    [InlineData("{\"SecretId\":\"\\ud800\"}")]
    public async Task Malformed_JSON(string body)
    {
        using var request = server.Raw.Signed(Get, Encoding.UTF8.GetBytes(body));
        using var response = await server.Raw.SendAsync(request);
        var answer = await RawClient.ReadAsync(response);

        Assert.Equal(400, answer.Status);
        Assert.Contains(answer.Code, new[] { "SerializationException", "ValidationException" });
        NothingInside(answer.Message!);
    }

    [Fact]
    public Task Bytes_that_are_not_UTF8() => RefusedAsync(server.Raw.Signed(Get, [.. "{\"SecretId\":\""u8, 0xff, 0xfe, .. "\"}"u8]), 400, "SerializationException");

    [Fact]
    public async Task Two_mebibytes()
    {
        using var request = server.Raw.Signed(Get, new byte[2 << 20]);
        try
        {
            using var response = await server.Raw.SendAsync(request);
            Assert.Equal(413, (int)response.StatusCode);
            NothingInside(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        catch (HttpRequestException e) when (e.InnerException is IOException or SocketException)
        {
            // Cut off while still sending: refused all the same.
        }

        Assert.Equal("HTTP/1.1 200 OK", await ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    [InlineData("POST /x HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.GetSecretValue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")]
    [InlineData("DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("\u0000\u0001\u0002garbage\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [InlineData("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")]
    public async Task Raw_bytes(string request)
    {
        var status = await ExchangeAsync(request);

        // An answer, if there is one, is a refusal; an HTTP/2 preface gets a frame that is no text.
        Assert.True(status.StartsWith("HTTP/1.1 4", StringComparison.Ordinal) || !status.StartsWith("HTTP/", StringComparison.Ordinal), status);
    }

    [Fact]
    public async Task A_body_that_never_comes_holds_nobody_up()
    {
        using var slow = await ConnectAsync();
        await slow.SendAsync(Encoding.ASCII.GetBytes("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 100\r\n\r\n{"), SocketFlags.None);

        Assert.Equal("HTTP/1.1 200 OK", await ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
        _ = (await server.Raw.CallAsync("ListSecrets", new() { ["MaxResults"] = 1 })).Ok;
    }

    [Fact]
    public async Task A_presigned_GetCallerIdentity_is_answered_once_per_signature_and_not_when_altered()
    {
        var url = server.Raw.Presigned("Action=GetCallerIdentity&Version=2011-06-15", "sts");
        using var http = new HttpClient();

        var good = await http.GetAsync(url, TestContext.Current.CancellationToken);
        var bad = await http.GetAsync(new Uri(url.ToString().Replace("X-Amz-Expires=60", "X-Amz-Expires=61", StringComparison.Ordinal)), TestContext.Current.CancellationToken);

        var answer = XDocument.Parse(await good.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        XNamespace sts = "https://sts.amazonaws.com/doc/2011-06-15/";
        var account = answer.Descendants(sts + "Account").Single().Value;
        Assert.Equal($"arn:aws:iam::{account}:root", answer.Descendants(sts + "Arn").Single().Value);
        Assert.Equal(403, (int)bad.StatusCode);
        var error = XDocument.Parse(await bad.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("SignatureDoesNotMatch", error.Descendants(sts + "Code").Single().Value);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 10_000 };
        await socket.ConnectAsync(server.Raw.Endpoint.Host, server.Raw.Endpoint.Port);
        return socket;
    }

    /// <summary>Sends bytes and reads until the server closes or nothing more comes; returns the status line.</summary>
    private async Task<string> ExchangeAsync(string request)
    {
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), SocketFlags.None);
        var received = new StringBuilder();
        var buffer = new byte[8192];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            while (await socket.ReceiveAsync(buffer, SocketFlags.None, limit.Token) is var count and > 0)
                received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // A reset, or a connection kept alive: what came until then counts.
        }

        NothingInside(received.ToString());
        return received.ToString().Split('\r')[0];
    }
}
