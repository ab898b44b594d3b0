using System.Globalization;

namespace Strongroom.Policy;

/// <summary>The stages after syntax, in AWS's order, with AWS's texts. Source: IAM fact sheet 2.7.</summary>
internal static class PolicyValidator
{
    public static PolicyError? FirstFault(PolicyDocument document, bool isMiscased) =>
        Version(document)
        ?? Principals(document)
        ?? (isMiscased || document.Statements.Any(FailsLegacyParsing) ? PolicyError.LegacyParsing : null)
        ?? StatementIds(document)
        ?? FirstIn(document, Actions)
        ?? FirstIn(document, Resources)
        ?? FirstIn(document, ActionPrefixes);

    private static PolicyError? Version(PolicyDocument document) =>
        document.Kind == PolicyKind.Managed && document.Version != PolicyVersion.V2012
            ? new PolicyError(PolicyStage.Version, "Policy document must be version 2012-10-17 or greater.")
            : null;

    private static PolicyError? Principals(PolicyDocument document) => FirstIn(document, (statement, kind) =>
    {
        if (kind is not (PolicyKind.Resource or PolicyKind.Trust))
            return statement.Principals is null ? null : Fault("Policy document should not specify a principal.");
        if (statement.Principals is null)
            return Fault("Missing required field Principal"); // our wording: what AWS says here is not recorded
        // A resource policy's principals are judged by the service that owns the resource, in words of its own.
        return kind == PolicyKind.Trust && statement.Principals.Principals.FirstOrDefault(p => p.Form == PrincipalForm.Malformed) is { } bad
            ? Fault($"Invalid principal in policy: \"{Key(bad.Type)}\":\"{bad.Text}\"")
            : null;

        static PolicyError Fault(string message) => new(PolicyStage.Principal, message);
        static string Key(PrincipalType type) => type == PrincipalType.Aws ? "AWS" : type.ToString();
    });

    private static bool FailsLegacyParsing(PolicyStatement statement) =>
        (statement.Resources?.Patterns.Any(resource => resource.Text.Split(':', 6) is ["arn", _, var service, ..] parts && (parts.Length < 6 || service.Length == 0)) ?? false)
        || statement.Conditions.Any(condition => condition.Operator.Test switch
        {
            >= ConditionTest.DateEquals and <= ConditionTest.DateGreaterThanEquals => !condition.Values.All(PolicyDate.IsValid),
            >= ConditionTest.NumericEquals and <= ConditionTest.NumericGreaterThanEquals => condition.Values.Any(Overflows),
            _ => false,
        });

    // "abc" is accepted and never matches; a number too great to hold is refused.
    private static bool Overflows(string value) =>
        value.Length > 0 && value.AsSpan().TrimStart('-').ContainsAnyExceptInRange('0', '9') == false
        && !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    private static PolicyError? StatementIds(PolicyDocument document)
    {
        // Resource policies are laxer: Secrets Manager and KMS take spaces and repetitions.
        if (document.Kind == PolicyKind.Resource)
            return null;
        var sids = document.Statements.Select(s => s.Sid).Where(sid => !string.IsNullOrEmpty(sid)).ToList();
        if (!sids.TrueForAll(sid => sid!.All(char.IsAsciiLetterOrDigit)))
            return PolicyError.Syntax;
        return sids.Distinct(StringComparer.Ordinal).Count() == sids.Count
            ? null
            : new PolicyError(PolicyStage.StatementId, "Statement IDs (SID) in a single policy must be unique.");
    }

    private static PolicyError? Actions(PolicyStatement statement, PolicyKind kind)
    {
        if (statement.Actions.Patterns.IsEmpty)
            return new PolicyError(PolicyStage.Actions, "Policy statement must contain actions.");
        return kind == PolicyKind.Trust && statement.Actions.Patterns.Any(a => !a.Vendor.Equals("sts", StringComparison.OrdinalIgnoreCase))
            ? new PolicyError(PolicyStage.Actions, "AssumeRole policy may only specify STS AssumeRole actions.")
            : null;
    }

    private static PolicyError? Resources(PolicyStatement statement, PolicyKind kind)
    {
        if (kind == PolicyKind.Trust)
            return statement.Resources is null ? null : Fault($"Has prohibited field {(statement.Resources.IsNegated ? "NotResource" : "Resource")}.");
        if (statement.Resources is null || statement.Resources.Patterns.IsEmpty)
            return Fault("Policy statement must contain resources.");
        return statement.Resources.Patterns.Select(r => Resource(r.Text)).FirstOrDefault(message => message is not null) is { } text ? Fault(text) : null;

        static PolicyError Fault(string message) => new(PolicyStage.Resources, message);
    }

    private static string? Resource(string resource)
    {
        if (resource == "*")
            return null;
        var parts = resource.Split(':', 6);
        if (parts[0] != "arn" || parts.Length == 1)
            return $"Resource {resource} must be in ARN format or \"*\".";
        if (parts.Length == 2)
            return "Resource vendor must be fully qualified and cannot contain regexes.";

        // Stage 3 has refused everything between two and six parts.
        var (partition, service, region, path) = (parts[1], parts[2], parts[3], parts[5]);
        if (!Partitions.IsKnown(partition) && !partition.AsSpan().ContainsAny('*', '?'))
            return $"Partition \"{partition}\" is not valid for resource \"{resource}\".";
        if (service == "iam" && region.Length > 0)
            return $"IAM resource {resource} cannot contain region information.";
        if (service == "s3" && region.Length > 0)
            return $"Resource {resource} can not contain region information.";
        return service == "iam" && path != "*" && !Array.Exists(IamPaths, prefix => path.StartsWith(prefix, StringComparison.Ordinal))
            ? $"IAM resource path must either be \"*\" or start with {string.Join(", ", IamPaths)}."
            : null;
    }

    private static PolicyError? ActionPrefixes(PolicyStatement statement, PolicyKind kind)
    {
        foreach (var action in statement.Actions.Patterns)
        {
            var message = action.IsAny ? null : action.Text.AsSpan().Count(':') switch
            {
                0 => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                1 => IsVendor(action.Vendor) ? null : $"Vendor {action.Vendor} is not valid",
                _ => "Actions/Condition can contain only one colon.",
            };
            if (message is not null)
                return new PolicyError(PolicyStage.ActionPrefix, message);
        }

        return null;
    }

    private static bool IsVendor(ReadOnlySpan<char> vendor)
    {
        foreach (var c in vendor)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return false;
        }

        return !vendor.IsEmpty;
    }

    private static PolicyError? FirstIn(PolicyDocument document, Func<PolicyStatement, PolicyKind, PolicyError?> check)
    {
        foreach (var statement in document.Statements)
        {
            if (check(statement, document.Kind) is { } error)
                return error;
        }

        return null;
    }

    private static readonly string[] IamPaths =
    [
        "user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
        "saml-provider/", "oidc-provider/", "report/", "access-report/",
    ];
}
