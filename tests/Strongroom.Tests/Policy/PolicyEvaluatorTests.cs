using Strongroom.Policy;
using static Strongroom.Tests.Policy.Asking;

namespace Strongroom.Tests.Policy;

/// <summary>Source: IAM fact sheet 2.3, 3.1 to 3.7.</summary>
public sealed class PolicyEvaluatorTests
{
    private static readonly Dictionary<string, Principal> Callers = new()
    {
        ["root"] = Root(), ["user"] = User(), ["session"] = Session(), ["federated"] = Federated(), ["service"] = Service(), ["web"] = WebIdentity(),
        ["root abroad"] = Root(Abroad), ["user abroad"] = User(Abroad), ["session abroad"] = Session(Abroad),
    };

    [Theory]
    [InlineData("secretsmanager:GetSecretValue", "team-a/db-Ab3dEf", Outcome.Allowed, "Read")]
    [InlineData("secretsmanager:getsecretvalue", "team-a/db-Ab3dEf", Outcome.Allowed, "Read")]        // actions ignore case
    [InlineData("SecretsManager:GETSecretValue", "team-a/db-Ab3dEf", Outcome.Allowed, "Read")]        // vendors too
    [InlineData("secretsmanager:GetSecretValue", "TEAM-A/db-Ab3dEf", Outcome.ImplicitDeny, null)]     // resources do not
    [InlineData("secretsmanager:GetSecretValue", "team-a/prod/db-Ab3dEf", Outcome.ExplicitDeny, "NoProd")] // deny wins over Read
    [InlineData("secretsmanager:PutSecretValue", "team-a/db-Ab3dEf", Outcome.ImplicitDeny, null)]
    [InlineData("kms:Get", "team-a/db-Ab3dEf", Outcome.ImplicitDeny, null)]
    public void The_statement_that_decided_is_named(string action, string secret, Outcome outcome, string? sid)
    {
        var policy = Attached("""
            { "Version": "2012-10-17", "Statement": [
              { "Sid": "Read",   "Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "arn:aws:secretsmanager:*:111122223333:secret:team-a/*" },
              { "Sid": "NoProd", "Effect": "Deny",  "Action": "*",                   "Resource": "arn:*:*:*:*:secret:team-a/prod/*" } ] }
            """, "team-a");

        var decision = Evaluate(User(), new Thing("arn:aws:secretsmanager:us-east-1:111122223333:secret:" + secret), Has(policy), action);

        Assert.Equal((outcome, sid, sid is null ? null : "team-a"), (decision.Outcome, decision.Sid, decision.Source?.Name));
        Assert.Equal(sid switch { "Read" => 0, "NoProd" => 1, _ => (int?)null }, decision.StatementIndex);
    }

