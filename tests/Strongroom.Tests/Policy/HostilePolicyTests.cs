using Strongroom.Policy;
using static Strongroom.Tests.Policy.Asking;

namespace Strongroom.Tests.Policy;

/// <summary>Policies that were written to hurt: the work they cause is bounded, and nothing that could be stored fails to evaluate.</summary>
public sealed class HostilePolicyTests
{
    private const string Secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:";

    public static TheoryData<string, string> Patterns => new()
    {
        { "*a*a*a*a*b", new string('a', 100_000) },
        { string.Concat(Enumerable.Repeat("*a", 2_000)) + "b", new string('a', 20_000) },
        { string.Concat(Enumerable.Repeat("a*", 500)) + "b", new string('a', 20_000) },
        { new string('*', 5_000) + "b", new string('a', 20_000) },
        { string.Concat(Enumerable.Repeat("*?", 1_000)) + "b", new string('a', 20_000) },
        { "*" + new string('a', 500) + "b", new string('a', 20_000) },
        { string.Concat(Enumerable.Repeat("*ab", 500)) + "*c", string.Concat(Enumerable.Repeat("ab", 10_000)) },
    };

    [Theory]
    [MemberData(nameof(Patterns))]
    public void A_wildcard_takes_at_most_pattern_times_text_steps(string pattern, string text)
    {
        var compiled = TextPattern.Compile(pattern, hasWildcards: true, hasVariables: true);

        Assert.InRange(compiled.CountSteps(text), 1, ((long)pattern.Length + 1) * (text.Length + 1));
        Assert.False(compiled.IsMatch(text, new RequestView(new AccessRequest(User(), Get, new Thing(), RequestFacts.Unknown), null)));
    }

