using Strongroom.Server.Hosting;

namespace Strongroom.Server.Quotas;

/// <summary>Whose calls a rule counts together.</summary>
public enum RateScope
{
    /// <summary>All of an account's.</summary>
    Account,

    /// <summary>Those of one user, one role with all its sessions, or one root.</summary>
    Principal,
}

/// <summary>A line of the setting <c>rate-limit</c>. The grammar is documented in docs/compatibility/quotas.md.</summary>
/// <param name="Operations">As written: <c>GetSecretValue</c>, <c>kms:Encrypt</c>, <c>kms:*</c> or <c>*</c>. They share one bucket.</param>
/// <param name="Who">An account id, or the ARN of a user, role or root; null for everybody.</param>
public sealed record RateRule(RateScope Scope, IReadOnlyList<string> Operations, string? Who, Rate Rate)
{
    internal const string Setting = "rate-limit";

    /// <summary>The word for AWS's published rates.</summary>
    public const string Aws = "aws";

    /// <exception cref="SettingsException">Not in the grammar; the message shows an example.</exception>
    public static IReadOnlyList<RateRule> ParseAll(IEnumerable<string> lines) =>
        [.. lines.SelectMany(line => line == Aws ? AwsRates.Rules : [Parse(line)])];

    public static RateRule Parse(string line)
    {
        if (line.LastIndexOf('=') is not (var equals and > 0))
            throw Malformed(line);
        var rate = Rate.Parse(line[(equals + 1)..].Trim(), Setting);
        var subject = line[..equals].Trim();
        var scope = RateScope.Account;
        foreach (var (word, meaning) in new[] { ("account:", RateScope.Account), ("principal:", RateScope.Principal) })
        {
            if (subject.StartsWith(word, StringComparison.Ordinal))
                (subject, scope) = (subject[word.Length..], meaning);
        }

        string? who = null;
        if (subject.IndexOf('@', StringComparison.Ordinal) is var at and >= 0)
            (subject, who) = (subject[..at], subject[(at + 1)..]);
        var operations = subject.Split('+', StringSplitOptions.TrimEntries);
        if (operations.Any(name => name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '*')))
            throw Malformed(line);
        if (who is not null && !(scope == RateScope.Account ? who.Length == 12 && who.All(char.IsAsciiDigit) : who.StartsWith("arn:", StringComparison.Ordinal)))
            throw new SettingsException($"'{who}' in '{line}' is nobody whom a rate can be for ({Setting}). Name an account id after account:…@, an ARN after principal:…@.");
        return new RateRule(scope, operations, who, rate);
    }

    private static SettingsException Malformed(string line) => new(
        $"'{line}' is no rate limit ({Setting}). Use for example GetSecretValue=5000/s, principal:GetSecretValue=100/s:200, account:*@111122223333=1000/s or aws.");
}
