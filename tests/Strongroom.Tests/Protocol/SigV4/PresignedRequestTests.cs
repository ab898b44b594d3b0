using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>Signatures in the query string. What verifies is covered by the vectors; here is what does not parse, and the clock.</summary>
public sealed class PresignedRequestTests
{
    private static readonly DateTimeOffset SignedAt = new(2026, 1, 15, 12, 30, 45, TimeSpan.Zero);
    private static readonly SigV4Options Json = SigV4Options.Json("secretsmanager", region => region == "eu-west-1");
    private static readonly SigV4Options Sts = SigV4Options.Query("sts", region => region == "eu-west-1");

    [Theory]
    [InlineData("X-Amz-Algorithm")]
    [InlineData("X-Amz-Credential")]
    [InlineData("X-Amz-Signature")]
    [InlineData("X-Amz-SignedHeaders")]
    [InlineData("X-Amz-Date")]
    public void A_missing_parameter_is_named(string missing)
    {
        var error = Describe(Json, SignedAt, Parameters("60").Where(p => !p.StartsWith(missing + "=", StringComparison.Ordinal)));

        Assert.Equal(
            new SigV4Error(
                "IncompleteSignatureException", $"AWS query-string parameters must include '{missing}'. Re-examine the query-string parameters.", 400),
            error);
    }

    [Fact]
    public void Several_missing_parameters_are_named_together() => Assert.Equal(
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. "
        + "AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
        + "Re-examine the query-string parameters.",
        Describe(Sts, SignedAt, ["X-Amz-Algorithm=AWS4-HMAC-SHA256"]).Message);

    [Fact]
    public void Parameter_names_are_case_sensitive() => Assert.Equal(
        SigV4Failure.MissingAuthentication, Parse(Json, SignedAt, Parameters("60").Select(p => p.Replace("X-Amz", "x-amz", StringComparison.Ordinal))));

    [Fact]
    public void Parameter_names_may_be_encoded() => Assert.Equal(
        SigV4Failure.None, Parse(Json, SignedAt, Parameters("60").Select(p => p.Replace("X-Amz-", "X%2dAmz%2D", StringComparison.Ordinal))));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("604801")]
    [InlineData("99999999999999999999")]
    [InlineData("1.5")]
    [InlineData("soon")]
    public void Expires_must_be_between_a_second_and_a_week(string expires)
    {
        Assert.Equal(SigV4Failure.MalformedExpires, Parse(Json, SignedAt, Parameters(expires)));
        Assert.Equal("IncompleteSignatureException", Describe(Json, SignedAt, Parameters(expires)).Code);
    }

    [Theory]
    [InlineData("1", 1, SigV4Failure.None)]
    [InlineData("1", 2, SigV4Failure.Expired)]
    [InlineData("604800", 604800, SigV4Failure.None)]
    [InlineData("604800", 604801, SigV4Failure.Expired)]
    [InlineData("604800", -300, SigV4Failure.None)]
    [InlineData("604800", -301, SigV4Failure.NotYetCurrent)]
    public void Expires_sets_the_time_a_request_is_good_for(string expires, int secondsLater, SigV4Failure expected) =>
        Assert.Equal(expected, Parse(Json, SignedAt.AddSeconds(secondsLater), Parameters(expires)));

    [Theory]
    [InlineData("1", 900, SigV4Failure.None)]
    [InlineData("604800", 901, SigV4Failure.Expired)]
    [InlineData("rubbish", 900, SigV4Failure.None)]
    [InlineData(null, 900, SigV4Failure.None)]
    public void Sts_allows_fifteen_minutes_whatever_expires_says(string? expires, int secondsLater, SigV4Failure expected) =>
        Assert.Equal(expected, Parse(Sts, SignedAt.AddSeconds(secondsLater), Parameters(expires, "sts")));

    [Fact]
    public void The_token_is_read_from_the_query()
    {
        var request = Request([.. Parameters("60"), "X-Amz-Security-Token=a%2Fb%2Bc%3D%3D"]);

        Assert.True(SigV4Parser.TryParse(request.AsSigned(), Json, SignedAt, out var authorization, out _));

        Assert.True(authorization.IsPresigned);
        Assert.Equal("a/b+c==", authorization.SessionToken);
        Assert.Equal(TimeSpan.FromSeconds(60), authorization.Expires);
    }

    [Fact]
    public void A_query_that_is_no_signature_is_missing_one() =>
        Assert.Equal(SigV4Failure.MissingAuthentication, Parse(Sts, SignedAt, ["Action=GetCallerIdentity", "Version=2011-06-15"]));

    private static IEnumerable<string> Parameters(string? expires, string service = "secretsmanager") =>
    [
        "Action=GetCallerIdentity",
        "X-Amz-Algorithm=AWS4-HMAC-SHA256",
        $"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260115%2Feu-west-1%2F{service}%2Faws4_request",
        "X-Amz-Date=20260115T123045Z",
        .. expires is null ? Array.Empty<string>() : ["X-Amz-Expires=" + expires],
        "X-Amz-SignedHeaders=host",
        "X-Amz-Signature=acbfd647e3d36f8dca5097061024c92acc6a404598e1005fde5adf310be24cfd",
    ];

    private static TestRequest Request(IEnumerable<string> parameters) =>
        new("GET", "/?" + string.Join('&', parameters), [new("Host", "sts.example.test")], []);

    private static SigV4Failure Parse(SigV4Options options, DateTimeOffset now, IEnumerable<string> parameters)
    {
        SigV4Parser.TryParse(Request(parameters).AsSigned(), options, now, out _, out var failure);
        return failure;
    }

    private static SigV4Error Describe(SigV4Options options, DateTimeOffset now, IEnumerable<string> parameters)
    {
        SigV4Parser.TryParse(Request(parameters).AsSigned(), options, now, out var authorization, out var failure);
        return SigV4Failures.Describe(failure, authorization, options, now);
    }
}