    // 3.2: caller, principal of the resource policy, identity allows, boundary (- none, + allows, 0 silent), session policy likewise.
    [Theory]
    [InlineData("user", "\"AWS\":\"arn:aws:iam::111122223333:user/ann\"", false, '0', '-', true)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '0', '0', false)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '0', '+', false)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '+', '0', false)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '+', '+', true)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '-', '-', true)]
    [InlineData("session", "\"AWS\":\"arn:aws:sts::111122223333:assumed-role/deploy/run-1\"", false, '0', '0', true)]
    [InlineData("session", "\"AWS\":\"*\"", false, '0', '0', true)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:root\"", false, '+', '+', false)]
    [InlineData("user", "\"AWS\":\"111122223333\"", false, '-', '-', false)]
    [InlineData("user", "\"AWS\":\"111122223333\"", true, '-', '-', true)]
    [InlineData("federated", "\"AWS\":\"arn:aws:iam::111122223333:user/ann\"", false, '0', '0', false)]
    [InlineData("federated", "\"AWS\":\"arn:aws:sts::111122223333:federated-user/bob\"", false, '0', '0', true)]
    [InlineData("user", null, true, '-', '-', true)]
    [InlineData("user", null, true, '0', '-', false)]
    [InlineData("user", null, true, '+', '0', false)]
    [InlineData("user", null, true, '+', '+', true)]
    [InlineData("user", null, false, '+', '+', false)]
    public void Inside_an_account(string caller, string? principal, bool identity, char boundary, char session, bool expected)
    {
        var thing = new Thing { Policy = principal is null ? null : Document(Statement("Allow", "secretsmanager:*", principal: $"{{{principal}}}")) };
        var policies = new PrincipalPolicies
        {
            Identity = identity ? [AllowAll] : [],
            Boundary = boundary switch { '+' => AllowAll, '0' => Silent, _ => null },
            Session = session switch { '+' => [Silent, AllowAll], '0' => [Silent], _ => [] },
        };

        Assert.Equal(expected, Evaluate(Callers[caller], thing, policies).IsAllowed);
    }

    [Theory]
    [InlineData("session", """{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ci/*"}}""", true)]
    [InlineData("session", """{"ArnLike":{"aws:PrincipalArn":"arn:aws:sts::111122223333:assumed-role/*"}}""", false)]
    public void Anyone_with_a_condition_on_the_role(string caller, string condition, bool expected) =>
        Assert.Equal(expected, Evaluate(
            Callers[caller], new Thing { Policy = Document(Statement("Allow", principal: "\"*\"", condition: condition)) }, PrincipalPolicies.None).IsAllowed);

    // 3.2 step 1, 3.6: a Deny anywhere decides, told in this order; the rest allows everything.
    [Theory]
    [InlineData("session boundary identity resource", DecidingPolicy.Session, "with an explicit deny in a session policy")]
    [InlineData("boundary identity resource", DecidingPolicy.Boundary, "with an explicit deny in a permissions boundary")]
    [InlineData("identity resource", DecidingPolicy.Identity, "with an explicit deny in an identity-based policy")]
    [InlineData("resource", DecidingPolicy.Resource, "with an explicit deny in a resource-based policy")]
    public void An_explicit_deny_is_told_before_all_else(string denying, DecidingPolicy kind, string reason)
    {
        var policies = new PrincipalPolicies
        {
            Identity = [AllowAll, denying.Contains("identity", StringComparison.Ordinal) ? DenyAll : Silent],
            Boundary = denying.Contains("boundary", StringComparison.Ordinal) ? DenyAll : AllowAll,
            Session = [AllowAll, denying.Contains("session", StringComparison.Ordinal) ? DenyAll : Silent],
        };
        var thing = new Thing
        {
            Policy = Document(Statement("Allow", principal: "\"*\""), denying.Contains("resource", StringComparison.Ordinal) ? Statement("Deny", principal: "\"*\"", sid: "No") : Statement("Allow", "a:b", principal: "\"*\"")),
        };

        var decision = Evaluate(User(), thing, policies);

        Assert.Equal((Outcome.ExplicitDeny, kind, reason), (decision.Outcome, decision.DecidedBy, decision.Reason(Get)));
    }

    [Theory]
    [InlineData(false, '0', '0', DecidingPolicy.Identity, "because no identity-based policy allows the secretsmanager:GetSecretValue action")]
    [InlineData(true, '0', '0', DecidingPolicy.Boundary, "because no permissions boundary allows the secretsmanager:GetSecretValue action")]
    [InlineData(true, '+', '0', DecidingPolicy.Session, "because no session policy allows the secretsmanager:GetSecretValue action")]
    public void An_implicit_deny_tells_the_first_policy_that_is_missing(bool identity, char boundary, char session, DecidingPolicy kind, string reason)
    {
        var policies = new PrincipalPolicies
        {
            Identity = identity ? [AllowAll] : [],
            Boundary = boundary == '+' ? AllowAll : Silent,
            Session = session == '+' ? [AllowAll] : [Silent],
        };

        var decision = Evaluate(User(), new Thing(), policies);

        Assert.Equal((Outcome.ImplicitDeny, kind, reason), (decision.Outcome, decision.DecidedBy, decision.Reason(Get)));
    }

    // 3.5
    [Theory]
    [InlineData("user abroad", "\"AWS\":\"arn:aws:iam::444455556666:user/ann\"", true, '-', null)]
    [InlineData("user abroad", "\"AWS\":\"444455556666\"", true, '-', null)] // the account is enough on the resource's side
    [InlineData("session abroad", "\"AWS\":\"arn:aws:iam::444455556666:role/ci/deploy\"", true, '-', null)]
    [InlineData("session abroad", "\"AWS\":\"*\"", true, '+', null)]
    [InlineData("user abroad", "\"AWS\":\"arn:aws:iam::444455556666:user/ann\"", false, '-', DecidingPolicy.Identity)] // both sides must allow
    [InlineData("user abroad", "\"AWS\":\"*\"", true, '0', DecidingPolicy.Boundary)] // in full, even for who is named directly
    [InlineData("user abroad", "\"AWS\":\"111122223333\"", true, '-', DecidingPolicy.Resource)]
    [InlineData("user abroad", null, true, '-', DecidingPolicy.Resource)]
    [InlineData("user abroad", null, false, '-', DecidingPolicy.Identity)]
    [InlineData("root abroad", "\"AWS\":\"444455556666\"", false, '-', null)]
    [InlineData("root abroad", null, false, '-', DecidingPolicy.Resource)]
    public void Between_accounts(string caller, string? principal, bool identity, char boundary, DecidingPolicy? missing)
    {
        var thing = new Thing { Policy = principal is null ? null : Document(Statement("Allow", principal: $"{{{principal}}}")) };
        var policies = new PrincipalPolicies { Identity = identity ? [AllowAll] : [], Boundary = boundary switch { '+' => AllowAll, '0' => Silent, _ => null } };

        var decision = Evaluate(Callers[caller], thing, policies);

        Assert.Equal((missing is null, missing), (decision.IsAllowed, decision.IsAllowed ? null : decision.DecidedBy));
    }

    // 3.3: who may use a key whose policy names this principal.
    [Theory]
    [InlineData("user", "\"AWS\":\"arn:aws:iam::111122223333:user/ann\"", false, '0', null)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '-', null)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, '0', DecidingPolicy.Boundary)]
    [InlineData("session", "\"AWS\":\"*\"", false, '0', null)]
    [InlineData("user", "\"AWS\":\"111122223333\"", true, '-', null)] // delegated to the account
    [InlineData("user", "\"AWS\":\"111122223333\"", true, '0', DecidingPolicy.Boundary)]
    [InlineData("user", "\"AWS\":\"111122223333\"", false, '-', DecidingPolicy.Identity)]
    [InlineData("user", "\"AWS\":\"arn:aws:iam::111122223333:user/bob\"", true, '-', DecidingPolicy.Resource)] // identity alone is nothing
    [InlineData("root", "\"AWS\":\"111122223333\"", false, '-', null)]
    [InlineData("root", "\"AWS\":\"arn:aws:iam::111122223333:user/bob\"", false, '-', DecidingPolicy.Resource)] // even a root is subject to key policies
    [InlineData("user abroad", "\"AWS\":\"444455556666\"", true, '-', null)]
    [InlineData("user abroad", "\"AWS\":\"444455556666\"", false, '-', DecidingPolicy.Identity)]
    [InlineData("user abroad", "\"AWS\":\"111122223333\"", true, '-', DecidingPolicy.Resource)]
    [InlineData("service", "\"Service\":\"lambda.amazonaws.com\"", false, '-', null)]
    [InlineData("service", "\"AWS\":\"111122223333\"", false, '-', DecidingPolicy.Resource)]
    public void A_key_policy_takes_part(string caller, string principal, bool identity, char boundary, DecidingPolicy? missing)
    {
        var key = new Thing("arn:aws:kms:us-east-1:111122223333:key/1", Kind: ResourceKind.Key) { Policy = Document(Statement("Allow", "kms:*", principal: $"{{{principal}}}")) };

        var decision = Evaluate(Callers[caller], key, new PrincipalPolicies { Identity = identity ? [AllowAll] : [], Boundary = boundary == '0' ? Silent : null }, "kms:Decrypt");

        Assert.Equal((missing is null, missing), (decision.IsAllowed, decision.IsAllowed ? null : decision.DecidedBy));
    }

    [Theory]
    [InlineData(PrincipalMatch.None, Outcome.ImplicitDeny)]
    [InlineData(PrincipalMatch.Account, Outcome.ImplicitDeny)]
    [InlineData(PrincipalMatch.Role, Outcome.Allowed)]
    [InlineData(PrincipalMatch.Direct, Outcome.Allowed)]
    public void A_grant_allows_as_the_key_policy_would(PrincipalMatch grant, Outcome expected)
    {
        var key = new Thing("arn:aws:kms:us-east-1:111122223333:key/1", Kind: ResourceKind.Key) { Policy = Document(Statement("Allow", "kms:*", principal: """{"AWS":"444455556666"}""")), Grant = grant };

        Assert.Equal(expected, Evaluate(Session(), key, PrincipalPolicies.None, "kms:Decrypt").Outcome);
    }

    [Fact]
    public void A_grant_does_not_lift_a_deny()
    {
        var key = new Thing("arn:aws:kms:us-east-1:111122223333:key/1", Kind: ResourceKind.Key) { Grant = PrincipalMatch.Direct };

        Assert.Equal(Outcome.ExplicitDeny, Evaluate(User(), key, Has(DenyAll), "kms:Decrypt").Outcome);
    }

    [Fact]
    public void A_grant_is_for_keys_alone() =>
        Assert.False(Evaluate(User(), new Thing { Grant = PrincipalMatch.Direct }, PrincipalPolicies.None).IsAllowed);

    [Theory]
    [InlineData("user", "\"AWS\":\"arn:aws:iam::111122223333:user/ann\"", false, null)]
    [InlineData("session", "\"AWS\":\"arn:aws:iam::111122223333:role/ci/deploy\"", false, null)]
    [InlineData("user", "\"AWS\":\"111122223333\"", true, null)]
    [InlineData("user", "\"AWS\":\"111122223333\"", false, DecidingPolicy.Identity)]
    [InlineData("user", "\"AWS\":\"arn:aws:iam::111122223333:user/bob\"", true, DecidingPolicy.Trust)] // same account, identity allow, no trust: deny
    [InlineData("user abroad", "\"AWS\":\"arn:aws:iam::444455556666:user/ann\"", true, null)]
    [InlineData("user abroad", "\"AWS\":\"arn:aws:iam::444455556666:user/ann\"", false, DecidingPolicy.Identity)]
    [InlineData("user abroad", "\"AWS\":\"111122223333\"", true, DecidingPolicy.Trust)]
    [InlineData("service", "\"Service\":\"lambda.amazonaws.com\"", false, null)]
    [InlineData("web", "\"AWS\":\"111122223333\"", true, DecidingPolicy.Trust)]
    [InlineData("web", "\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/token.example.com\"", false, null)]
    [InlineData("web", "\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/other.example.com\"", true, DecidingPolicy.Trust)]
    [InlineData("session", "\"Federated\":\"arn:aws:iam::111122223333:oidc-provider/token.example.com\"", true, DecidingPolicy.Trust)]
    public void A_trust_policy_takes_part(string caller, string principal, bool identity, DecidingPolicy? missing)
    {
        var role = new Thing("arn:aws:iam::111122223333:role/x", Kind: ResourceKind.Role)
        {
            Policy = $$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Principal":{ {{principal}} } } }""",
        };

        var decision = Evaluate(Callers[caller], role, identity ? Has(AllowAll) : PrincipalPolicies.None, "sts:AssumeRole");

        Assert.Equal((missing is null, missing), (decision.IsAllowed, decision.IsAllowed ? null : decision.DecidedBy));
        Assert.Equal(missing == DecidingPolicy.Trust ? "because no role trust policy allows the sts:AssumeRole action" : null, missing == DecidingPolicy.Trust ? decision.Reason("sts:AssumeRole") : null);
    }

    [Fact]
    public void A_deny_in_a_trust_policy_is_told_as_such()
    {
        var role = new Thing("arn:aws:iam::111122223333:role/x", Kind: ResourceKind.Role)
        {
            Policy = """{"Statement":[{"Effect":"Allow","Action":"sts:*","Principal":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Principal":"*"}]}""",
        };

        Assert.Equal("with an explicit deny in the role trust policy", Evaluate(User(), role, Has(AllowAll), "sts:AssumeRole").Reason("sts:AssumeRole"));
    }

    // 3.1
    [Theory]
    [InlineData("root", null, Outcome.Allowed)]
    [InlineData("root", "Allow", Outcome.Allowed)]
    [InlineData("root", "Deny", Outcome.ExplicitDeny)]
    [InlineData("service", null, Outcome.ImplicitDeny)]
    public void A_root_needs_no_policy_but_is_subject_to_denies(string caller, string? effect, Outcome expected) =>
        Assert.Equal(expected, Evaluate(Callers[caller], new Thing { Policy = effect is null ? null : Document(Statement(effect, principal: "\"*\"")) }, Has(Silent)).Outcome);

    [Fact]
    public void A_deny_among_a_roots_identity_policies_means_nothing() =>
        Assert.True(Evaluate(Root(), new Thing(), new PrincipalPolicies { Identity = [DenyAll], Boundary = Silent }).IsAllowed);

    // 2.3
    [Theory]
    [InlineData("user", "\"*\"", PrincipalMatch.Direct)]
    [InlineData("service", "\"*\"", PrincipalMatch.Direct)]
    [InlineData("user", """{"AWS":"*"}""", PrincipalMatch.Direct)]
    [InlineData("user", """{"AWS":"111122223333"}""", PrincipalMatch.Account)]
    [InlineData("session", """{"AWS":"arn:aws:iam::111122223333:root"}""", PrincipalMatch.Account)]
    [InlineData("federated", """{"AWS":"arn:aws:iam::111122223333:root"}""", PrincipalMatch.Account)]
    [InlineData("root", """{"AWS":"arn:aws:iam::111122223333:root"}""", PrincipalMatch.Direct)]
    [InlineData("user abroad", """{"AWS":"111122223333"}""", PrincipalMatch.None)]
    [InlineData("user", """{"AWS":"arn:aws:iam::111122223333:user/ann"}""", PrincipalMatch.Direct)]
    [InlineData("user", """{"AWS":"arn:aws:iam::111122223333:user/Ann"}""", PrincipalMatch.None)] // exact case
    [InlineData("user", """{"AWS":"arn:aws:iam::111122223333:user/x/ann"}""", PrincipalMatch.None)] // exact path
    [InlineData("session", """{"AWS":"arn:aws:iam::111122223333:role/ci/deploy"}""", PrincipalMatch.Role)]
    [InlineData("session", """{"AWS":"arn:aws:iam::111122223333:role/deploy"}""", PrincipalMatch.None)]
    [InlineData("session", """{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy/run-1"}""", PrincipalMatch.Direct)]
    [InlineData("session", """{"AWS":"arn:aws:sts::111122223333:assumed-role/deploy/run-2"}""", PrincipalMatch.None)]
    [InlineData("federated", """{"AWS":"arn:aws:sts::111122223333:federated-user/bob"}""", PrincipalMatch.Direct)]
    [InlineData("federated", """{"AWS":"arn:aws:iam::111122223333:user/ann"}""", PrincipalMatch.Role)]
    [InlineData("user", """{"AWS":"AIDAEXAMPLEEXAMPLE123"}""", PrincipalMatch.Direct)]
    [InlineData("user", """{"AWS":"AIDAEXAMPLEEXAMPLE999"}""", PrincipalMatch.None)] // dead
    [InlineData("session", """{"AWS":"AROAEXAMPLEEXAMPLE123"}""", PrincipalMatch.Role)]
    [InlineData("service", """{"Service":"lambda.amazonaws.com"}""", PrincipalMatch.Direct)]
    [InlineData("service", """{"Service":"kms.amazonaws.com"}""", PrincipalMatch.None)]
    [InlineData("web", """{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.example.com"}""", PrincipalMatch.Direct)]
    [InlineData("user", """{"AWS":"arn:aws:iam::111122223333:user/*"}""", PrincipalMatch.None)] // partial wildcards name nobody
    [InlineData("session", """{"AWS":["111122223333","arn:aws:iam::111122223333:role/ci/deploy"]}""", PrincipalMatch.Role)] // the strongest counts
    public void A_principal_matches(string caller, string principal, PrincipalMatch expected)
    {
        var statement = PolicyDocument.Parse(Document(Statement("Allow", principal: principal)), PolicyKind.Resource).Statements[0];

        Assert.Equal(expected, statement.Principals!.Principals.Max(p => PrincipalMatching.Match(p, Callers[caller])));
    }

    [Theory]
    [InlineData("session", "arn:aws:iam::111122223333:role/ci/deploy", true)]
    [InlineData("session", "arn:aws:iam::111122223333:role/ci/other", false)]
    [InlineData("user", "arn:aws:iam::111122223333:user/ann", true)]
    public void NotPrincipal_exempts_whom_it_names(string caller, string named, bool isExempt)
    {
        var thing = new Thing { Policy = $$"""{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"{{named}}"},"Action":"*","Resource":"*"} }""" };

        Assert.Equal(isExempt, Evaluate(Callers[caller], thing, Has(AllowAll)).IsAllowed);
    }

    [Theory]
    [InlineData("AROAEXAMPLEEXAMPLE123", true)]
    [InlineData("AROAEXAMPLEEXAMPLE999", false)] // the role was deleted and made anew: its grant is dead
    public void An_ARN_that_was_resolved_names_the_entity_of_then(string idOfThen, bool expected)
    {
        const string Role = "arn:aws:iam::111122223333:role/ci/deploy";
        var thing = new Thing
        {
            Policy = Document(Statement("Allow", principal: $$"""{"AWS":"{{Role}}"}""")),
            EntityIds = new Dictionary<string, string> { [Role] = idOfThen },
        };

        Assert.Equal(expected, Evaluate(Session(), thing, PrincipalPolicies.None).IsAllowed);
    }

    [Theory]
    [InlineData("\"NotAction\":\"secretsmanager:Put*\",\"Resource\":\"*\"", true)]
    [InlineData("\"NotAction\":[\"kms:*\",\"secretsmanager:get*\"],\"Resource\":\"*\"", false)]
    [InlineData("\"Action\":\"*\",\"NotResource\":\"arn:aws:secretsmanager:*:*:secret:team-b/*\"", true)]
    [InlineData("\"Action\":\"*\",\"NotResource\":\"arn:aws:secretsmanager:*:*:secret:team-?/*\"", false)]
    [InlineData("\"Action\":\"*\",\"NotResource\":\"*\"", false)]
    [InlineData("\"Action\":\"secretsmanager:Get?ecretValu*\",\"Resource\":\"*\"", true)]
    public void Complements(string elements, bool expected) =>
        Assert.Equal(expected, Evaluate(User(), new Thing(), Has(Attached($$"""{"Statement":{"Effect":"Allow",{{elements}} } }"""))).IsAllowed);

    // 3.7, 2.1, 4.2
    [Theory]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-Ab3dEf", "prod/db-??????", true)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-Ab3dEf", "prod/db-*", true)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-Ab3dEf", "prod/*", true)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-Ab3dEf", "prod/db", false)] // a common mistake
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-Ab3dEfg", "prod/db-??????", false)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db", "prod/db*", true)]
    [InlineData("*", "*", false)] // an action without resources is not covered by any ARN
    public void A_secrets_resource(string arn, string pattern, bool expected)
    {
        var policy = Attached(Document(Statement("Allow", resource: "arn:aws:secretsmanager:us-east-1:111122223333:secret:" + pattern)));

        Assert.Equal(expected, Evaluate(User(), new Thing(arn), Has(policy)).IsAllowed);
    }

    [Theory]
    [InlineData("*", "*", true)]
    [InlineData("arn:aws:s3:::b*", "arn:aws:s3:::bucket/a:b/c", true)] // the last part goes on over colons and slashes
    [InlineData("arn:aws:s3*:b", "arn:aws:s3:::b", false)] // a star does not leave its part
    [InlineData("arn:*:secretsmanager:*:*:*", "arn:aws:secretsmanager:us-east-1:111122223333:secret:a", true)]
    [InlineData("arn:aws:secretsmanager:us-*-1:1111????3333:secret:a", "arn:aws:secretsmanager:us-east-1:111122223333:secret:a", true)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:a", "arn:aws:secretsmanager:us-east-1:111122223333:secret:ab", false)]
    public void A_resource_is_compared_part_by_part(string pattern, string arn, bool expected)
    {
        var parsed = ArnPattern.Resource(pattern, hasVariables: true);
        var request = new AccessRequest(User(), Get, new Thing(arn), RequestFacts.Unknown);

        Assert.Equal(expected, parsed.IsMatch(new ArnText(arn), new RequestView(request, null)));
    }

    [Fact]
    public void An_authorization_is_given_for_an_allowed_decision_only()
    {
        Assert.True(Authorizer.TryAuthorize(User(), Has(AllowAll), RequestFacts.Unknown, Get, "request", new Thing(), out var authorized, out var allowed));
        Assert.Equal(("request", true), (authorized.Request, allowed.IsAllowed));

        Assert.False(Authorizer.TryAuthorize(User(), Has(Silent), RequestFacts.Unknown, Get, "request", new Thing(), out var none, out var denied));
        Assert.Equal((null, Outcome.ImplicitDeny), (none, denied.Outcome));
        Assert.False(default(Decision).IsAllowed);
    }

    private static readonly AttachedPolicy AllowAll = Attached(Document(Statement("Allow")), "all");
    private static readonly AttachedPolicy DenyAll = Attached(Document(Statement("Deny")), "none");
    private static readonly AttachedPolicy Silent = Attached(Document(Statement("Allow", "sqs:SendMessage")), "silent");

    private static PrincipalPolicies Has(params AttachedPolicy[] policies) => new() { Identity = [.. policies] };
}
