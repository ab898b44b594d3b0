namespace Strongroom.Policy;

/// <summary>The order in which AWS looks at a policy; the first stage that finds a fault answers. Source: IAM fact sheet 2.7.</summary>
public enum PolicyStage
{
    Syntax,
    Version,
    Principal,
    LegacyParsing,
    StatementId,
    Actions,
    Resources,
    ActionPrefix,
}

/// <param name="Message">AWS's text for a MalformedPolicyDocument error of IAM or STS. Quotes the policy, which is no secret.</param>
public sealed record PolicyError(PolicyStage Stage, string Message)
{
    internal static PolicyError Syntax { get; } = new(PolicyStage.Syntax, "Syntax errors in policy.");
    internal static PolicyError LegacyParsing { get; } = new(PolicyStage.LegacyParsing, "The policy failed legacy parsing");
}
