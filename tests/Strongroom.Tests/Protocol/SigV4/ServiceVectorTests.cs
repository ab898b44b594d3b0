using System.Text;
using System.Text.Json;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>Requests that botocore signed for the services served here, and what must become of altered ones.</summary>
public sealed class ServiceVectorTests
{
    private static readonly JsonElement[] All =
        [.. JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Vectors.Root, "service-vectors.json"))).RootElement.GetProperty("vectors").EnumerateArray()];

    public static TheoryData<string> Accepted() => [.. Names(v => v.GetProperty("expect").GetString() == "accept")];

    public static TheoryData<string> Refused() => [.. Names(v => v.GetProperty("expect").GetString() != "accept")];

    [Fact]
    public void The_file_has_all_its_vectors()
    {
        Assert.Equal(21, Accepted().Count);
        Assert.Equal(13, Refused().Count);
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void A_request_signed_by_botocore_verifies(string name)
    {
        var (vector, request, options, now) = Load(name);

        var outcome = Authenticate(vector, request, options, now);

        if (name == "sm-unsigned-payload")
        {
            // Differs from AWS: the vector is right, but a body nobody vouched for is refused; no operation served here needs it.
            Assert.Equal(SigV4Failure.SignatureMismatch, outcome.Failure);
            return;
        }

        Assert.Equal(SigV4Failure.None, outcome.Failure);
        var explained = SigV4Verifier.Explain(request.AsSigned(), outcome.Authorization, request.Body);
        Assert.Equal(vector.GetProperty("canonical_request").GetString(), explained?.CanonicalRequest);
        Assert.Equal(vector.GetProperty("string_to_sign").GetString(), explained?.StringToSign);
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void The_signing_key_is_the_one_botocore_derived(string name)
    {
        var (vector, request, options, now) = Load(name);
        Assert.True(SigV4Parser.TryParse(request.AsSigned(), options, now, out var authorization, out _));
        var key = new byte[SigningKeyCache.KeySize];

        Signature.DeriveKey(Encoding.UTF8.GetBytes(Secret(vector)), authorization.Date, authorization.Region, authorization.Service, key);

        Assert.Equal(vector.GetProperty("signing_key_hex").GetString(), Convert.ToHexStringLower(key));
    }

    [Theory]
    [MemberData(nameof(Accepted))]
    public void Our_signer_makes_the_same_signature(string name)
    {
        var (vector, request, _, _) = Load(name);
        if (request.Header("Authorization") is not { } authorization || name is "sm-unsigned-payload" or "date-header-instead-of-x-amz-date")
            return; // presigned, or a form the signer does not offer

        var signed = authorization.Split("SignedHeaders=")[1].Split(',')[0].Split(';');
        var actual = SigV4Signer.Sign(
            request.Method,
            request.Target,
            request.Headers.Where(h => signed.Contains(h.Key, StringComparer.OrdinalIgnoreCase)),
            request.Body,
            new(vector.GetProperty("credentials").GetProperty("access_key_id").GetString()!, Secret(vector)),
            vector.GetProperty("region").GetString()!,
            vector.GetProperty("service").GetString()!,
            new(2026, 1, 15, 12, 30, 45, TimeSpan.Zero));

        Assert.Equal(authorization, actual);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void An_altered_request_is_refused_as_AWS_refuses_it(string name)
    {
        var (vector, request, options, now) = Load(name);

        var error = Authenticate(vector, request, options, now).Error;

        // "Code (text ... text)"
        var expected = vector.GetProperty("expect").GetString()!.TrimEnd(')').Split(" (", 2);
        Assert.Equal(expected[0], error.Code);
        if (expected.Length > 1)
            Assert.All(expected[1].Split("...", StringSplitOptions.TrimEntries), piece => Assert.Contains(piece, error.Message, StringComparison.Ordinal));
    }

    private static Outcome Authenticate(JsonElement vector, TestRequest request, SigV4Options options, DateTimeOffset now) =>
        request.Authenticate(options, now, vector.GetProperty("credentials").GetProperty("access_key_id").GetString()!, Secret(vector));

    private static string Secret(JsonElement vector) => vector.GetProperty("credentials").GetProperty("secret_access_key").GetString()!;

    private static IEnumerable<string> Names(Func<JsonElement, bool> condition) => All.Where(condition).Select(v => v.GetProperty("name").GetString()!);

    private static (JsonElement Vector, TestRequest Request, SigV4Options Options, DateTimeOffset Now) Load(string name)
    {
        var vector = All.Single(v => v.GetProperty("name").GetString() == name);
        var request = new TestRequest(
            vector.GetProperty("method").GetString()!,
            vector.GetProperty("request_target").GetString()!,
            [.. vector.GetProperty("headers").EnumerateArray().Select(h => KeyValuePair.Create(h[0].GetString()!, h[1].GetString()!))],
            vector.GetProperty("body_base64").GetBytesFromBase64());
        var service = vector.GetProperty("service").GetString()!;
        Func<string, bool> isRegion = region => region is "eu-west-1" or "us-east-1" or "ap-southeast-2";
        var options = service is "sts" or "iam" ? SigV4Options.Query(service, isRegion) : SigV4Options.Json(service, isRegion);
        return (vector, request, options, vector.GetProperty("server_time").GetDateTimeOffset());
    }
}
