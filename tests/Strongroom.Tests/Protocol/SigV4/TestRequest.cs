using System.Text;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>A request as it would arrive, and the whole of authentication applied to it.</summary>
internal sealed record TestRequest(string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    public SignedRequest<HeaderList> AsSigned() => new(Method, Target, new(Headers));

    public TestRequest With(string name, string? value) => this with
    {
        Headers = [.. Headers.Where(h => !h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)), .. value is null ? [] : new[] { KeyValuePair.Create(name, value) }],
    };

    public string? Header(string name) => Headers.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>Parses and verifies with one key known.</summary>
    public Outcome Authenticate(SigV4Options options, DateTimeOffset now, string accessKeyId, string secret)
    {
        if (!SigV4Parser.TryParse(AsSigned(), options, now, out var authorization, out var failure))
            return new(failure, authorization, options, now);

        using var keys = new SigningKeyCache(TimeProvider.System);
        var known = authorization.AccessKeyId == accessKeyId && authorization.TokenFitsAccessKey;
        using var key = known ? keys.Derive(authorization, 1, Encoding.UTF8.GetBytes(secret)) : keys.TakeForUnknownKey(authorization);
        failure = SigV4Verifier.Verify(AsSigned(), authorization, Body, key);
        return new(known ? failure : SigV4Failure.UnknownAccessKey, authorization, options, now);
    }

    /// <summary>Reads a request as bytes on the wire, folded header lines included.</summary>
    public static TestRequest Parse(byte[] bytes)
    {
        var lines = Encoding.Latin1.GetString(bytes).Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        var first = lines[0];
        var method = first[..first.IndexOf(' ', StringComparison.Ordinal)];
        var target = first[(method.Length + 1)..first.LastIndexOf(' ')];

        var headers = new List<KeyValuePair<string, string>>();
        var at = 1;
        for (; at < lines.Length && lines[at].Length > 0; at++)
        {
            if (lines[at][0] is ' ' or '\t')
            {
                headers[^1] = new(headers[^1].Key, headers[^1].Value + "\n" + lines[at]);
                continue;
            }

            var colon = lines[at].IndexOf(':', StringComparison.Ordinal);
            headers.Add(new(lines[at][..colon], lines[at][(colon + 1)..]));
        }

        var body = at + 1 < lines.Length ? string.Join('\n', lines[(at + 1)..]) : "";
        return new(method, target, headers, Encoding.Latin1.GetBytes(body));
    }
}

internal sealed record Outcome(SigV4Failure Failure, SigV4Authorization Authorization, SigV4Options Options, DateTimeOffset Now)
{
    public SigV4Error Error => SigV4Failures.Describe(Failure, Authorization, Options, Now);
}
