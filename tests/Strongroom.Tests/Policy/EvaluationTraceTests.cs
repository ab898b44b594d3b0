using Strongroom.Policy;
using static Strongroom.Tests.Policy.Asking;

namespace Strongroom.Tests.Policy;

public sealed class EvaluationTraceTests
{
    [Fact]
    public void A_trace_has_every_statement_that_applied_with_its_place_and_the_keys_that_were_missing()
    {
        const string Text = """
            {
              "Version": "2012-10-17",
              "Statement": [
                { "Sid": "One", "Effect": "Deny", "Action": "kms:*", "Resource": "*" },
                { "Sid": "Two", "Effect": "Allow",
                  "Action": "*", "Resource": "*" },   {"Sid":"Three","Effect":"Deny","Action":"*","Resource":"*","Condition":{
                    "StringEquals": {"aws:SourceVpc":"vpc-1", "aws:username": "ann", "svc:Missing":"x"}}}
              ]
            }
            """;
        var policies = new PrincipalPolicies
        {
            Identity = [new AttachedPolicy(new PolicySource(PolicySourceKind.Managed, "team", "arn:aws:iam::111122223333:policy/team", "devs"), CompiledPolicy.Compile(PolicyDocument.Parse(Text)))],
            Boundary = Attached(Document(Statement("Allow", sid: "Bound")), "boundary"),
        };
        var thing = new Thing { Policy = Document(Statement("Allow", principal: """{"AWS":"111122223333"}""", sid: "Own")) };
        var trace = new EvaluationTrace();

        var decision = PolicyEvaluator.Evaluate(new AccessRequest(User(), Get, thing, RequestFacts.Unknown), policies, trace);

        Assert.True(decision.IsAllowed);
        Assert.Equal(["Two", "Bound", "Own"], trace.Matched.Select(m => m.Sid));
        Assert.Equal([DecidingPolicy.Identity, DecidingPolicy.Boundary, DecidingPolicy.Resource], trace.Matched.Select(m => m.Kind));
        Assert.Equal([PrincipalMatch.None, PrincipalMatch.None, PrincipalMatch.Account], trace.Matched.Select(m => m.Match));
        Assert.Equal((1, "devs", new StatementSpan(5, 5, 6, 39)), (trace.Matched[0].Index, trace.Matched[0].Source!.Group, trace.Matched[0].Span));
        Assert.Equal(["aws:SourceVpc", "svc:Missing"], trace.MissingKeys);
    }

    [Theory]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""", "1:14-1:60")]
    [InlineData("""{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}],"Version":"2012-10-17"}""", "1:15-1:61 1:62-1:108")]
    [InlineData("{\"Id\":\"é\",\r\n\t\"\\u0053tatement\":\n{\"Effect\":\"Allow\",\"Action\":\"*\",\n\"Resource\":\"*\"}}", "3:1-4:16")]
    public void Statements_have_places(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', PolicyDocument.Parse(text).Statements.Select(s => $"{s.Span.StartLine}:{s.Span.StartColumn}-{s.Span.EndLine}:{s.Span.EndColumn}")));

    [Theory]
    [InlineData("", 0)]
    [InlineData("{ \"a b\" :\r\n\t1 }", 9)]
    [InlineData("""{"a \" b": "\\" }""", 15)]
    public void Whitespace_outside_strings_does_not_count(string text, int expected) => Assert.Equal(expected, PolicySize.Count(text));

    [Theory]
    [InlineData("user", """{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}""", true)]
    [InlineData("root", """{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}""", true)]
    [InlineData("user", """{"Effect":"Deny","Principal":"*","Action":"secretsmanager:PutResourcePolicy","Resource":"*"}""", false)] // may still delete it
    [InlineData("user", """{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/ann"},"Action":"secretsmanager:*","Resource":"*"}""", false)]
    [InlineData("user", """{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},"Action":"*","Resource":"*"}""", false)]
    [InlineData("abroad", """{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}""", true)] // takes its own access away
    public void A_policy_that_locks_its_author_out_is_noticed(string caller, string statement, bool expected)
    {
        var policies = new PrincipalPolicies { Identity = [Attached(Document(Statement("Allow")))] };
        var principal = caller switch { "root" => Root(), "abroad" => User(Abroad), _ => User() };
        var request = new AccessRequest(principal, "secretsmanager:PutResourcePolicy", new Thing(), RequestFacts.Unknown);

        Assert.Equal(expected, PolicyLockout.LocksOut(request, policies, Asking.Policy(Document(statement), PolicyKind.Resource), PolicyLockout.SecretActions));
    }
}
