using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Strongroom.Tests.Policy;

/// <summary>
/// IAM's rules a second time, as slowly and plainly as they can be written from the fact sheet (sections 2 and 3): JSON in, plain dictionaries, recursion,
/// nothing of the real evaluator. The property test compares the two.
/// </summary>
internal static class NaiveEvaluator
{
    /// <summary>Who asks for what: only texts and dictionaries, as both evaluators are given them.</summary>
    internal sealed record Question
    {
        public required string CallerKind { get; init; } // root, user, session, federated, service, web
        public required string CallerAccount { get; init; }
        public required string CallerArn { get; init; }
        public required string EntityArn { get; init; }
        public required string EntityId { get; init; }
        public required string Provider { get; init; }
        public required string Action { get; init; }
        public required string ResourceArn { get; init; }
        public required string ResourceAccount { get; init; }
        public required string ResourceKind { get; init; } // ordinary, key, role
        public required string Grant { get; init; } // none, account, role, direct
        public required Dictionary<string, string[]> Context { get; init; } // lower-case names
        public required string[] Identity { get; init; }
        public required string? Boundary { get; init; }
        public required string[] Session { get; init; }
        public required string? ResourcePolicy { get; init; }
        public required Dictionary<string, string> EntityIds { get; init; }
    }

    /// <summary>How often each operator was true and false, to see that the random cases reach them.</summary>
    public static ConcurrentDictionary<(string Operator, bool Result), long> Seen { get; } = new();

    /// <returns>"allowed", "explicit KIND" or "implicit KIND".</returns>
    public static string Decide(Question q)
    {
        var hasPolicies = q.CallerKind is "user" or "session" or "federated";
        var identity = hasPolicies ? q.Identity.SelectMany(p => Matches(p, q)).ToList() : [];
        var boundary = hasPolicies && q.Boundary is not null ? Matches(q.Boundary, q) : null;
        var session = q.CallerKind is not ("service" or "web") && q.Session.Length > 0 ? q.Session.SelectMany(p => Matches(p, q)).ToList() : null;
        var resource = q.ResourcePolicy is null ? [] : Matches(q.ResourcePolicy, q);
        var side = q.ResourceKind == "role" ? "trust" : "resource";

        // 3.2 step 1; 3.6 for the order
        if (session is not null && session.Exists(s => s.Effect == "Deny"))
            return "explicit session";
        if (boundary is not null && boundary.Exists(s => s.Effect == "Deny"))
            return "explicit boundary";
        if (identity.Exists(s => s.Effect == "Deny"))
            return "explicit identity";
        if (resource.Exists(s => s.Effect == "Deny"))
            return "explicit " + side;

        var allows = resource.Where(s => s.Effect == "Allow").Select(s => s.Match).ToHashSet();
        if (q.ResourceKind == "key" && q.Grant != "none")
            allows.Add(q.Grant);

        // 3.1: services and tokens have nothing but the resource's policy
        if (q.CallerKind is "service" or "web")
            return allows.Contains("direct") ? "allowed" : "implicit " + side;

        var identityAllows = q.CallerKind == "root" || identity.Exists(s => s.Effect == "Allow");
        var boundaryAllows = boundary is null || boundary.Exists(s => s.Effect == "Allow");
        var sessionAllows = session is null || session.Exists(s => s.Effect == "Allow");

        if (q.CallerAccount != q.ResourceAccount)
        {
            // 3.5
            if (!identityAllows)
                return "implicit identity";
            if (!boundaryAllows)
                return "implicit boundary";
            if (!sessionAllows)
                return "implicit session";
            return allows.Count > 0 ? "allowed" : "implicit " + side;
        }

        if (q.ResourceKind is "key" or "role")
        {
            // 3.3
            if (allows.Count == 0)
                return "implicit " + side;
            if (allows.Contains("direct") && q.CallerKind != "root")
                return "allowed";
        }
        else if (allows.Contains("direct") && q.CallerKind != "root")
        {
            return "allowed"; // 3.2 step 2
        }

        if (!identityAllows && !allows.Contains("role"))
            return "implicit identity";
        if (!boundaryAllows)
            return "implicit boundary";
        return sessionAllows ? "allowed" : "implicit session";
    }

