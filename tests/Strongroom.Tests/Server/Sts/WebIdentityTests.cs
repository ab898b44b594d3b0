using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Strongroom.Server.Iam;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Sts;

/// <summary>Source of the expected texts: IAM fact sheet 5.3, 5.6, 5.7, 8.2.</summary>
public sealed class WebIdentityTests : IAsyncLifetime
{
    private const string NoKey =
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements";

    private const string NoJwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    private const string Subject = "system:serviceaccount:shop:web";

    private readonly LoopbackIssuer issuer = new();
    private readonly string files = Directory.CreateTempSubdirectory("strongroom-oidc-").FullName;
    private RunningServer server = null!;

    private DateTimeOffset Now => server.Time.GetUtcNow();

    private string ProviderArn => $"arn:aws:iam::{RunningServer.Account}:oidc-provider/{issuer.Url}";

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(files, Uri.EscapeDataString(issuer.Url) + ".pem"), issuer.Authorities);
        server = await RunningServer.StartAsync(configure: o => o with { OidcDirectory = files, AllowPrivateOidcIssuers = true });
        await server.PutAsync(
            new IamOidcProvider { Url = issuer.Url, ClientIds = ["sts.amazonaws.com", "other-client"] },
            Role("web", Trusting($$$"""{"StringEquals":{"{{{issuer.Url}}}:aud":"sts.amazonaws.com","{{{issuer.Url}}}:sub":"{{{Subject}}}"}}"""), Allow("secretsmanager:GetSecretValue")));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await issuer.DisposeAsync();
        Directory.Delete(files, recursive: true);
    }

    [Fact]
    public async Task A_token_is_exchanged_for_a_session()
    {
        await server.CallAsync("CreateSecret", new { Name = "db", SecretString = "x", ClientRequestToken = Guid.NewGuid() });

        var answer = await AssumeAsync(issuer.Token(Now));

        Assert.Equal(["Credentials", "SubjectFromWebIdentityToken", "AssumedRoleUser", "Provider", "Audience"], answer.Elements().Select(e => e.Name.LocalName));
        Assert.Equal((Subject, ProviderArn, "sts.amazonaws.com"),
            (answer.Element("SubjectFromWebIdentityToken")!.Value, answer.Element("Provider")!.Value, answer.Element("Audience")!.Value));
        var web = server.ClientOf(answer);
        await web.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" });
        await web.JsonFailsAsync("secretsmanager.DeleteSecret", new { SecretId = "db" }, "AccessDeniedException");
    }

    [Fact]
    public async Task The_record_says_who_came_and_does_not_hold_the_token()
    {
        var token = issuer.Token(Now);
        var answer = await AssumeAsync(token);

        var record = server.Records()[^1];
        Assert.Equal(
            $$"""{"type":"WebIdentityUser","principalId":"{{ProviderArn}}:sts.amazonaws.com:{{Subject}}","userName":"{{Subject}}","identityProvider":"{{ProviderArn}}"}""",
            record["userIdentity"]!.ToJsonString());
        Assert.Equal(RunningServer.Account, (string?)record["recipientAccountId"]);
        Assert.Equal((RoleArn("web"), "session", (string?)null),
            ((string?)record["requestParameters"]!["roleArn"], (string?)record["requestParameters"]!["roleSessionName"], (string?)record["requestParameters"]!["webIdentityToken"]));
        Assert.Equal((Subject, ProviderArn, "sts.amazonaws.com"),
            ((string?)record["responseElements"]!["subjectFromWebIdentityToken"], (string?)record["responseElements"]!["provider"], (string?)record["responseElements"]!["audience"]));
        foreach (var secret in (string[])[token, answer.Descendants("SecretAccessKey").Single().Value, answer.Descendants("SessionToken").Single().Value])
            Assert.DoesNotContain(secret, record.ToJsonString(), StringComparison.Ordinal);

        await server.ClientOf(answer).StsAsync("GetCallerIdentity");
        Assert.Equal(
            $$"""{"federatedProvider":"{{ProviderArn}}","attributes":{} }""",
            server.Records()[^1]["userIdentity"]!["sessionContext"]!["webIdFederationData"]!.ToJsonString().Replace("}}", "} }", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("RS384")]
    [InlineData("RS512")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    public async Task Every_algorithm_of_the_list_is_taken(string algorithm)
    {
        issuer.Keys.Add(algorithm[0] == 'R' ? SigningKey.NewRsa("k2", algorithm) : SigningKey.NewEc("k2", algorithm));

        await AssumeAsync(issuer.Token(Now, key: issuer.Keys[1]));
    }

    [Fact]
    public async Task Who_the_trust_policy_does_not_name_is_refused_and_recorded()
    {
        foreach (var token in (string[])[issuer.Token(Now, c => c["sub"] = "system:serviceaccount:other:web"), issuer.Token(Now, c => c["aud"] = "other-client")])
            Assert.Equal("Not authorized to perform sts:AssumeRoleWithWebIdentity", await FailAsync(token, "AccessDenied", 403));

        Assert.Equal("Not authorized to perform sts:AssumeRoleWithWebIdentity", await FailAsync(issuer.Token(Now), "AccessDenied", 403, "absent"));
        var record = server.Records()[^1];
        Assert.Equal(("AccessDenied", "WebIdentityUser"), ((string?)record["errorCode"], (string?)record["userIdentity"]!["type"]));
    }

    [Fact]
    public async Task A_role_that_trusts_users_lets_no_token_in()
    {
        await server.PutAsync(Role("web", Trust("arn:aws:iam::111122223333:root", "\"sts:*\"")));

        await FailAsync(issuer.Token(Now), "AccessDenied", 403);
    }

    [Fact]
    public async Task The_party_that_a_token_was_given_to_is_its_audience()
    {
        await server.PutAsync(Role("web", Trusting($$$"""{"StringEquals":{"{{{issuer.Url}}}:aud":"other-client","{{{issuer.Url}}}:oaud":"somebody"}}""")));

        Assert.Equal("other-client", (await AssumeAsync(issuer.Token(Now, c => (c["aud"], c["azp"]) = ("somebody", "other-client")))).Element("Audience")!.Value);
        Assert.Equal("Incorrect token audience", await FailAsync(issuer.Token(Now, c => (c["aud"], c["azp"]) = ("sts.amazonaws.com", "somebody")), "InvalidIdentityToken"));
    }

    [Fact]
    public async Task Other_claims_are_condition_keys_and_none_takes_anothers_place()
    {
        await server.PutAsync(Role("web", Trusting($$$"""{"StringEquals":{"{{{issuer.Url}}}:repository":"org/app","{{{issuer.Url}}}:sub":"me"},"Null":{"{{{issuer.Url}}}:oaud":"true"}}""")));

        await AssumeAsync(issuer.Token(Now, c => (c["sub"], c["repository"]) = ("me", "org/app")));
        await AssumeAsync(issuer.Token(Now, c => (c["sub"], c["repository"], c["oaud"]) = ("me", "org/app", "claimed")));
        await FailAsync(issuer.Token(Now, c => (c["sub"], c["repository"]) = ("me", "org/other")), "AccessDenied", 403);
        await FailAsync(issuer.Token(Now, c => (c["sub"], c["SUB"], c["repository"]) = ("you", "me", "org/app")), "AccessDenied", 403);
    }

    [Fact]
    public async Task Session_tags_and_the_source_identity_come_from_the_token_where_the_role_consents()
    {
        void Claims(JsonObject c)
        {
            c["https://aws.amazon.com/tags"] = JsonNode.Parse("""{"principal_tags":{"team":["red"]},"transitive_tag_keys":["team"]}""");
            c["https://aws.amazon.com/source_identity"] = "ann";
        }

        await FailAsync(issuer.Token(Now, Claims), "AccessDenied", 403);

        await server.PutAsync(Role("web", Trusting("{}").Replace("sts:AssumeRoleWithWebIdentity", "sts:*", StringComparison.Ordinal),
            Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:${aws:PrincipalTag/team}/*")));
        foreach (var name in new[] { "red/a", "blue/a" })
            await server.CallAsync("CreateSecret", new { Name = name, SecretString = "x", ClientRequestToken = Guid.NewGuid() });
        var answer = await AssumeAsync(issuer.Token(Now, Claims));
        Assert.Equal("ann", answer.Element("SourceIdentity")!.Value);
        await server.ClientOf(answer).JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "red/a" });
        await server.ClientOf(answer).JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "blue/a" }, "AccessDeniedException");
    }

    [Fact]
    public async Task Times_count_to_the_second_and_clocks_may_differ_by_five_minutes()
    {
        var now = Now.ToUnixTimeSeconds();
        Assert.Equal(
            $"Token expired: current date/time {now} must be before the expiration date/time {now}",
            await FailAsync(issuer.Token(Now, c => c["exp"] = now), "ExpiredTokenException"));
        await AssumeAsync(issuer.Token(Now, c => c["exp"] = now + 1));
        foreach (var claim in new[] { "nbf", "iat" })
        {
            await AssumeAsync(issuer.Token(Now, c => c[claim] = now + 300));
            await FailAsync(issuer.Token(Now, c => c[claim] = now + 301), "InvalidIdentityToken");
            Assert.Equal(NoJwt, await FailAsync(issuer.Token(Now, c => c[claim] = "soon"), "InvalidIdentityToken"));
        }

        Assert.Equal(NoJwt, await FailAsync(issuer.Token(Now, c => c.Remove("exp")), "InvalidIdentityToken"));
    }

    [Fact]
    public async Task An_issuer_that_nobody_registered_is_never_asked()
    {
        await using var stranger = new LoopbackIssuer();

        Assert.Equal(
            $"No OpenIDConnect provider found in your account for {stranger.Issuer}", await FailAsync(stranger.Token(Now), "InvalidIdentityToken"));
        Assert.Equal(
            $"No OpenIDConnect provider found in your account for {issuer.Issuer}",
            (await SendAsync(issuer.Token(Now), RoleArn("web", "999988887777"))).Error().Message);
        Assert.Equal((0, 0), (stranger.Requests, issuer.Requests));
    }

    [Fact]
    public async Task A_token_without_a_good_signature_proves_nothing()
    {
        var good = issuer.Token(Now);
        var parts = good.Split('.');
        var claims = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        using var stranger = SigningKey.NewRsa("k1");
        string Hmac(byte[] key)
        {
            var text = SigningKey.Encode("""{"alg":"HS256","typ":"JWT","kid":"k1"}""") + "." + parts[1];
            return text + "." + System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text)));
        }

        foreach (var bad in (string[])
        [
            stranger.Sign("""{"alg":"RS256","kid":"k1"}""", claims),
            parts[0] + "." + SigningKey.Encode(claims.Replace("shop", "bank", StringComparison.Ordinal)) + "." + parts[2],
            parts[0] + "." + parts[1] + "." + parts[2][..^4] + (parts[2][^4] == 'A' ? 'B' : 'A') + parts[2][^3..],
            parts[0] + "." + parts[1] + ".AAAA",
        ])
        {
            Assert.Equal("The ID Token's signature could not be verified.", await FailAsync(bad, "InvalidIdentityToken"));
        }

        foreach (var bad in (string[])
        [
            SigningKey.Encode("""{"alg":"none","kid":"k1"}""") + "." + parts[1] + ".",
            SigningKey.Encode("""{"alg":"none","kid":"k1"}""") + "." + parts[1] + "." + parts[2],
            SigningKey.Encode("""{"alg":"NONE"}""") + "." + parts[1] + "." + parts[2],
            Hmac(issuer.Keys[0].PublicBytes()),
            Hmac(Encoding.ASCII.GetBytes(issuer.Keys[0].PublicPem())),
            issuer.Keys[0].Sign("""{"alg":"PS256","kid":"k1"}""", claims),
            issuer.Keys[0].Sign("""{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}""", claims),
            issuer.Keys[0].Sign("""{"alg":"RS256","alg":"RS256","kid":"k1"}""", claims),
            issuer.Keys[0].Sign("""{"alg":"RS256","kid":"k1"}""", claims[..^1] + ""","sub":"other"}"""),
            issuer.Keys[0].Sign("""{"alg":"RS256","kid":"k1"}""", claims.Replace("shop", "\\u0001", StringComparison.Ordinal)),
            issuer.Keys[0].Sign("""{"alg":"RS256","kid":"k1"}""", claims.Replace("shop", "\\ud800", StringComparison.Ordinal)),
            issuer.Keys[0].Sign("""{"alg":"RS256","kid":"k1"}""", "[" + new string('[', 60)),
            issuer.Token(Now, c => c["iss"] = "http://" + issuer.Url),
            issuer.Token(Now, c => c["iss"] = 1),
            issuer.Token(Now, c => c.Remove("sub")),
            issuer.Token(Now, c => c["sub"] = new string('s', 256)),
            parts[0] + "." + parts[1],
            good + ".AAAA",
            good + ".AAAA.AAAA",
            "....",
            "an access token",
        ])
        {
            Assert.Equal(NoJwt, await FailAsync(bad, "InvalidIdentityToken"));
        }
    }

    [Fact]
    public async Task The_key_that_a_token_names_must_be_one_and_fit()
    {
        var first = issuer.Keys[0];
        issuer.Keys.Add(SigningKey.NewRsa("twice"));
        issuer.Keys.Add(SigningKey.NewRsa("twice"));
        issuer.Keys.Add(SigningKey.NewRsa("small", bits: 1024));
        var ec = SigningKey.NewEc("curve", "ES384");
        issuer.Keys.Add(ec);

        foreach (var token in (string[])
        [
            issuer.Token(Now, key: issuer.Keys[1]),
            issuer.Token(Now, key: issuer.Keys[2]),
            issuer.Token(Now, key: issuer.Keys[3]),
            issuer.Token(Now, header: h => h["kid"] = "curve"),
            issuer.Token(Now, header: h => h["alg"] = "ES256", key: ec),
            issuer.Token(Now, header: h => h["kid"] = "absent"),
            issuer.Token(Now, header: h => h.Remove("kid")),
        ])
        {
            Assert.Equal(NoKey, await FailAsync(token, "InvalidIdentityToken"));
        }

        await AssumeAsync(issuer.Token(Now, key: first));
    }

    [Fact]
    public async Task A_token_need_not_name_the_only_key() => await AssumeAsync(issuer.Token(Now, header: h => h.Remove("kid")));

    [Fact]
    public async Task Keys_are_fetched_once_and_again_when_the_issuer_changes_them_but_not_for_every_token()
    {
        await AssumeAsync(issuer.Token(Now));
        await AssumeAsync(issuer.Token(Now));
        Assert.Equal(2, issuer.Requests);

        issuer.Keys.Insert(0, SigningKey.NewRsa("k2"));
        for (var i = 0; i < 5; i++)
            Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        Assert.Equal(2, issuer.Requests);

        server.Time.Advance(TimeSpan.FromSeconds(61));
        await AssumeAsync(issuer.Token(Now));
        Assert.Equal(4, issuer.Requests);

        var gone = issuer.Keys[1];
        issuer.Keys.Remove(gone);
        server.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now, key: gone), "InvalidIdentityToken"));
    }

    [Fact]
    public async Task An_issuer_that_is_away_is_not_missed_for_a_day()
    {
        await AssumeAsync(issuer.Token(Now));
        issuer.Misbehave = (_, stream, ct) => LoopbackIssuer.AnswerAsync(stream, "503 Service Unavailable", "", "", ct);

        server.Time.Advance(TimeSpan.FromHours(23));
        await AssumeAsync(issuer.Token(Now));

        server.Time.Advance(TimeSpan.FromHours(1));
        await FailAsync(issuer.Token(Now), "IDPCommunicationError");

        issuer.Misbehave = null;
        await FailAsync(issuer.Token(Now), "IDPCommunicationError");
        server.Time.Advance(TimeSpan.FromSeconds(61));
        await AssumeAsync(issuer.Token(Now));
    }

    [Fact]
    public async Task An_issuer_that_hangs_is_waited_for_ten_seconds_once_and_by_all_together()
    {
        var asked = new TaskCompletionSource();
        issuer.Misbehave = async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), ct);
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
        };

        var calls = Enumerable.Range(0, 8).Select(_ => FailAsync(issuer.Token(Now), "IDPCommunicationError")).ToList();
        await asked.Task;
        server.Time.Advance(TimeSpan.FromSeconds(10));

        await Task.WhenAll(calls);
        await FailAsync(issuer.Token(Now), "IDPCommunicationError");
        Assert.Equal(1, issuer.Requests);
    }

    [Fact]
    public async Task An_issuer_that_sends_without_end_is_not_listened_to()
    {
        long sent = 0;
        issuer.Misbehave = async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"u8.ToArray(), ct);
            var block = new byte[64 << 10];
            block.AsSpan().Fill((byte)' ');
            while (sent < 4L << 30)
            {
                await stream.WriteAsync(block, ct);
                sent += block.Length;
            }
        };

        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        // What was in flight when the connection ended is socket buffers.
        Assert.InRange(sent, 0, 64L << 20);
    }

    [Theory]
    [InlineData("302 Found", "Location: https://{0}/keys\r\n", "")]
    [InlineData("301 Moved Permanently", "Location: http://169.254.169.254/latest/meta-data\r\n", "")]
    [InlineData("404 Not Found", "", "{}")]
    [InlineData("200 OK", "", "no JSON")]
    [InlineData("200 OK", "", "[]")]
    [InlineData("200 OK", "", """{"issuer":"https://{0}","issuer":"https://{0}","jwks_uri":"https://{0}/keys"}""")]
    [InlineData("200 OK", "", """{"issuer":"https://elsewhere.example","jwks_uri":"https://{0}/keys"}""")]
    [InlineData("200 OK", "", """{"issuer":"https://{0}","jwks_uri":"http://{0}/keys"}""")]
    [InlineData("200 OK", "", """{"issuer":"https://{0}","jwks_uri":"file:///etc/passwd"}""")]
    [InlineData("200 OK", "", """{"issuer":"https://{0}","jwks_uri":"https://169.254.169.254/keys"}""")]
    [InlineData("200 OK", "", """{"issuer":"https://{0}"}""")]
    public async Task An_issuer_that_answers_something_else_is_no_help(string status, string headers, string body)
    {
        string Filled(string text) => text.Replace("{0}", issuer.Url, StringComparison.Ordinal);
        issuer.Misbehave = (path, stream, ct) => path == "/keys"
            ? LoopbackIssuer.AnswerAsync(stream, "200 OK", "", new JsonObject { ["keys"] = new JsonArray(issuer.Keys[0].Public()) }.ToJsonString(), ct)
            : LoopbackIssuer.AnswerAsync(stream, status, Filled(headers), Filled(body), ct);

        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        Assert.Equal(1, issuer.Requests);
    }

    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("/", "/:")]
    public async Task An_issuer_may_end_with_a_slash(string registered, string key)
    {
        issuer.Discovery = i => new JsonObject { ["issuer"] = i.Issuer + "/", ["jwks_uri"] = i.Issuer + "/keys" };
        await File.WriteAllTextAsync(Path.Combine(files, Uri.EscapeDataString(issuer.Url + registered) + ".pem"), issuer.Authorities, TestContext.Current.CancellationToken);
        await server.RemoveAsync(new IamOidcProvider { Url = issuer.Url });
        await server.PutAsync(
            new IamOidcProvider { Url = issuer.Url + registered, ClientIds = ["sts.amazonaws.com"] },
            Role("web", Trusting($$$"""{"StringEquals":{"{{{issuer.Url + key.TrimEnd('/')}}}:sub":"{{{Subject}}}"}}""".Replace("::", ":", StringComparison.Ordinal)).Replace(ProviderArn, ProviderArn + registered, StringComparison.Ordinal)));

        await AssumeAsync(issuer.Token(Now, c => c["iss"] = issuer.Issuer + "/"));
    }

    [Fact]
    public async Task A_private_issuer_is_asked_only_where_the_operator_says_so()
    {
        await server.CloseAsync();
        await server.OpenAsync(configure: o => o with { OidcDirectory = files });

        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        Assert.Equal(0, issuer.Requests);
    }

    [Fact]
    public async Task An_issuer_whose_certificate_nobody_vouches_for_is_not_believed()
    {
        File.Delete(Path.Combine(files, Uri.EscapeDataString(issuer.Url) + ".pem"));

        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        Assert.Equal(0, issuer.Requests);
    }

    [Fact]
    public async Task Keys_from_a_file_serve_an_issuer_out_of_reach()
    {
        var file = Path.Combine(files, Uri.EscapeDataString(issuer.Url) + ".jwks.json");
        issuer.Misbehave = (_, _, _) => throw new InvalidOperationException("Nobody should ask.");
        await WriteAsync(issuer.Keys[0], 1);
        await AssumeAsync(issuer.Token(Now));

        issuer.Keys.Insert(0, SigningKey.NewRsa("k2"));
        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        await WriteAsync(issuer.Keys[0], 2);
        await AssumeAsync(issuer.Token(Now));
        await File.WriteAllTextAsync(file, "no keys", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, 3, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(NoKey, await FailAsync(issuer.Token(Now), "InvalidIdentityToken"));
        Assert.Equal(0, issuer.Requests);

        async Task WriteAsync(SigningKey key, int day)
        {
            await File.WriteAllTextAsync(file, new JsonObject { ["keys"] = new JsonArray(key.Public()) }.ToJsonString());
            File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, day, 0, 0, 0, DateTimeKind.Utc));
        }
    }

    [Theory]
    [InlineData("DurationSeconds", "3601", "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")]
    [InlineData("RoleArn", "not-an-arn-but-long-enough", "ValidationError", "not-an-arn-but-long-enough is invalid")]
    [InlineData("Policy", "{}", "MalformedPolicyDocument", null)]
    public async Task A_bad_parameter_gets_AWSs_error(string name, string value, string code, string? message)
    {
        var (status, body) = await SendAsync(issuer.Token(Now), more: (name, value));

        Assert.Equal((400, code), (status, (status, body).Error().Code));
        if (message is not null)
            Assert.Equal(message, (status, body).Error().Message);
    }

    private string Trusting(string condition) => $$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"{{ProviderArn}}"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{{condition}}}]}
        """;

    private async Task<XElement> AssumeAsync(string token)
    {
        var (status, body) = await SendAsync(token);
        Assert.True(status == 200, $"{status} {body}");
        return XElement.Parse(body.Replace(" xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"", "", StringComparison.Ordinal)).Element("AssumeRoleWithWebIdentityResult")!;
    }

    private async Task<string> FailAsync(string token, string code, int status = 400, string role = "web")
    {
        var answer = await SendAsync(token, RoleArn(role));
        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
        Assert.Equal(code, answer.Error().Code);
        return answer.Error().Message;
    }

    private async Task<(int Status, string Body)> SendAsync(string token, string? roleArn = null, params (string Name, string Value)[] more)
    {
        var form = new Dictionary<string, string>
        {
            ["Action"] = "AssumeRoleWithWebIdentity",
            ["Version"] = "2011-06-15",
            ["RoleArn"] = roleArn ?? RoleArn("web"),
            ["RoleSessionName"] = "session",
            ["WebIdentityToken"] = token,
        };
        foreach (var (name, value) in more)
            form[name] = value;
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url()) { Content = new FormUrlEncodedContent(form) };
        using var response = await server.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}

internal static class QueryAnswers
{
    public static (string Code, string Message) Error(this (int Status, string Body) answer)
    {
        var error = XElement.Parse(answer.Body).Elements().Single(e => e.Name.LocalName == "Error");
        return (error.Elements().Single(e => e.Name.LocalName == "Code").Value, error.Elements().Single(e => e.Name.LocalName == "Message").Value);
    }
}
