using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Endpoint;

/// <summary>What arrives when nobody means well. Every case ends in AWS's error or a closed connection, never a 5xx, never a stack trace.</summary>
public sealed class HostileRequestTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("not json", "SerializationException")]
    [InlineData("[]", "SerializationException")]
    [InlineData("\"x\"", "SerializationException")]
    [InlineData("{\"SecretId\":", "SerializationException")]
    [InlineData("{} trailing", "SerializationException")]
    [InlineData("{\"SecretId\":1}", "SerializationException")]
    [InlineData("{\"SecretId\":{}}", "SerializationException")]
    [InlineData("{\"SecretId\":\"\\ud800\"}", "SerializationException")]
    [InlineData("{}", "ValidationException")]
    [InlineData("", "ValidationException")]
    [InlineData("{\"SecretId\":null}", "ValidationException")]
    [InlineData("{\"SecretId\":\"a b\"}", "ValidationException")]
    [InlineData("{\"SecretId\":\"arn:aws:s3:::bucket\"}", "ValidationException")]
    [InlineData("{\"SecretId\":\"x\",\"VersionId\":\"short\"}", "ValidationException")]
    [InlineData("{\"SecretId\":\"x\",\"VersionId\":\"\\u0000abcdefghijklmnopqrstuvwxyz0123456789\"}", "ValidationException")]
    public async Task A_bad_body_is_the_callers_error(string body, string code)
    {
        var (status, text) = await server.SendAsync("GetSecretValue", body);

        Assert.Equal(400, status);
        Assert.Equal(code, (string?)JsonNode.Parse(text)!["__type"]);
    }

    [Fact]
    public async Task Deep_nesting_is_refused_and_unknown_members_are_not()
    {
        var deep = "{\"X\":" + string.Concat(Enumerable.Repeat("[", 5000)) + string.Concat(Enumerable.Repeat("]", 5000)) + "}";
        Assert.Equal(400, (await server.SendAsync("ListSecrets", deep)).Status);
        Assert.Equal(200, (await server.SendAsync("ListSecrets", "{\"Unknown\":{\"a\":[1,2]}}")).Status);
    }

    [Theory]
    [InlineData("/health", true)]
    [InlineData("/HEALTH", false)]
    [InlineData("/Health", false)]
    [InlineData("/health/", false)]
    public async Task Only_the_path_as_it_is_documented_asks_for_health(string path, bool isHealth)
    {
        var elsewhere = await GetAsync("/nothing");

        Assert.Equal(isHealth, (await GetAsync(path)).Status == 200);
        if (!isHealth)
            Assert.Equal(elsewhere, await GetAsync(path));

        async Task<(int Status, string Body)> GetAsync(string at)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, server.Url(at));
            using var answer = await server.SendAsync(request);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Missing_members_are_named_as_AWS_names_them()
    {
        var message = await server.FailAsync("GetSecretValue", new { }, "ValidationException");

        Assert.Equal("1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null", message);
    }

    [Theory]
    [InlineData("us-east-1", "secretsmanager", "wrong key", 0, "InvalidSignatureException")]
    [InlineData("not a region", "secretsmanager", RunningServer.SecretAccessKey, 0, "InvalidSignatureException")]
    [InlineData("us-east-1", "kms", RunningServer.SecretAccessKey, 0, "InvalidSignatureException")]
    [InlineData("us-east-1", "secretsmanager", RunningServer.SecretAccessKey, -6, "InvalidSignatureException")]
    [InlineData("us-east-1", "secretsmanager", RunningServer.SecretAccessKey, 6, "InvalidSignatureException")]
    [InlineData("us-east-1", "secretsmanager", RunningServer.SecretAccessKey, 4, null)]
    public async Task Only_a_good_signature_of_now_for_this_service_is_accepted(string region, string service, string key, int minutes, string? code)
    {
        using var request = server.Sign("secretsmanager.ListSecrets", "{}", region, service, key, server.Time.GetUtcNow().AddMinutes(minutes));
        using var response = await server.SendAsync(request);

        Assert.Equal(code is null ? 200 : 400, (int)response.StatusCode);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(code, (string?)body["__type"]);
        Assert.NotNull(response.Headers.Date);
    }

    [Fact]
    public async Task A_signed_request_is_good_for_its_region_only()
    {
        await server.CallAsync("CreateSecret", new { Name = "here", ClientRequestToken = new string('t', 32), SecretString = "x" });
        await server.FailAsync("GetSecretValue", new { SecretId = "here" }, "ResourceNotFoundException", "eu-west-1");

        using var request = server.Sign("secretsmanager.ListSecrets", "{}", "us-east-1", "secretsmanager", RunningServer.SecretAccessKey, server.Time.GetUtcNow());
        var authorization = request.Headers.GetValues("Authorization").Single();
        request.Headers.Remove("Authorization");
        request.Headers.TryAddWithoutValidation("Authorization", authorization.Replace("us-east-1", "eu-west-1", StringComparison.Ordinal));
        using var replayed = await server.SendAsync(request);
        Assert.Equal(400, (int)replayed.StatusCode);
    }

    [Fact]
    public async Task Another_target_than_the_signed_one_is_refused()
    {
        using var request = server.Sign("secretsmanager.ListSecrets", "{}", "us-east-1", "secretsmanager", RunningServer.SecretAccessKey, server.Time.GetUtcNow());
        request.Headers.Remove("X-Amz-Target");
        request.Headers.Add("X-Amz-Target", "secretsmanager.GetRandomPassword");
        using var response = await server.SendAsync(request);

        Assert.Contains("InvalidSignatureException", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.Nonsense\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 0\r\n\r\n", "MissingAuthenticationTokenException")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nAuthorization: AWS4-HMAC-SHA256 rubbish\r\nContent-Length: 0\r\n\r\n", "IncompleteSignatureException")]
    [InlineData("POST /other HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "UnknownOperationException")]
    [InlineData("GET /?Action=Nonsense&Version=2011-06-15 HTTP/1.1\r\nHost: x\r\n\r\n", "<Code>InvalidAction</Code>")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 2000000\r\n\r\n", "RequestEntityTooLarge")]
    [InlineData("PUT / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("CONNECT / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("DELETE /?Action=GetCallerIdentity&Version=2011-06-15 HTTP/1.1\r\nHost: x\r\n\r\n", "UnknownOperationException")]
    [InlineData("GET /?Action=GetCallerIdentity&Version=2011-06-15 HTTP/1.1\r\nHost: x\r\n\r\n", "<Code>MissingAuthenticationToken</Code>")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Type: application/x-amz-json-1.10\r\nContent-Length: 0\r\n\r\n", "UnknownOperationException")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Type: application/x-amz-json-1.1;charset=utf-8\r\nContent-Length: 0\r\n\r\n", "MissingAuthenticationTokenException")]
    [InlineData("rubbish\r\n\r\n", "400 Bad Request")]
    public async Task Raw_requests_are_answered_or_cut_off(string bytes, string expected)
    {
        var answer = await RawAsync(bytes);

        Assert.Contains(expected, answer, StringComparison.Ordinal);
        Assert.DoesNotMatch("HTTP/1.1 5..", answer);
        Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_call_is_recorded_too()
    {
        await RawAsync("POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: secretsmanager.ListSecrets\r\nContent-Length: 0\r\n\r\n");

        var record = server.Records()[^1];
        Assert.Equal(("ListSecrets", "MissingAuthenticationTokenException"), ((string)record["eventName"]!, (string)record["errorCode"]!));
    }

    private async Task<string> RawAsync(string bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Url().Host, server.Url().Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), TestContext.Current.CancellationToken);
        var buffer = new byte[16384];
        var answer = new StringBuilder();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        for (int read; (read = await stream.ReadAsync(buffer, timeout.Token)) > 0;)
        {
            answer.Append(Encoding.UTF8.GetString(buffer, 0, read));
            if (IsWhole(answer.ToString()))
                break;
        }

        return answer.ToString();
    }

    private static bool IsWhole(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        const string Length = "Content-Length: ";
        var at = answer.IndexOf(Length, StringComparison.Ordinal);
        return end > 0 && at > 0 && answer.Length - end - 4 >= int.Parse(answer[(at + Length.Length)..answer.IndexOf('\r', at)], CultureInfo.InvariantCulture);
    }
}
