using CsCheck;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>What must hold for every request, tried on random ones. CsCheck prints the seed of a failure.</summary>
public sealed class SigV4PropertyTests
{
    private const string Key = "AKIAIOSFODNN7EXAMPLE";
    private const string Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    private static readonly DateTimeOffset Now = new(2026, 1, 15, 12, 30, 45, TimeSpan.Zero);
    private static readonly SigV4Options Options = SigV4Options.Json("secretsmanager", region => region == "eu-west-1");

    private static readonly Gen<string> Text = Gen.Char["abcXYZ019-._~ %+/=&?;:,\"'\u00E9\u00FF"].Array[0, 12].Select(c => new string(c));

    private static readonly Gen<TestRequest> Signed = Gen.Select(
        Gen.OneOf("GET", "POST", "PUT"),
        Gen.Char["ab./%3A+~ "].Array[0, 12].Select(c => "/" + new string(c)),
        Gen.Char["aBz=&%2F+-/? "].Array[0, 20].Select(c => new string(c)),
        Text,
        Text,
        Gen.Byte.Array[0, 64],
        (method, path, query, one, two, body) =>
        {
            KeyValuePair<string, string>[] headers =
            [
                new("Host", "localhost:8443"), new("X-Amz-Date", "20260115T123045Z"), new("X-Amz-Target", "secretsmanager.GetSecretValue"),
                new("X-One", one), new("X-Two", "a"), new("x-two", two),
            ];
            var target = query.Length == 0 ? path : path + "?" + query;
            var authorization = SigV4Signer.Sign(method, target, headers, body, new(Key, Secret), "eu-west-1", "secretsmanager", Now);
            return new TestRequest(method, target, [.. headers, new("Authorization", authorization)], body);
        });

    [Fact]
    public void What_is_signed_is_accepted() => Signed.Sample(request => Authenticate(request) == SigV4Failure.None, iter: 2000);

    [Fact]
    public void A_canonical_query_is_its_own_canonical_form() => Signed.Sample(
        request =>
        {
            var once = CanonicalLine(request.Target, 2);
            return CanonicalLine("/?" + once, 2) == once;
        },
        iter: 2000);

    [Fact]
    public void The_order_of_parameters_does_not_matter() => Signed.Sample(
        request =>
        {
            var question = request.Target.IndexOf('?', StringComparison.Ordinal);
            var parts = question < 0 ? [] : request.Target[(question + 1)..].Split('&');
            return CanonicalLine("/?" + string.Join('&', parts.Reverse()), 2) == CanonicalLine("/?" + string.Join('&', parts), 2);
        },
        iter: 2000);

    [Fact]
    public void A_canonical_path_has_no_dot_segments_and_no_double_slashes() => Signed.Sample(
        request =>
        {
            var segments = CanonicalLine(request.Target, 1)[1..].Split('/');
            return segments[..^1].All(segment => segment is not ("" or "." or "..")) && segments[^1] is not ("." or "..");
        },
        iter: 2000);

    [Fact]
    public void No_byte_of_the_body_can_change() => Gen.Select(Signed, Gen.Int[0, 1 << 20], Gen.Byte[1, 255]).Sample(
        (request, at, flip) =>
        {
            var body = request.Body.Length == 0 ? [flip] : request.Body.ToArray();
            if (request.Body.Length > 0)
                body[at % body.Length] ^= flip;
            return Authenticate(request with { Body = body }) == SigV4Failure.SignatureMismatch;
        },
        iter: 2000);

    [Fact]
    public void No_letter_of_the_method_can_change() => Gen.Select(Signed, Gen.Int[0, 2], Gen.Char['a', 'z']).Sample(
        (request, at, letter) => Authenticate(request with { Method = Replace(request.Method, at, letter) }) == SigV4Failure.SignatureMismatch, iter: 1000);

    [Fact]
    public void No_char_of_the_target_can_change_and_mean_something_else() => Gen.Select(Signed, Gen.Int[0, 1 << 20], Gen.Char['!', '\u0101']).Sample(
        (request, at, other) =>
        {
            var changed = Replace(request.Target, at, other);
            if (Authenticate(request with { Target = changed }) != SigV4Failure.None)
                return true;
            // Accepted only where both targets have one meaning: "//a" and "/a", "%2f" and "%2F", "a" and "a=".
            return CanonicalLine(changed, 1) == CanonicalLine(request.Target, 1) && Pairs(changed).SequenceEqual(Pairs(request.Target));
        },
        iter: 4000);

