using System.Text.Json;

namespace Strongroom.Tests.Policy;

/// <summary>Makes questions whose policies nearly fit: few names, values that collide, wildcards and variables that sometimes match.</summary>
internal sealed class RandomQuestion(Random random)
{
    private const string Home = "111122223333";
    private const string Abroad = "444455556666";

    private static readonly string[] Regions = ["us-east-1", "eu-west-1"];
    private static readonly string[] Words = ["ann", "bob", "Ann", "a", "ab", "*", "a*", "dev"];
    private static readonly string[] TagNames = ["team", "stage"];

    private static readonly Dictionary<string, (string[] Keys, string[] Wanted, string[] Given)> Families = new()
    {
        ["String"] = (
            ["aws:username", "AWS:UserName", "aws:PrincipalTag/team", "aws:principaltag/TEAM", "aws:ResourceTag/team", "aws:RequestTag/stage", "aws:TagKeys", "aws:RequestedRegion", "aws:PrincipalType", "svc:one", "svc:many", "svc:absent", "aws:userid"],
            ["ann", "bob", "Ann", "a", "*", "a*", "?b", "a?", "*n*", "us-*-1", "team", "${aws:username}", "${svc:one}", "${svc:absent}", "${svc:absent, 'a'}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team}*", "${*}", "a${*}", "${svc:many}", "User", "dev", "${"],
            Words),
        ["Numeric"] = (["svc:number", "svc:numbers"], ["1", "2.5", "-3", "10", "1e1", "ten"], ["1", "1.0", "2.5", "-3", "9", "10", "11", "x"]),
        ["Date"] = (["aws:CurrentTime", "aws:TokenIssueTime", "svc:date"], ["2026-01-15", "2026-01-15T12:00:00Z", "1768435200", "2026-01-15T02:00:00+02:00"], ["2026-01-15", "2026-01-15T12:00:00Z", "1768435200", "2026-01-16", "soon"]),
        ["Bool"] = (["aws:SecureTransport", "aws:MultiFactorAuthPresent", "aws:ViaAWSService", "svc:flag"], ["true", "false", "True", "${svc:flag}", "yes"], ["true", "false", "FALSE", "yes"]),
        ["Binary"] = (["svc:bytes"], ["QQ==", "Qg==", "Q Q==", "?"], ["QQ==", "Qg==", "!"]),
        ["Ip"] = (["aws:SourceIp", "svc:address"], ["10.0.0.0/8", "10.1.2.3", "10.1.2.3/31", "0.0.0.0/0", "192.168.1.77/25", "::/0", "2001:db8::/33", "2001:db8::1"], ["10.1.2.3", "10.1.2.2", "192.168.1.1", "192.168.1.200", "2001:db8::1", "2001:db8:8000::1", "nowhere"]),
        ["Arn"] = (
            ["aws:PrincipalArn", "svc:arn", "svc:arns"],
            ["*", "arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:role/*", "arn:aws:iam::*:role/ci/deploy", "arn:aws:*:user/ann", "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}", "${aws:PrincipalArn}", "arn:*:iam::????22223333:*", "ann", "${svc:arn}"],
            ["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::111122223333:role/ci/deploy", "arn:aws:sns:us-east-1:111122223333:a:b", "ann"]),
    };