    private sealed record Matched(string Effect, string Match);

    private static List<Matched> Matches(string policy, Question q)
    {
        var root = JsonDocument.Parse(policy).RootElement;
        var variables = root.TryGetProperty("Version", out var version) && version.GetString() == "2012-10-17";
        var found = new List<Matched>();
        foreach (var s in List(root.GetProperty("Statement")))
        {
            var action = s.TryGetProperty("Action", out var a) ? Any(a, p => Glob(Wild(p.ToUpperInvariant()), q.Action.ToUpperInvariant()))
                : !Any(s.GetProperty("NotAction"), p => Glob(Wild(p.ToUpperInvariant()), q.Action.ToUpperInvariant()));
            var resource = s.TryGetProperty("Resource", out var r) ? Any(r, p => Resource(p, variables, q))
                : !s.TryGetProperty("NotResource", out var n) || !Any(n, p => Resource(p, variables, q));
            var match = Principal(s, q);
            if (action && resource && match != "no" && (!s.TryGetProperty("Condition", out var c) || Condition(c, variables, q)))
                found.Add(new Matched(s.GetProperty("Effect").GetString()!, match));
        }

        return found;
    }

    // 2.3
    private static string Principal(JsonElement s, Question q)
    {
        if (s.TryGetProperty("NotPrincipal", out var not))
            return Principals(not, q).Exists(m => m != "no") ? "no" : "direct";
        if (!s.TryGetProperty("Principal", out var p))
            return "none";
        var all = Principals(p, q);
        return all.Contains("direct") ? "direct" : all.Contains("role") ? "role" : all.Contains("account") ? "account" : "no";
    }

    private static List<string> Principals(JsonElement p, Question q)
    {
        if (p.ValueKind == JsonValueKind.String)
            return ["direct"];
        var all = new List<string>();
        foreach (var kind in p.EnumerateObject())
        {
            foreach (var text in List(kind.Value).Select(v => v.GetString()!))
            {
                var isIt = q.EntityIds.TryGetValue(text, out var id) ? id == q.EntityId : text == q.EntityArn;
                all.Add((kind.Name, text) switch
                {
                    ("AWS", "*") => "direct",
                    ("AWS", _) when text == q.CallerAccount || text == $"arn:aws:iam::{q.CallerAccount}:root" => q.CallerKind == "root" ? "direct" : "account",
                    ("AWS", _) when text.StartsWith("AIDA", StringComparison.Ordinal) || text.StartsWith("AROA", StringComparison.Ordinal) =>
                        text != q.EntityId ? "no" : q.CallerKind == "user" ? "direct" : "role",
                    ("AWS", _) when text.Contains(":user/", StringComparison.Ordinal) => !isIt ? "no" : q.CallerKind == "user" ? "direct" : q.CallerKind == "federated" ? "role" : "no",
                    ("AWS", _) when text.Contains(":role/", StringComparison.Ordinal) => isIt && q.CallerKind == "session" ? "role" : "no",
                    ("AWS", _) when text.Contains(":sts:", StringComparison.Ordinal) => text == q.CallerArn ? "direct" : "no",
                    ("Service", _) => q.CallerKind == "service" && text == q.CallerArn ? "direct" : "no",
                    ("Federated", _) => q.CallerKind == "web" && text == q.Provider ? "direct" : "no",
                    _ => "no",
                });
            }
        }

        return all;
    }