    [Fact]
    public void The_well_known_bad_pattern_is_nearly_linear() =>
        Assert.InRange(TextPattern.Compile("*a*a*a*a*b", hasWildcards: true, hasVariables: false).CountSteps(new string('a', 100_000)), 1, 300_000);

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("?", "", false)]
    [InlineData("**?**", "a", true)]
    [InlineData("a*", "a", true)]
    [InlineData("*a", "ba", true)]
    [InlineData("*ab*ab", "abab", true)]
    [InlineData("*ab", "aab", true)] // the star gives up what it took for an "a"
    [InlineData("*aab?", "aaaabx", true)]
    [InlineData("*ab*ab", "aab", false)]
    [InlineData("a*b*c", "aXbXbXc", true)]
    public void Wildcards_at_the_edges(string pattern, string text, bool expected) =>
        Assert.Equal(expected, TextPattern.Compile(pattern, hasWildcards: true, hasVariables: true)
            .IsMatch(text, new RequestView(new AccessRequest(User(), Get, new Thing(), RequestFacts.Unknown), null)));

    [Fact]
    public void A_thousand_variables_of_a_long_value_are_not_written_out()
    {
        var policy = Attached($$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"{{Secret}}{{string.Concat(Enumerable.Repeat("${svc:long}", 10_000))}}"} }""");
        var thing = new Thing { Keys = Keys.Of("svc:long", new string('a', 100_000)) }; // a billion characters

        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(Evaluate(User(), thing, new PrincipalPolicies { Identity = [policy] }).IsAllowed);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Ten_thousand_statements_are_all_looked_at()
    {
        var statements = Enumerable.Range(0, 1_000).Select(i => Statement("Allow", "secretsmanager:GetSecretValue", Secret + i)).Append(Statement("Deny", sid: "Last"));
        var policies = new PrincipalPolicies { Identity = [.. Enumerable.Range(0, 10).Select(_ => Attached(Document([.. statements])))] };

        var decision = Evaluate(User(), new Thing(), policies);

        Assert.Equal((Outcome.ExplicitDeny, "Last", 1_000), (decision.Outcome, decision.Sid, decision.StatementIndex));
    }

    [Fact]
    public void A_thousand_conditions_must_all_hold()
    {
        static string Conditions(int last) =>
            "{\"StringEquals\":{" + string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"svc:k{i}\":\"{(i == 999 ? last : i)}\"")) + "}}";
        var keys = new Keys();
        for (var i = 0; i < 1_000; i++)
            keys["svc:k" + i] = [i.ToString(System.Globalization.CultureInfo.InvariantCulture)];

        Assert.True(Holds(Conditions(999), keys));
        Assert.False(Holds(Conditions(1), keys));
    }

    [Fact]
    public void A_policy_that_contradicts_itself_denies()
    {
        var policy = Attached(Document(Statement("Allow"), Statement("Deny"), Statement("Allow")));
        var never = Attached(Document(Statement("Allow", condition: """{"StringEquals":{"svc:a":"1"},"StringNotEquals":{"svc:a":"1"},"Null":{"svc:a":"true"}}""")));

        Assert.Equal(Outcome.ExplicitDeny, Evaluate(User(), new Thing(), new PrincipalPolicies { Identity = [policy] }).Outcome);
        Assert.Equal(Outcome.ImplicitDeny, Evaluate(User(), new Thing { Keys = Keys.Of("svc:a", "1") }, new PrincipalPolicies { Identity = [never] }).Outcome);
    }

    public static TheoryData<string> Oddities =>
    [
        """{"NumericEquals":{"svc:k":["1e400","", "0x1", "1e-999999999", "NaN", "∞"]}}""", """{"DateEquals":{"svc:k":["9999-12-31T23:59:59Z","0001-01-01"]}}""",
        """{"IpAddress":{"svc:k":["::/129","/","1.2.3.4/","1.2.3.4/-1","1.2.3.4/99999999999","::1%eth0","[::1]","::ffff:1.2.3.4/95","::","0.0.0.0/0"]}}""",
        """{"BinaryEquals":{"svc:k":["=","====","A","AA=A",""]}}""", """{"ArnLike":{"svc:k":["","*:*","arn:::::","${svc:k}","${svc:k}:${svc:k}",":::::::::"]}}""",
        """{"StringLike":{"svc:k":["${","${}","${,}","${,''}","${a,","${a, '","${a, ''","${a,''}","${$}","${$","$","${${${}}}","${svc:k}${svc:k}"]}}""",
        """{"Bool":{"svc:k":["","TRUE","${svc:k}",1]}}""", """{"Null":{"svc:k":["","maybe",1]}}""", """{"ForAllValues:StringEquals":{"":["",""]}}""", """{"StringEquals":{"/":"","aws:PrincipalTag/":"","aws:ResourceTag":""}}""",
    ];

    [Theory]
    [MemberData(nameof(Oddities))]
    public void Whatever_could_be_stored_can_be_evaluated(string condition)
    {
        string[] values = ["", "*", "${svc:k}", ":::::", "arn:aws:iam::1:a", "1e400", "9999-12-31T23:59:59-14:00", "::ffff:1.2.3.4", "\ud800", "=", new string('9', 5_000), "true"];
        var stored = PolicyDocument.TryParse(Document(Statement("Allow", principal: "\"*\"", condition: condition)), PolicyKind.Resource, out _, out _);
        Assert.True(stored);
        foreach (var value in values)
        {
            foreach (var operand in new[] { new[] { value }, [value, value], [] })
            {
                var thing = new Thing(value) { Policy = Document(Statement("Allow", principal: "\"*\"", condition: condition)), Keys = new Keys { ["svc:k"] = operand, [""] = operand } };
                Evaluate(User(), thing, PrincipalPolicies.None, action: value);
            }
        }
    }

    [Fact]
    public void More_actions_than_a_policy_remembers_are_decided_all_the_same()
    {
        var policies = new PrincipalPolicies { Identity = [Attached(Document(Statement("Allow", "svc:Even*"), Statement("Deny", "svc:EvenNever*")))] };
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 100; i++)
            {
                Assert.Equal(Outcome.Allowed, Evaluate(User(), new Thing(), policies, "svc:Even" + i).Outcome);
                Assert.Equal(Outcome.ExplicitDeny, Evaluate(User(), new Thing(), policies, "svc:EvenNever" + i).Outcome);
                Assert.Equal(Outcome.ImplicitDeny, Evaluate(User(), new Thing(), policies, "svc:Odd" + i).Outcome);
            }
        }
    }

    [Fact]
    public void Deciding_allocates_nothing()
    {
        var policies = new PrincipalPolicies
        {
            Identity = [.. Enumerable.Range(0, 10).Select(i => Attached(Document([.. Enumerable.Range(0, 10).Select(j =>
                Statement("Allow", "secretsmanager:Get*", $"{Secret}{i}/{j}/${{aws:username}}/*", condition: """{"StringLike":{"aws:PrincipalTag/team":"re*"},"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:SecureTransport":"true"}}""")),
                Statement("Deny", "secretsmanager:Delete*")])))],
        };
        var caller = User(tags: TagSet.Of([new("team", "red")]));
        var thing = new Thing(Secret + "9/9/ann/db-Ab3dEf");
        var facts = new RequestFacts { SourceIp = "203.0.113.9", SecureTransport = true };
        Assert.True(Evaluate(caller, thing, policies, facts: facts).IsAllowed);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Evaluate(caller, thing, policies, facts: facts);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 0);
    }
}
