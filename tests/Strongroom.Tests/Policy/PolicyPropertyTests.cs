using System.Diagnostics;
using System.Text.Json;
using CsCheck;
using Strongroom.Policy;

namespace Strongroom.Tests.Policy;

public sealed class PolicyPropertyTests
{
    private static readonly string[] Words =
    [
        "Version", "2012-10-17", "Id", "Statement", "Sid", "Effect", "Allow", "Deny", "denY", "Principal", "NotPrincipal", "AWS", "Service", "Federated",
        "CanonicalUser", "*", "111122223333", "arn:aws:iam::111122223333:role/a", "arn:", "arn:aws", "arn:aws:s3::x", "Action", "NotAction",
        "secretsmanager:GetSecretValue", "a:b:c", ":", "", "Resource", "NotResource", "Condition", "StringEquals", "ForAllValues:", "ForAnyValue:StringLike",
        "IfExists", "IpAddress", "aws:SourceIp", "0.0.0.0/0", "::/-1", "DateLessThan", "2026-99-99", "-", "NumericEquals", "99999999999999999999", "é", "日", "\0",
    ];

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.OneOf(Words).Select(w => JsonSerializer.Serialize(w)), Gen.OneOf("\"\\ud800\"", "\"\\udc00x\"", "\"\ud800\"", "\"a", "\"\\u00\""));

    private static readonly Gen<string> Scalar = Gen.OneOf(Text, Gen.OneOf("1", "-0", "1e999", "true", "false", "null", "", "{", "]", "//"));

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, json) =>
    {
        var inner = depth < 6 ? json : Scalar;
        var array = inner.Array[0, 3].Select(items => $"[{string.Join(',', items)}]");
        var @object = Gen.Select(Text, inner).Array[0, 4].Select(members => $"{{{string.Join(',', members.Select(m => $"{m.Item1}:{m.Item2}"))}}}");
        return Gen.OneOf(Scalar, array, @object);
    });

    // Mostly right, so that the later stages are reached.
    private static readonly Gen<string> Principal = Gen.OneOf(
        "\"*\"", """{"AWS":"*"}""", """{"AWS":["111122223333","arn:aws:iam::1:x*"]}""", """{"Service":"lambda.amazonaws.com"}""", """{"Federated":"*"}""", "{}");

    private static readonly Gen<string> Condition = Gen.Select(
        Gen.OneOf("StringEquals", "StringLikeIfExists", "ForAllValues:ArnLike", "IpAddress", "DateEquals", "NumericEquals", "Nope"),
        Gen.OneOf("aws:SourceIp", "aws:SourceArn", "x"),
        Json,
        (name, key, value) => $$"""{ "{{name}}": { "{{key}}": {{value}} } }""");

    private static Gen<string> Policy(Gen<string> effect) => Gen.Select(
        effect, Gen.OneOf("Principal", "NotPrincipal"), Principal, Gen.OneOf(Gen.Const("\"secretsmanager:*\""), Gen.Const("\"*\""), Json),
        Gen.OneOf(Gen.Const("\"*\""), Json), Gen.OneOf(Gen.Const("{}"), Condition),
        (e, key, principal, action, resource, condition) =>
            $$"""{"Effect":"{{e}}","{{key}}":{{principal}},"Action":{{action}},"Resource":{{resource}},"Condition":{{condition}}}""")
        .Array[1, 3].Select(statements => $$"""{"Statement":[{{string.Join(',', statements)}}]}""");

    [Fact]
    public void Any_text_is_parsed_or_refused_and_never_throws() =>
        Gen.Select(Gen.OneOf(Json, Gen.String, Policy(Gen.OneOf("Allow", "Deny", "deny", "x"))), Gen.Enum<PolicyKind>()).Sample((text, kind) =>
        {
            Assert.Equal(PolicyDocument.TryParse(text, kind, out var document, out var error), error is null);
            ResourcePolicyCheck.TryParse(text, out _, out _);
            if (document is not null)
                PublicAccess.Grants(document);
        }, iter: 20_000);

    [Fact]
    public void A_policy_that_only_denies_is_never_public()
    {
        var parsed = 0;
        Policy(Gen.Const("Deny")).Sample(text =>
        {
            if (!PolicyDocument.TryParse(text, PolicyKind.Resource, out var document, out _))
                return;
            Interlocked.Increment(ref parsed);
            Assert.False(PublicAccess.Grants(document));
        }, iter: 5_000);

        Assert.True(parsed > 50, $"only {parsed} policies were valid");
    }

    public static TheoryData<string> Hostile()
    {
        const int n = PolicyDocument.MaxLength;
        return
        [
            new string('[', n),
            string.Concat(Enumerable.Repeat("{\"Statement\":", n / 13)),
            "{\"Statement\":[" + string.Concat(Enumerable.Repeat("{},", (n - 20) / 3)) + "{}]}",
            "{" + string.Join(',', Enumerable.Range(0, n / 12).Select(i => $"\"{i}\":1")) + "}",
            """{"Statement":{"Effect":"Allow","Resource":"*","Action":[""" + string.Join(',', Enumerable.Repeat("\"a:b\"", (n - 100) / 6)) + "]}}",
            """{"Statement":{"Effect":"Allow","Action":"a:b","Resource":""" + "\"arn:" + new string(':', n - 100) + "\"}}",
            """{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NumericEquals":{"k":""" + new string('9', n - 120) + "}}}}",
            """{"Statement":{"Effect":"Allow","Action":"sts:b","Principal":{"AWS":""" + "\"" + new string('/', n - 100) + "\"}}}",
            new string(' ', n + 1) + "{}",
            new string(' ', 5_000_000),
        ];
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Hostile_texts_are_answered_soon(string text)
    {
        foreach (var kind in Enum.GetValues<PolicyKind>())
        {
            var watch = Stopwatch.StartNew();
            PolicyDocument.TryParse(text, kind, out _, out _);
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{kind}: {watch.Elapsed}");
        }
    }
}