    // 2.1, 3.7
    private static bool Resource(string pattern, bool variables, Question q)
    {
        if (pattern == "*")
            return true;
        var (left, right) = (pattern.Split(':', 6), q.ResourceArn.Split(':', 6));
        if (left.Length < 6 || right.Length < 6)
            return false;
        for (var i = 0; i < 5; i++)
        {
            if (!Glob(Wild(left[i]), right[i]))
                return false;
        }

        return Substitute(left[5], true, variables, q) is { } last && Glob(last, right[5]);
    }

    // 2.4
    private static bool Condition(JsonElement condition, bool variables, Question q) =>
        condition.EnumerateObject().All(o => o.Value.EnumerateObject().All(k => One(o.Name, k.Name, [.. List(k.Value).Select(v => v.ValueKind == JsonValueKind.String ? v.GetString()! : v.GetRawText())], variables, q)));

    private static bool One(string name, string key, string[] wanted, bool variables, Question q)
    {
        var given = q.Context.GetValueOrDefault(key.ToLowerInvariant()) ?? [];
        var (set, rest) = name.Contains(':', StringComparison.Ordinal) ? (name.Split(':')[0], name.Split(':')[1]) : ("", name);
        var ifExists = rest.EndsWith("IfExists", StringComparison.Ordinal);
        var op = ifExists ? rest[..^8] : rest;
        var result = Test();
        Seen.AddOrUpdate((op, result), 1, (_, n) => n + 1);
        Seen.AddOrUpdate((set + "…" + (ifExists ? "IfExists" : ""), result), 1, (_, n) => n + 1);
        return result;

        bool Test()
        {
            if (op == "Null")
                return wanted.Any(w => w.ToUpperInvariant() == (given.Length == 0 ? "TRUE" : "FALSE"));
            var negated = op.Contains("Not", StringComparison.Ordinal);
            if (wanted.Length == 0 && !negated)
                return false;
            if (given.Length == 0)
                return ifExists || set == "ForAllValues" || (set == "" && negated);
            if (set == "" && given.Length > 1)
                return false;
            var each = given.Select(g => negated ? !wanted.Any(w => Compare(op.Replace("Not", "", StringComparison.Ordinal), g, w, variables, q)) : wanted.Any(w => Compare(op, g, w, variables, q)));
            return set == "ForAnyValue" ? each.Any(x => x) : each.All(x => x);
        }
    }

    private static bool Compare(string op, string given, string wanted, bool variables, Question q)
    {
        switch (op)
        {
            case "StringEquals":
                return Substitute(wanted, false, variables, q) is { } exact && Glob(exact, given);
            case "StringEqualsIgnoreCase":
                return Substitute(wanted, false, variables, q) is { } loose && Glob([.. loose.Select(t => (char.ToUpperInvariant(t.C), t.Wild))], given.ToUpperInvariant());
            case "StringLike":
                return Substitute(wanted, true, variables, q) is { } like && Glob(like, given);
            case "Bool":
                return given.ToUpperInvariant() is "TRUE" or "FALSE" && Substitute(wanted, false, variables, q) is { } flag
                    && string.Concat(flag.Select(t => t.C)).ToUpperInvariant() == given.ToUpperInvariant();
            case "BinaryEquals":
                return Base64(given) is { } b1 && Base64(wanted) is { } b2 && b1.SequenceEqual(b2);
            case "IpAddress":
                return Bits(given) is { } address && Bits(wanted) is { } range && address.V6 == range.V6 && address.Text.StartsWith(range.Text, StringComparison.Ordinal);
            case "ArnEquals" or "ArnLike":
                return Arn(given, wanted, variables, q);
        }

        double? x, y;
        if (op.StartsWith("Date", StringComparison.Ordinal))
            (x, y) = (Instant(given), Instant(wanted));
        else
            (x, y) = (Number(given), Number(wanted));
        return op[(op.StartsWith("Date", StringComparison.Ordinal) ? 4 : 7)..] switch
        {
            "Equals" => x == y && x is not null,
            "LessThan" => x < y,
            "LessThanEquals" => x <= y,
            "GreaterThan" => x > y,
            "GreaterThanEquals" => x >= y,
            _ => throw new InvalidOperationException(op),
        };
    }

