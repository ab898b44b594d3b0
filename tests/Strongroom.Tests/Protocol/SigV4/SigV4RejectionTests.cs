using System.Text;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>Every way to be turned away, with the text AWS uses for it. Each starts from one request that is accepted.</summary>
public sealed class SigV4RejectionTests
{
    private const string Key = "AKIAIOSFODNN7EXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    private const string Scope = "20260115/eu-west-1/secretsmanager/aws4_request";
    private const string Zeroes = "0000000000000000000000000000000000000000000000000000000000000000";
    private const string Mismatch =
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
        + "Consult the service documentation for details.";

    private static readonly DateTimeOffset SignedAt = new(2026, 1, 15, 12, 30, 45, TimeSpan.Zero);
    private static readonly SigV4Options Json = SigV4Options.Json("secretsmanager", region => region == "eu-west-1");
    private static readonly SigV4Options Query = SigV4Options.Query("sts", region => region == "eu-west-1");

    [Fact]
    public void The_request_the_others_are_made_from_is_accepted() => Assert.Equal(SigV4Failure.None, Authenticate(Good()).Failure);

    [Fact]
    public void Credentials_in_query_and_header_are_refused() => Refused(
        Good() with { Target = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256" },
        "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");

    [Theory]
    [InlineData(null)]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer x")]
    [InlineData("")]
    public void A_request_without_a_signature_is_refused(string? authorization) => Refused(
        Good().With("Authorization", authorization), "MissingAuthenticationTokenException", "Request is missing Authentication Token");

    [Theory]
    [InlineData("AWS4-HMAC-SHA256 Credential=a, rubbish, Signature=c", "rubbish")]
    [InlineData("AWS4-HMAC-SHA256 Credential", "Credential")]
    public void An_authorization_part_without_equals_sign_is_refused(string authorization, string part) => Refused(
        Good().With("Authorization", authorization),
        "IncompleteSignatureException",
        $"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{authorization}'.");

    [Theory]
    [InlineData("Credential=a, SignedHeaders=host", "Authorization header requires 'Signature' parameter. ")]
    [InlineData("Signature=a, SignedHeaders=host", "Authorization header requires 'Credential' parameter. ")]
    [InlineData("Signature=a, Credential=b", "Authorization header requires 'SignedHeaders' parameter. ")]
    [InlineData(
        "Other=a",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. ")]
    public void Missing_authorization_parts_are_listed(string parts, string sentences) => Refused(
        Good().With("Authorization", "AWS4-HMAC-SHA256 " + parts), "IncompleteSignatureException", sentences + "Authorization=AWS4-HMAC-SHA256 " + parts);

    [Fact]
    public void A_missing_date_is_listed_last()
    {
        var authorization = "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host";

        Refused(
            Good().With("X-Amz-Date", null).With("Authorization", authorization),
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
            + "Authorization=" + authorization);
    }

    [Fact]
    public void Two_authorization_headers_are_refused()
    {
        var good = Good();

        var outcome = Authenticate(good with { Headers = [.. good.Headers, KeyValuePair.Create("authorization", good.Header("Authorization")!)] });

        Assert.Equal(SigV4Failure.Repeated, outcome.Failure);
        Assert.Equal("IncompleteSignatureException", outcome.Error.Code);
    }

    [Fact]
    public void A_part_given_twice_is_refused() => Assert.Equal(
        SigV4Failure.Repeated, Authenticate(Good().With("Authorization", Good().Header("Authorization") + ", Signature=" + Zeroes)).Failure);

    [Theory]
    [InlineData("X-Amz-Date", "2026-01-15T12:30:45Z")]
    [InlineData("X-Amz-Date", "20260115T123045")]
    [InlineData("X-Amz-Date", "20260230T123045Z")]
    [InlineData("X-Amz-Date", "20260115T253045Z")]
    [InlineData("X-Amz-Date", "")]
    [InlineData("Date", "yesterday")]
    [InlineData("Date", "Thu, 15 Jan 2026 12:30:45 CET")]
    public void A_date_in_another_form_is_refused(string header, string value) => Refused(
        Good().With("X-Amz-Date", null).With(header, value),
        "IncompleteSignatureException",
        $"Date must be in ISO-8601 'basic format'. Got '{value}'. See http://en.wikipedia.org/wiki/ISO_8601");

    [Fact]
    public void An_old_signature_is_refused() => Refused(
        Good(),
        "InvalidSignatureException",
        "Signature expired: 20260115T123045Z is now earlier than 20260115T123046Z (20260115T123546Z - 5 min.)",
        now: SignedAt.AddSeconds(301.9));

    [Fact]
    public void A_signature_from_the_future_is_refused() => Refused(
        Good(),
        "InvalidSignatureException",
        "Signature not yet current: 20260115T123045Z is still later than 20260115T123044Z (20260115T122544Z + 5 min.)",
        now: SignedAt.AddSeconds(-301));

    [Theory]
    [InlineData(300.9)]
    [InlineData(-300)]
    public void The_window_includes_its_edges(double seconds) =>
        Assert.Equal(SigV4Failure.None, Authenticate(Good(), now: SignedAt.AddSeconds(seconds)).Failure);

    [Fact]
    public void A_signature_that_leaves_out_the_host_is_refused() => Refused(
        Good().With("Authorization", $"AWS4-HMAC-SHA256 Credential={Key}/{Scope}, SignedHeaders=x-amz-date;x-amz-target, Signature={Zeroes}"),
        "InvalidSignatureException",
        "'Host' must be a 'SignedHeader' in the AWS Authorization.");

    [Theory]
    [InlineData("AWS4-ECDSA-P256-SHA256")]
    [InlineData("AWS4-HMAC-SHA512")]
    [InlineData("AWS4-hmac-sha256")]
    public void Another_algorithm_is_refused(string algorithm) => Refused(
        Good().With("Authorization", Good().Header("Authorization")!.Replace("AWS4-HMAC-SHA256", algorithm, StringComparison.Ordinal)),
        "IncompleteSignatureException",
        $"Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now). ");

    [Theory]
    [InlineData("AKID")]
    [InlineData("AKID/20260115/eu-west-1/secretsmanager")]
    [InlineData("AKID/20260115/eu-west-1/secretsmanager/aws4_request/more")]
    public void A_credential_without_five_parts_is_refused(string credential) => Refused(
        WithCredential(credential),
        "IncompleteSignatureException",
        $"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'");

    [Theory]
    [InlineData("20260115/nowhere/secretsmanager/aws4_request", "Credential should be scoped to a valid region, not 'nowhere'. ")]
    [InlineData("20260115/eu-west-1/kms/aws4_request", "Credential should be scoped to correct service: 'secretsmanager'. ")]
    [InlineData(
        "20260115/eu-west-1/secretsmanager/aws5_request",
        "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'. ")]
    [InlineData(
        "20260114/eu-west-1/secretsmanager/aws4_request",
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260114' != '20260115', from '20260115T123045Z'.")]
    [InlineData(
        "1/2/3/4",
        "Credential should be scoped to a valid region, not '2'. Credential should be scoped to correct service: 'secretsmanager'. "
        + "Credential should be scoped with a valid terminator: 'aws4_request', not '4'. "
        + "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '1' != '20260115', from '20260115T123045Z'.")]
    public void A_credential_of_another_scope_is_refused(string scope, string message) =>
        Refused(WithCredential(Key + "/" + scope), "InvalidSignatureException", message);

    [Fact]
    public void An_unknown_access_key_is_refused() => Refused(
        WithCredential("AKIAUNKNOWN/" + Scope), "UnrecognizedClientException", "The security token included in the request is invalid.");

    [Fact]
    public void A_wrong_secret_is_refused() =>
        Assert.Equal(new SigV4Error("InvalidSignatureException", Mismatch, 400), Good().Authenticate(Json, SignedAt, Key, "another secret").Error);

    [Theory]
    [InlineData("0")]
    [InlineData(Zeroes)]
    [InlineData(Zeroes + "00")]
    [InlineData("zz")]
    public void A_wrong_signature_is_refused(string signature) =>
        Refused(WithPart("Signature", signature), "InvalidSignatureException", Mismatch);

    [Fact]
    public void A_signature_in_upper_case_is_refused() =>
        Refused(WithPart("Signature", Good().Header("Authorization")!.Split("Signature=")[1].ToUpperInvariant()), "InvalidSignatureException", Mismatch);

    [Theory]
    [InlineData("X-Amz-Target")]
    [InlineData("X-AMZ-ANYTHING")]
    [InlineData("x-amz-")]
    public void A_header_that_AWS_acts_on_must_be_signed(string header)
    {
        var request = Good().With("X-Amz-Target", null).With("Authorization", null);
        var authorization = SigV4Signer.Sign("POST", "/", request.Headers, "{}"u8, new(Key, Secret), "eu-west-1", "secretsmanager", SignedAt);
        request = request.With("Authorization", authorization);
        Assert.Equal(SigV4Failure.None, Authenticate(request).Failure);

        Refused(request.With(header, "secretsmanager.DeleteSecret"), "InvalidSignatureException", Mismatch);
    }

    [Fact]
    public void A_signed_header_that_did_not_arrive_is_a_mismatch() =>
        Refused(Good(KeyValuePair.Create("X-Custom", "")).With("X-Custom", null), "InvalidSignatureException", Mismatch);

    [Theory]
    [InlineData("X-Amz-Date;host;x-amz-target")]
    [InlineData("Accept;host;x-amz-date;x-amz-target")]
    [InlineData("host;host;x-amz-date;x-amz-target")]
    [InlineData("x-amz-date;host;x-amz-target")]
    [InlineData(";host;x-amz-date;x-amz-target")]
    [InlineData("host;x-amz-date;x-amz-target;")]
    public void A_list_of_signed_headers_must_be_lower_case_sorted_and_unique(string list)
    {
        // Signed over the very list, so that nothing but its form is wrong.
        var request = WithPart("SignedHeaders", list).With("Accept", "a");
        var values = list.Split(';').Select(name => $"{name}:{request.Header(name)}\n");
        var canonical = $"POST\n/\n\n{string.Concat(values)}\n{list}\n{Hash("{}"u8)}";
        Assert.True(SigV4Parser.TryParse(request.AsSigned(), Json, SignedAt, out var authorization, out _));
        using var keys = new SigningKeyCache(TimeProvider.System);
        using var key = keys.Derive(authorization, 1, Encoding.UTF8.GetBytes(Secret));
        var stringToSign = $"AWS4-HMAC-SHA256\n20260115T123045Z\n{Scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}";
        var signed = new byte[32];
        key.Sign(Encoding.UTF8.GetBytes(stringToSign), signed);
        var signature = Convert.ToHexStringLower(signed);
        var parts = request.Header("Authorization")!.Split("Signature=");

        Refused(request.With("Authorization", parts[0] + "Signature=" + signature), "InvalidSignatureException", Mismatch);
    }

    [Theory]
    [InlineData("UNSIGNED-PAYLOAD")]
    [InlineData("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")]
    [InlineData(Zeroes)]
    [InlineData("")]
    public void A_declared_payload_hash_must_be_the_hash_of_the_body(string declared) =>
        Refused(Good(KeyValuePair.Create("x-amz-content-sha256", declared)), "InvalidSignatureException", Mismatch);

    [Fact]
    public void A_true_payload_hash_is_accepted() =>
        Assert.Equal(SigV4Failure.None, Authenticate(Good(KeyValuePair.Create("x-amz-content-sha256", Hash("{}"u8)))).Failure);

    [Fact]
    public void A_temporary_key_needs_its_token_and_a_permanent_one_must_have_none()
    {
        Assert.Equal(SigV4Failure.UnknownAccessKey, WithCredential("ASIAIOSFODNN7EXAMPLE/" + Scope).Authenticate(Json, SignedAt, "ASIAIOSFODNN7EXAMPLE", Secret).Failure);
        Assert.Equal(SigV4Failure.UnknownAccessKey, Authenticate(Good(KeyValuePair.Create("x-amz-security-token", "t"))).Failure);
    }

    [Theory]
    [InlineData(SigV4Failure.UnknownSessionToken, "UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid")]
    [InlineData(SigV4Failure.ExpiredSessionToken, "ExpiredTokenException", "ExpiredToken", "The security token included in the request is expired")]
    [InlineData(SigV4Failure.UnknownAccessKey, "UnrecognizedClientException", "InvalidClientTokenId", "The security token included in the request is invalid.")]
    public void What_the_caller_finds_out_has_its_error_too(SigV4Failure failure, string jsonCode, string queryCode, string message)
    {
        Assert.True(SigV4Parser.TryParse(Good().AsSigned(), Json, SignedAt, out var authorization, out _));

        Assert.Equal(new SigV4Error(jsonCode, message, 400), SigV4Failures.Describe(failure, authorization, Json, SignedAt));
        Assert.Equal(new SigV4Error(queryCode, message, 403), SigV4Failures.Describe(failure, authorization, Query, SignedAt));
    }

    [Theory]
    [InlineData(SigV4Failure.MissingAuthentication, "MissingAuthenticationToken", 403)]
    [InlineData(SigV4Failure.NotKeyValue, "IncompleteSignature", 400)]
    [InlineData(SigV4Failure.MissingParts, "IncompleteSignature", 400)]
    [InlineData(SigV4Failure.MalformedCredential, "IncompleteSignature", 400)]
    [InlineData(SigV4Failure.Expired, "SignatureDoesNotMatch", 403)]
    [InlineData(SigV4Failure.NotYetCurrent, "SignatureDoesNotMatch", 403)]
    [InlineData(SigV4Failure.WrongScope, "SignatureDoesNotMatch", 403)]
    [InlineData(SigV4Failure.SignatureMismatch, "SignatureDoesNotMatch", 403)]
    public void Query_services_have_their_own_codes(SigV4Failure failure, string code, int status)
    {
        Assert.True(SigV4Parser.TryParse(Good().AsSigned(), Json, SignedAt, out var authorization, out _));

        var error = SigV4Failures.Describe(failure, authorization, Query, SignedAt);

        Assert.Equal((code, status), (error.Code, error.HttpStatus));
    }

    [Fact]
    public void Earlier_checks_hide_later_ones()
    {
        // Everything is wrong at once; repaired one by one, each failure shows in AWS's order.
        var request = Good() with { Target = "/?X-Amz-Algorithm=x" };
        request = request.With("X-Amz-Date", "nonsense").With("Authorization", "AWS4-NO rubbish");
        Assert.Equal(SigV4Failure.BothCarriers, Authenticate(request).Failure);
        request = request with { Target = "/" };
        Assert.Equal(SigV4Failure.NotKeyValue, Authenticate(request).Failure);
        request = request.With("Authorization", "AWS4-NO Credential=a/b");
        Assert.Equal(SigV4Failure.MissingParts, Authenticate(request).Failure);
        request = request.With("Authorization", "AWS4-NO Credential=a/b, SignedHeaders=x, Signature=y");
        Assert.Equal(SigV4Failure.MalformedDate, Authenticate(request).Failure);
        request = request.With("X-Amz-Date", "20000101T000000Z");
        Assert.Equal(SigV4Failure.Expired, Authenticate(request).Failure);
        request = request.With("X-Amz-Date", "20300101T000000Z");
        Assert.Equal(SigV4Failure.NotYetCurrent, Authenticate(request).Failure);
        request = request.With("X-Amz-Date", "20260115T123045Z");
        Assert.Equal(SigV4Failure.HostNotSigned, Authenticate(request).Failure);
        request = request.With("Authorization", "AWS4-NO Credential=a/b, SignedHeaders=host, Signature=y");
        Assert.Equal(SigV4Failure.UnsupportedAlgorithm, Authenticate(request).Failure);
        request = request.With("Authorization", "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=y");
        Assert.Equal(SigV4Failure.MalformedCredential, Authenticate(request).Failure);
        request = request.With("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=y");
        Assert.Equal(SigV4Failure.WrongScope, Authenticate(request).Failure);
        request = request.With("Authorization", $"AWS4-HMAC-SHA256 Credential=a/{Scope}, SignedHeaders=host, Signature=y");
        Assert.Equal(SigV4Failure.UnknownAccessKey, Authenticate(request).Failure);
        request = request.With("Authorization", $"AWS4-HMAC-SHA256 Credential={Key}/{Scope}, SignedHeaders=host, Signature=y");
        Assert.Equal(SigV4Failure.SignatureMismatch, Authenticate(request).Failure);
    }

    private static TestRequest Good(params KeyValuePair<string, string>[] more)
    {
        KeyValuePair<string, string>[] headers =
        [
            new("Host", "secretsmanager.eu-west-1.example.test"),
            new("X-Amz-Target", "secretsmanager.GetSecretValue"),
            new("X-Amz-Date", "20260115T123045Z"),
            .. more,
        ];
        var authorization = SigV4Signer.Sign("POST", "/", headers, "{}"u8, new(Key, Secret), "eu-west-1", "secretsmanager", SignedAt);
        return new("POST", "/", [.. headers, new("Authorization", authorization)], "{}"u8.ToArray());
    }

    private static TestRequest WithCredential(string credential) => WithPart("Credential", credential);

    private static TestRequest WithPart(string name, string value)
    {
        var parts = Good().Header("Authorization")!.Split(' ', 2)[1].Split(", ")
            .Select(part => part.StartsWith(name + "=", StringComparison.Ordinal) ? name + "=" + value : part);
        return Good().With("Authorization", "AWS4-HMAC-SHA256 " + string.Join(", ", parts));
    }

    private static Outcome Authenticate(TestRequest request, DateTimeOffset? now = null) => request.Authenticate(Json, now ?? SignedAt, Key, Secret);

    private static void Refused(TestRequest request, string code, string message, DateTimeOffset? now = null) =>
        Assert.Equal(new SigV4Error(code, message, 400), Authenticate(request, now).Error);

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
}
