using Strongroom.Policy;

namespace Strongroom.Tests.Policy;

public sealed class PolicyDocumentTests
{
    [Fact]
    public void Every_element_arrives_typed()
    {
        var document = PolicyDocument.Parse("""
            { "Id": "x y", "Statement": [
                { "Condition": {
                    "ForAnyValue:stringLikeIfExists": { "aws:TagKeys": ["a*", "b"] },
                    "Bool": { "aws:SecureTransport": true },
                    "NumericLessThan": { "n": [1, 2.50] },
                    "StringEquals": { "empty": [] } },
                  "NotResource": ["*", "arn:aws:secretsmanager:*:111122223333:secret:a:b/*"],
                  "NotAction": "secretsmanager:Get*",
                  "NotPrincipal": { "AWS": ["111122223333", "arn:aws:iam::111122223333:user/p/u"], "Service": "lambda.amazonaws.com" },
                  "Effect": "Deny", "Sid": "a b" },
                { "Effect": "Allow", "Principal": "*", "Action": ["*", "kms:Decrypt"], "Resource": "*" } ],
              "Version": "2012-10-17" }
            """, PolicyKind.Resource);

        Assert.Equal((PolicyKind.Resource, PolicyVersion.V2012, "x y", 2), (document.Kind, document.Version, document.Id, document.Statements.Length));
        Assert.True(document.HasVariables);

        var deny = document.Statements[0];
        Assert.Equal(("a b", PolicyEffect.Deny), (deny.Sid, deny.Effect));
        Assert.True(deny.Principals!.IsNegated && deny.Actions.IsNegated && deny.Resources!.IsNegated);
        Assert.Equal(
            [PrincipalForm.Account, PrincipalForm.User, PrincipalForm.Service], deny.Principals.Principals.Select(p => p.Form));
        Assert.Equal("secretsmanager|Get*", $"{deny.Actions.Patterns[0].Vendor}|{deny.Actions.Patterns[0].Name}");
        Assert.Equal([true, false], deny.Resources!.Patterns.Select(r => r.IsAny));
        Assert.Equal(
            ["ForAnyValue StringLike True aws:TagKeys a*,b", "None Bool False aws:SecureTransport true",
                "None NumericLessThan False n 1,2.50", "None StringEquals False empty "],
            deny.Conditions.Select(c => $"{c.Operator.Quantifier} {c.Operator.Test} {c.Operator.IfExists} {c.Key} {string.Join(',', c.Values)}"));

        var allow = document.Statements[1];
        Assert.Null(allow.Sid);
        Assert.Equal((PrincipalType.Any, PrincipalForm.Anyone), (allow.Principals!.Principals[0].Type, allow.Principals.Principals[0].Form));
        Assert.Equal([true, false], allow.Actions.Patterns.Select(a => a.IsAny));
        Assert.Empty(allow.Conditions);
    }

