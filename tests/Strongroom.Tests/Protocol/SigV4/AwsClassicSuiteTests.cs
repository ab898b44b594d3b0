using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>The classic AWS SigV4 test suite.</summary>
public sealed class AwsClassicSuiteTests
{
    private static readonly SigV4Options Options = SigV4Options.Json("service", region => region == "us-east-1");

    public static TheoryData<string> Cases()
    {
        var root = Path.Combine(Vectors.Root, "aws4_testsuite");
        return [.. Directory.GetFiles(root, "*.sreq", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(root, path[..^".sreq".Length]))];
    }

    [Fact]
    public void The_suite_has_all_its_requests() => Assert.Equal(34, Cases().Count);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_request_signed_by_AWS_verifies(string name)
    {
        var path = Path.Combine(Vectors.Root, "aws4_testsuite", name);
        var request = TestRequest.Parse(File.ReadAllBytes(path + ".sreq"));
        // This file's Authorization line disagrees with its own .authz, which the newer suite confirms.
        if (Path.GetFileName(name) == "get-vanilla-with-session-token")
            request = request.With("Authorization", Vectors.Text(path + ".authz"));

        Assert.True(SigV4Parser.TryParse(request.AsSigned(), Options, Vectors.Time, out var authorization, out var failure), failure.ToString());
        var explained = SigV4Verifier.Explain(request.AsSigned(), authorization, request.Body);
        using var keys = new SigningKeyCache(TimeProvider.System);
        using var key = keys.Derive(authorization, 1, System.Text.Encoding.UTF8.GetBytes(Vectors.Secret));
        var outcome = SigV4Verifier.Verify(request.AsSigned(), authorization, request.Body, key);

        // The token was added after signing; see AwsSigningSuiteTests.
        if (Path.GetFileName(name) == "post-sts-header-after")
        {
            Assert.Equal(SigV4Failure.SignatureMismatch, outcome);
            return;
        }

        Assert.Equal(Vectors.Text(path + ".creq"), explained?.CanonicalRequest);
        Assert.Equal(Vectors.Text(path + ".sts"), explained?.StringToSign);
        Assert.Equal(SigV4Failure.None, outcome);
    }
}