    [Fact]
    public void No_char_of_a_signed_header_can_change() => Gen.Select(Signed, Gen.Int[0, 5], Gen.Int[0, 1 << 20], Gen.Char['!', '\u0101']).Sample(
        (request, which, at, other) =>
        {
            var (name, value) = request.Headers[which];
            var changed = value.Length == 0 ? other.ToString() : Replace(value, at, other);
            if (Squeeze(changed) == Squeeze(value))
                return true; // only whitespace went, or nothing changed
            var headers = request.Headers.ToArray();
            headers[which] = new(name, changed);
            return Authenticate(request with { Headers = headers }) != SigV4Failure.None;
        },
        iter: 4000);

    [Fact]
    public void No_char_of_the_signature_can_change() => Gen.Select(Signed, Gen.Int[0, 63], Gen.Char["0123456789abcdefABCDEFgz -"]).Sample(
        (request, at, other) =>
        {
            var authorization = request.Header("Authorization")!;
            var changed = Replace(authorization, authorization.Length - 64 + at, other);
            return changed == authorization || Authenticate(request.With("Authorization", changed)) == SigV4Failure.SignatureMismatch;
        },
        iter: 2000);

    [Fact]
    public void Garbage_is_refused_without_an_exception()
    {
        var token = Gen.OneOf(
            Gen.OneOf(
                "AWS4-HMAC-SHA256", " ", ",", "=", "/", ";", "Credential=", "SignedHeaders=", "Signature=", "host", "x-amz-date", "aws4_request",
                "20260115", "eu-west-1", "secretsmanager", "AKIA/20260115/eu-west-1/secretsmanager/aws4_request", "%", "%2", "%2F"),
            Gen.String);
        var garbage = token.Array[0, 12].Select(string.Concat);

        Gen.Select(garbage, garbage, garbage, garbage, Gen.Bool).Sample(
            (authorization, date, query, host, isHeader) =>
            {
                KeyValuePair<string, string>[] headers = isHeader
                    ? [new("Host", host), new("X-Amz-Date", date), new("Authorization", "AWS4-HMAC-SHA256 " + authorization)]
                    : [new("Host", host)];
                var target = isHeader
                    ? authorization + "?" + query
                    : $"/{authorization}?{query}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={authorization}&X-Amz-Date={date}&X-Amz-SignedHeaders={host}&X-Amz-Signature={query}&X-Amz-Expires=60";
                var outcome = new TestRequest(query, target, headers, []).Authenticate(Options, Now, Key, Secret);
                return outcome.Failure != SigV4Failure.None && outcome.Error.Message.Length > 0;
            },
            iter: 200000);
    }

    [Fact]
    public void Garbage_in_a_request_of_good_form_is_refused_without_an_exception() => Gen.Select(Gen.String, Gen.String, Gen.String).Sample(
        (target, signedHeaders, token) =>
        {
            KeyValuePair<string, string>[] headers =
            [
                new("Host", "a"), new("X-Amz-Date", "20260115T123045Z"), new("X-Amz-Security-Token", token),
                new("Authorization", $"AWS4-HMAC-SHA256 Credential={Key}/20260115/eu-west-1/secretsmanager/aws4_request, SignedHeaders=host;x-amz-date;{signedHeaders}, Signature={new string('a', 64)}"),
            ];
            var outcome = new TestRequest("POST", target, headers, []).Authenticate(Options, Now, Key, Secret);
            return outcome.Failure != SigV4Failure.None && outcome.Error.Message.Length > 0;
        },
        iter: 10000);

    private static SigV4Failure Authenticate(TestRequest request) => request.Authenticate(Options, Now, Key, Secret).Failure;

    private static string Replace(string text, int at, char other)
    {
        var chars = text.ToCharArray();
        chars[at % chars.Length] = other;
        return new(chars);
    }

    private static string Squeeze(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    // An independent reading of a query: what a server that follows the URI rules would see in it.
    private static IEnumerable<(string Name, string Value)> Pairs(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        return (question < 0 ? "" : target[(question + 1)..]).Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=', 2))
            .Select(pair => (Decode(pair[0]), pair.Length > 1 ? Decode(pair[1]) : ""))
            .Order();
    }

    // Byte by byte, as the generated text need not be UTF-8; in hex, to be comparable.
    private static string Decode(string text) =>
        Convert.ToHexString(System.Web.HttpUtility.UrlDecodeToBytes(text.Replace("+", "%2B", StringComparison.Ordinal))!);

    private static string CanonicalLine(string target, int line)
    {
        KeyValuePair<string, string>[] headers = [new("Host", "a"), new("X-Amz-Date", "20260115T123045Z")];
        var authorization = SigV4Signer.Sign("GET", target, headers, [], new(Key, Secret), "eu-west-1", "secretsmanager", Now);
        var request = new TestRequest("GET", target, [.. headers, new("Authorization", authorization)], []);
        Assert.True(SigV4Parser.TryParse(request.AsSigned(), Options, Now, out var parsed, out _));
        return SigV4Verifier.Explain(request.AsSigned(), parsed, [])!.Value.CanonicalRequest.Split('\n')[line];
    }
}