    [Theory]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}""", PolicyVersion.Absent, false)]
    [InlineData("""{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}""", PolicyVersion.V2008, false)]
    [InlineData("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}""", PolicyVersion.V2012, true)]
    public void The_version_decides_about_variables(string text, PolicyVersion version, bool hasVariables)
    {
        var document = PolicyDocument.Parse(text);
        Assert.Equal((version, hasVariables), (document.Version, document.HasVariables));
    }

    private const string Syntax = "Syntax errors in policy.";
    private const string Legacy = "The policy failed legacy parsing";

    [Theory]
    [InlineData("", Syntax)]
    [InlineData("null", Syntax)]
    [InlineData("[]", Syntax)]
    [InlineData("{}", Syntax)]
    [InlineData("{", Syntax)]
    [InlineData("""{"Statement":[]}""", Syntax)]
    [InlineData("""{"Statement":"Allow"}""", Syntax)]
    [InlineData("""{"Statement":[null]}""", Syntax)]
    [InlineData("""{"Version":"2012-10-18","Statement":{S}}""", Syntax)]
    [InlineData("""{"Version":20121017,"Statement":{S}}""", Syntax)]
    [InlineData("""{"Id":1,"Statement":{S}}""", Syntax)]
    [InlineData("""{"version":"2012-10-17","Statement":{S}}""", Syntax)]
    [InlineData("""{"Statement":{S},"Extra":1}""", Syntax)]
    [InlineData("""{"Statement":{S},"Statement":{S}}""", Syntax)]
    [InlineData("""{"Statement":{S},"St\u0061tement":{S}}""", Syntax)] // the same key, escaped
    [InlineData("""{"Statement":{S},}""", Syntax)]
    [InlineData("""{"Statement":{S}/**/}""", Syntax)]
    [InlineData("""{"Statement":{"Action":"a:b","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Maybe","Action":"a:b","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"effect":"Allow","Action":"a:b","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Sid":1,"Action":"a:b","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Sid":"a b","Action":"a:b","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","NotAction":"a:c","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":1,"Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":["a:b",true],"Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":[["a:b"]],"Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":{}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":[]}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEqual":{"k":"v"}}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"3":{"k":"v"}}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NullIfExists":{"k":"true"}}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":"k"}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"k":{}}}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"k":null}}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"k":"v","k":"w"}}}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:\ud800","Resource":"*"}}""", Syntax)] // half a surrogate pair
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","\udc00":1}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Sid":"日本","Action":"a:b","Resource":"*"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"denY","Action":"a:b","Resource":"*"}}""", Legacy)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3::x"}}""", Legacy)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:::1:x"}}""", Legacy)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"DateLessThan":{"k":"tomorrow"}}}}""", Legacy)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"DateLessThan":{"k":"2026-02-30"}}}}""", Legacy)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"DateLessThan":{"k":"2026-01-15T12:00+99:00"}}}}""", Legacy)]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NumericEquals":{"k":"99999999999999999999"}}}}""", Legacy)]
    [InlineData("""{"Statement":[{"Sid":"a","Effect":"Allow","Action":"a:b","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"a:b","Resource":"*"}]}""",
        "Statement IDs (SID) in a single policy must be unique.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Resource":"*"}}""", "Policy statement must contain actions.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}""", "Policy statement must contain actions.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b"}}""", "Policy statement must contain resources.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":[]}}""", "Policy statement must contain resources.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"bucket"}}""", "Resource bucket must be in ARN format or \"*\".")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws"}}""",
        "Resource vendor must be fully qualified and cannot contain regexes.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:azure:s3:::x"}}""",
        "Partition \"azure\" is not valid for resource \"arn:azure:s3:::x\".")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:iam:us-east-1:1:user/a"}}""",
        "IAM resource arn:aws:iam:us-east-1:1:user/a cannot contain region information.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:us-east-1::x"}}""",
        "Resource arn:aws:s3:us-east-1::x can not contain region information.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:iam::1:users/a"}}""",
        "IAM resource path must either be \"*\" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, "
        + "policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"Get","Resource":"*"}}""",
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"a:b:c","Resource":"*"}}""", "Actions/Condition can contain only one colon.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Action":"s_3:b","Resource":"*"}}""", "Vendor s_3 is not valid")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}}""", "Policy document should not specify a principal.")]
    [InlineData("""{"Statement":{"Effect":"Deny","NotPrincipal":"*","Action":"a:b","Resource":"*"}}""", "Policy document should not specify a principal.")]
    public void A_faulty_identity_policy_is_refused_in_the_words_of_aws(string text, string message) =>
        Assert.Equal(message, Error(text.Replace("{S}", """{"Effect":"Allow","Action":"a:b","Resource":"*"}"""), PolicyKind.Identity)?.Message);

    [Theory] // the earlier stage wins
    [InlineData("""{"Statement":{"Effect":"denY","Resource":"bucket"}}""", PolicyKind.Managed, PolicyStage.Version)]
    [InlineData("""{"Statement":{"Effect":"denY","Resource":"bucket"}}""", PolicyKind.Identity, PolicyStage.LegacyParsing)]
    [InlineData("""{"Statement":{"Effect":"Deny","Resource":"bucket"}}""", PolicyKind.Identity, PolicyStage.Actions)]
    [InlineData("""{"Statement":{"Effect":"Deny","Action":"x","Resource":"bucket"}}""", PolicyKind.Identity, PolicyStage.Resources)]
    [InlineData("""{"Statement":{"Effect":"Deny","Action":"x","Resource":"*"}}""", PolicyKind.Session, PolicyStage.ActionPrefix)]
    [InlineData("""{"Statement":[{"Effect":"Deny","Action":"x","Resource":"*"},{"Effect":"Deny","Resource":"*"}]}""", PolicyKind.Identity, PolicyStage.Actions)]
    public void Stages_answer_in_order(string text, PolicyKind kind, PolicyStage stage) => Assert.Equal(stage, Error(text, kind)?.Stage);

    [Fact]
    public void A_managed_policy_needs_the_newer_version()
    {
        const string text = """{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}""";
        Assert.Equal("Policy document must be version 2012-10-17 or greater.", Error(text, PolicyKind.Managed)?.Message);
        Assert.Null(Error(text, PolicyKind.Identity));
    }

    [Theory]
    [InlineData("""{"Effect":"Allow","Action":"secretsmanager:*","Resource":"arn:aws:secretsmanager:*:111122223333:secret:prod/db-??????"}""")]
    [InlineData("""{"Effect":"Allow","Action":"*","Resource":"*","Condition":{}}""")]
    [InlineData("""{"Effect":"Allow","Action":"made-up:Thing","Resource":"arn:aws:made-up:a:b:c:d/e"}""")]
    [InlineData("""{"Effect":"Allow","Action":"iam:*","Resource":["arn:aws:iam::*:role/x","arn:aws:iam::1:*"]}""")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}/*"}""")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"arn:*:s3:::b"}""")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"made:Up":{"k":"v"}}}""", false)]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"STRINGEQUALS":{"made:Up":"v"},"FORALLVALUES:stringlike":{"k":["v"]}}}""")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":["2026-01-15","2026-01-15T12:00Z","2026-01-15T12:00:00+02:00",1768478400]}}}""")]
    [InlineData("""{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericEquals":{"k":"abc"},"Null":{"k":"true"}}}""")]
    [InlineData("""{"Sid":"","Effect":"Allow","Action":"s3:*","Resource":"*"}""")]
    public void What_is_well_formed_is_accepted(string statement, bool valid = true) =>
        Assert.Equal(valid, Error($$"""{"Version":"2012-10-17","Statement":{{statement}}}""", PolicyKind.Identity) is null);

    [Theory]
    [InlineData("{", "This policy contains invalid Json")]
    [InlineData("[]", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Resource":"*"}}""",
        "Has prohibited field Resource.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:Get"}}""",
        "AssumeRole policy may only specify STS AssumeRole actions.")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"sts:AssumeRole"}}""",
        "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111122223333:role/*\"")]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{},"Action":"sts:AssumeRole"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"AWS":[]},"Action":"sts:AssumeRole"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":"111122223333","Action":"sts:AssumeRole"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"aws":"*"},"Action":"sts:AssumeRole"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":"*","NotPrincipal":"*","Action":"sts:AssumeRole"}}""", Syntax)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}""", null)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":["sts:AssumeRole","STS:TagSession"]}}""", null)]
    [InlineData("""{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/ci.example.com/x"},"Action":"sts:AssumeRoleWithWebIdentity"}}""", null)]
    public void A_trust_policy_has_rules_of_its_own(string text, string? message) => Assert.Equal(message, Error(text, PolicyKind.Trust)?.Message);

    [Theory]
    [InlineData("*", PrincipalForm.Anyone, null)]
    [InlineData("111122223333", PrincipalForm.Account, "111122223333")]
    [InlineData("arn:aws:iam::111122223333:root", PrincipalForm.Account, "111122223333")]
    [InlineData("arn:aws-cn:iam::111122223333:user/u", PrincipalForm.User, "111122223333")]
    [InlineData("arn:aws:iam::111122223333:role/a/b/r", PrincipalForm.Role, "111122223333")]
    [InlineData("arn:aws:sts::111122223333:assumed-role/r/s@x", PrincipalForm.RoleSession, "111122223333")]
    [InlineData("arn:aws:sts::111122223333:federated-user/n", PrincipalForm.FederatedUser, "111122223333")]
    [InlineData("AROAEXAMPLEEXAMPLE123", PrincipalForm.UniqueId, null)]
    [InlineData("AIDAEXAMPLEEXAMPLE123", PrincipalForm.UniqueId, null)]
    [InlineData("", PrincipalForm.Malformed, null)]
    [InlineData("11112222333", PrincipalForm.Malformed, null)]
    [InlineData("１11122223333", PrincipalForm.Malformed, null)] // a digit, but not an ASCII one
    [InlineData("AKIAEXAMPLEEXAMPLE123", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::111122223333:root/x", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::111122223333:user/", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::111122223333:user//u", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::111122223333:user/a*", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::111122223333:*", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::*:root", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam:us-east-1:111122223333:root", PrincipalForm.Malformed, null)]
    [InlineData("arn:azure:iam::111122223333:root", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:iam::111122223333:group/g", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:sts::111122223333:assumed-role/r", PrincipalForm.Malformed, null)]
    [InlineData("arn:aws:sts::111122223333:assumed-role/r/*", PrincipalForm.Malformed, null)]
    public void Principals_of_accounts_are_understood(string text, PrincipalForm form, string? account)
    {
        var principal = new PolicyPrincipal(PrincipalType.Aws, text);
        Assert.Equal((form, account), (principal.Form, principal.AccountId));
    }

    [Theory]
    [InlineData(PrincipalType.Service, "secretsmanager.amazonaws.com", PrincipalForm.Service)]
    [InlineData(PrincipalType.Service, "secretsmanager", PrincipalForm.Malformed)]
    [InlineData(PrincipalType.Service, "*", PrincipalForm.Malformed)]
    [InlineData(PrincipalType.Service, "*.amazonaws.com", PrincipalForm.Malformed)]
    [InlineData(PrincipalType.Federated, "accounts.google.com", PrincipalForm.Federated)]
    [InlineData(PrincipalType.Federated, "arn:aws:iam::111122223333:saml-provider/idp", PrincipalForm.Federated)]
    [InlineData(PrincipalType.Federated, "arn:aws:iam::111122223333:oidc-provider/*", PrincipalForm.Malformed)]
    [InlineData(PrincipalType.Federated, "*", PrincipalForm.Malformed)]
    [InlineData(PrincipalType.CanonicalUser, "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", PrincipalForm.CanonicalUser)]
    [InlineData(PrincipalType.CanonicalUser, "*", PrincipalForm.Malformed)]
    public void Other_principals_are_understood(PrincipalType type, string text, PrincipalForm form) =>
        Assert.Equal(form, new PolicyPrincipal(type, text).Form);

    [Fact]
    public void Parse_throws_what_try_parse_says() =>
        Assert.Equal(Syntax, Assert.Throws<FormatException>(() => PolicyDocument.Parse("{}")).Message);

    private static PolicyError? Error(string text, PolicyKind kind)
    {
        Assert.Equal(PolicyDocument.TryParse(text, kind, out var document, out var error), document is not null);
        Assert.Equal(document is null, error is not null);
        return error;
    }
}