    private static readonly (string Family, string[] Tests)[] Operators =
    [
        ("String", ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"]),
        ("Numeric", ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"]),
        ("Date", ["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"]),
        ("Bool", ["Bool"]), ("Binary", ["BinaryEquals"]), ("Ip", ["IpAddress", "NotIpAddress"]),
        ("Arn", ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"]), ("Bool", ["Null"]),
    ];

    private string kind = "";

    public NaiveEvaluator.Question Make()
    {
        kind = Of("ordinary", "ordinary", "key", "role");
        var caller = Of("root", "user", "user", "session", "session", "session", "federated", "service", "web");
        var account = caller is "service" or "web" ? "" : Chance(0.75) ? Home : Abroad;
        var resource = kind switch
        {
            "key" => $"arn:aws:kms:us-east-1:{Home}:key/k1",
            "role" => $"arn:aws:iam::{Home}:role/ci/target",
            _ => Of($"arn:aws:secretsmanager:us-east-1:{Home}:secret:ann/db-Ab3dEf", $"arn:aws:secretsmanager:us-east-1:{Home}:secret:team/db-Ab3dEf", "*"),
        };
        var hasResourcePolicy = resource != "*" && Chance(kind == "ordinary" ? 0.6 : 0.95);
        var question = new NaiveEvaluator.Question
        {
            CallerKind = caller,
            CallerAccount = account,
            CallerArn = caller switch
            {
                "root" => $"arn:aws:iam::{account}:root",
                "user" => $"arn:aws:iam::{account}:user/ann",
                "session" => $"arn:aws:sts::{account}:assumed-role/deploy/run",
                "federated" => $"arn:aws:sts::{account}:federated-user/bob",
                "service" => "lambda.amazonaws.com",
                _ => "",
            },
            EntityArn = caller switch { "user" or "federated" => $"arn:aws:iam::{account}:user/ann", "session" => $"arn:aws:iam::{account}:role/ci/deploy", _ => "" },
            EntityId = caller switch { "user" or "federated" => "AIDAEXAMPLEEXAMPLE123", "session" => "AROAEXAMPLEEXAMPLE123", _ => "" },
            Provider = caller == "web" ? $"arn:aws:iam::{Home}:oidc-provider/token.example.com" : "",
            Action = Action(),
            ResourceArn = resource,
            ResourceAccount = resource == "*" && account.Length > 0 ? account : Home,
            ResourceKind = kind,
            Grant = kind == "key" && Chance(0.2) ? Of("account", "role", "direct") : "none",
            Context = [],
            Identity = Policies(Of(0, 1, 1, 2)),
            Boundary = Chance(0.4) ? Policy(false) : null,
            Session = Policies(Chance(0.6) ? 0 : Of(1, 2)),
            ResourcePolicy = hasResourcePolicy ? Policy(true) : null,
            EntityIds = Chance(0.3) ? new() { [$"arn:aws:iam::{Home}:user/ann"] = Of("AIDAEXAMPLEEXAMPLE123", "AIDAEXAMPLEEXAMPLE999"), [$"arn:aws:iam::{Home}:role/ci/deploy"] = Of("AROAEXAMPLEEXAMPLE123", "AROAEXAMPLEEXAMPLE999") } : [],
        };
        FillContext(question);
        return question;
    }

    private void FillContext(NaiveEvaluator.Question q)
    {
        var context = q.Context;
        context["aws:currenttime"] = [Of("2026-01-15T00:00:00Z", "2026-01-15T12:00:00Z", "2026-02-01T00:00:00Z")];
        context["aws:securetransport"] = [Of("true", "false")];
        context["aws:sourceip"] = [Of(Families["Ip"].Given[..^1])];
        context["aws:requestedregion"] = [Of(Regions)];
        context["aws:viaawsservice"] = ["false"];
        context["aws:resourceaccount"] = [q.ResourceAccount];
        context["aws:userid"] = [q.CallerKind switch { "root" => q.CallerAccount, "user" => q.EntityId, "session" => q.EntityId + ":run", "federated" => q.CallerAccount + ":bob", _ => "x" }];
        if (q.CallerAccount.Length > 0)
        {
            context["aws:principalaccount"] = [q.CallerAccount];
            context["aws:principalarn"] = [q.CallerKind == "session" ? q.EntityArn : q.CallerArn];
        }

        if (q.CallerKind != "service")
            context["aws:principaltype"] = [q.CallerKind switch { "root" => "Account", "user" => "User", "session" => "AssumedRole", "federated" => "FederatedUser", _ => "Anonymous" }];
        if (q.CallerKind == "user")
            context["aws:username"] = ["ann"];
        if (q.CallerKind is "session" or "federated")
        {
            context["aws:multifactorauthpresent"] = ["false"];
            context["aws:tokenissuetime"] = [Of("2026-01-15T00:00:00Z", "2026-01-14T00:00:00Z", "2026-01-15T12:00:00Z")];
        }

        foreach (var tag in TagNames)
        {
            foreach (var prefix in new[] { "aws:principaltag/", "aws:resourcetag/", "aws:requesttag/" })
            {
                if (Chance(0.5))
                    context[prefix + tag] = [Of(Words)];
            }
        }

        if (TagNames.Where(t => context.ContainsKey("aws:requesttag/" + t)).ToArray() is { Length: > 0 } keys)
            context["aws:tagkeys"] = keys;
        foreach (var (key, family) in new[] { ("one", "String"), ("number", "Numeric"), ("date", "Date"), ("flag", "Bool"), ("bytes", "Binary"), ("address", "Ip"), ("arn", "Arn") })
        {
            if (Chance(0.8))
                context["svc:" + key] = [Of(Families[family].Given)];
        }

        foreach (var (key, family) in new[] { ("many", "String"), ("numbers", "Numeric"), ("arns", "Arn") })
        {
            if (Chance(0.8))
                context["svc:" + key] = [.. Enumerable.Range(0, Of(1, 2, 3)).Select(_ => Of(Families[family].Given))];
        }
    }

    private string[] Policies(int count) => [.. Enumerable.Range(0, count).Select(_ => Policy(false))];

    private string Policy(bool ofResource)
    {
        var isTrust = ofResource && kind == "role";
        var statements = Enumerable.Range(0, Of(1, 1, 2, 3)).Select(_ =>
        {
            var members = new Dictionary<string, object> { ["Effect"] = Chance(0.85) ? "Allow" : "Deny" };
            members[Chance(0.9) ? "Action" : "NotAction"] = Some(isTrust || kind == "role" ? ["sts:*", "sts:AssumeRole", "STS:assume*", "sts:TagSession"]
                : [.. ofResource || Chance(0.5) ? new[] { "*" } : [], "secretsmanager:*", "secretsmanager:Get*", "SECRETSMANAGER:getsecretvalue", "secretsmanager:???SecretValue", "kms:*", "kms:De?rypt", "secretsmanager:PutSecretValue"]);
            if (!isTrust)
            {
                members[Chance(0.9) ? "Resource" : "NotResource"] = Some(
                    "*", "*", "*", "arn:aws:secretsmanager:*:111122223333:secret:*", "arn:aws:secretsmanager:us-east-1:111122223333:secret:${aws:username}/*", "arn:aws:*:*:*:*",
                    "arn:aws:secretsmanager:us-east-1:111122223333:secret:ann/db-??????", "arn:aws:secretsmanager:us-east-1:111122223333:secret:${aws:PrincipalTag/team, 'team'}*",
                    "arn:aws:secretsmanager:us-east-1:111122223333:secret:${svc:absent}*", "arn:aws:kms:us-east-1:111122223333:key/*", "arn:aws:secretsmanager:*/db*:::x", "arn:aws:iam::111122223333:role/ci/*");
            }

            if (ofResource)
                members[Chance(0.93) ? "Principal" : "NotPrincipal"] = Principals();
            if (Chance(0.45))
                members["Condition"] = Conditions();
            return members;
        });
        var document = new Dictionary<string, object> { ["Statement"] = statements.ToArray() };
        if (Chance(0.85))
            document["Version"] = Chance(0.85) ? "2012-10-17" : "2008-10-17";
        return JsonSerializer.Serialize(document);
    }

    private object Principals()
    {
        if (Chance(0.1))
            return "*";
        var accounts = Chance(0.7) ? Home : Abroad;
        var named = new Dictionary<string, object>();
        if (Chance(0.85))
        {
            named["AWS"] = Some(
                "*", accounts, $"arn:aws:iam::{accounts}:root", $"arn:aws:iam::{accounts}:user/ann", $"arn:aws:iam::{accounts}:user/bob", $"arn:aws:iam::{accounts}:role/ci/deploy", $"arn:aws:iam::{accounts}:role/ci/deploy",
                $"arn:aws:iam::{accounts}:role/deploy", $"arn:aws:sts::{accounts}:assumed-role/deploy/run", $"arn:aws:sts::{accounts}:assumed-role/deploy/other", $"arn:aws:sts::{accounts}:federated-user/bob",
                "AIDAEXAMPLEEXAMPLE123", "AROAEXAMPLEEXAMPLE123", "AROAEXAMPLEEXAMPLE999");
        }

        if (Chance(0.3))
            named["Service"] = Some("lambda.amazonaws.com", "kms.amazonaws.com");
        if (named.Count == 0 || Chance(0.3))
            named["Federated"] = Some($"arn:aws:iam::{Home}:oidc-provider/token.example.com", $"arn:aws:iam::{Home}:oidc-provider/other.example.com");
        return named;
    }

    private Dictionary<string, object> Conditions()
    {
        var all = new Dictionary<string, object>();
        for (var i = Of(1, 1, 2); i > 0; i--)
        {
            var (family, tests) = Of(Operators);
            var test = Of(tests);
            var name = Of("", "", "", "ForAllValues:", "ForAnyValue:") + test + (test != "Null" && Chance(0.2) ? "IfExists" : "");
            var keys = test == "Null" || Chance(0.05) ? Families.Values.SelectMany(f => f.Keys).ToArray() : Families[family].Keys;
            all[name] = new Dictionary<string, object> { [Of(keys)] = Chance(0.03) ? Array.Empty<string>() : Some(Families[family].Wanted) };
        }

        return all;
    }

    private object Some(params string[] from) => Chance(0.5) ? Of(from) : Enumerable.Range(0, Of(1, 2, 3)).Select(_ => Of(from)).ToArray();

    private string Action() => kind switch
    {
        "key" => Of("kms:Decrypt", "kms:Encrypt", "KMS:decrypt"),
        "role" => Of("sts:AssumeRole", "sts:TagSession"),
        _ => Of("secretsmanager:GetSecretValue", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "SecretsManager:getSecretValue"),
    };

    private bool Chance(double probability) => random.NextDouble() < probability;

    private T Of<T>(params T[] from) => from[random.Next(from.Length)];
}