    private static bool Arn(string given, string wanted, bool variables, Question q)
    {
        if (wanted == "*")
            return true;
        if (given.Split(':').Length < 6 || Substitute(wanted, true, variables, q) is not { } tokens)
            return false;
        var parts = new List<List<(char, bool)>> { new() };
        foreach (var token in tokens)
        {
            if (token == (':', false) && parts.Count < 6)
                parts.Add([]);
            else
                parts[^1].Add(token);
        }

        return parts.Count == 6 && parts.Zip(given.Split(':', 6)).All(p => Glob([.. p.First], p.Second));
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var n) ? n : null;

    private static double? Instant(string text) =>
        // Seconds stand for dates, whose years have four digits: a number beyond them, such as an account's, is none.
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) ? seconds is >= -62_135_596_800 and <= 253_402_300_799 ? seconds : null
        : text.Length >= 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? (at - DateTimeOffset.UnixEpoch).TotalSeconds
        : null;

    private static byte[]? Base64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException)
        {
            return null; // no bytes: matches nothing
        }
    }

    private static (bool V6, string Text)? Bits(string text)
    {
        var parts = text.Split('/');
        if (!(parts[0].Contains(':', StringComparison.Ordinal) || parts[0].Split('.').Length == 4) || !IPAddress.TryParse(parts[0], out var address))
            return null;
        var bits = string.Concat(address.GetAddressBytes().Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
        return (parts[0].Contains(':', StringComparison.Ordinal), parts.Length > 1 ? bits[..int.Parse(parts[1], CultureInfo.InvariantCulture)] : bits);
    }

    // 2.5. Tokens: a character, and whether it is a wildcard. Null: a variable without value.
    private static List<(char C, bool Wild)>? Substitute(string text, bool wildcards, bool variables, Question q)
    {
        var tokens = new List<(char, bool)>();
        while (text.Length > 0)
        {
            var close = text.IndexOf('}', StringComparison.Ordinal);
            if (variables && text.StartsWith("${", StringComparison.Ordinal) && close > 2)
            {
                var inner = text[2..close];
                text = text[(close + 1)..];
                if (inner is "*" or "?" or "$")
                {
                    tokens.Add((inner[0], false));
                    continue;
                }

                var comma = inner.IndexOf(", '", StringComparison.Ordinal);
                var values = q.Context.GetValueOrDefault((comma < 0 ? inner : inner[..comma]).ToLowerInvariant()) ?? [];
                var value = values.Length == 1 ? values[0] : values.Length == 0 && comma >= 0 ? inner[(comma + 3)..^1] : null;
                if (value is null)
                    return null;
                tokens.AddRange(value.Select(c => (c, false)));
                continue;
            }

            tokens.Add((text[0], wildcards && (text[0] is '*' or '?')));
            text = text[1..];
        }

        return tokens;
    }

    private static List<(char C, bool Wild)> Wild(string text) => [.. text.Select(c => (c, c is '*' or '?'))];

    private static bool Glob(List<(char C, bool Wild)> pattern, string text, int p = 0, int t = 0)
    {
        if (p == pattern.Count)
            return t == text.Length;
        if (pattern[p] == ('*', true))
            return Glob(pattern, text, p + 1, t) || (t < text.Length && Glob(pattern, text, p, t + 1));
        return t < text.Length && (pattern[p] == ('?', true) || (!pattern[p].Wild && pattern[p].C == text[t])) && Glob(pattern, text, p + 1, t + 1);
    }

    private static IEnumerable<JsonElement> List(JsonElement e) => e.ValueKind == JsonValueKind.Array ? e.EnumerateArray() : [e];

    private static bool Any(JsonElement e, Func<string, bool> matches) => List(e).Any(v => matches(v.GetString()!));
}
