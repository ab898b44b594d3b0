namespace Strongroom.Server.Rotation;

/// <summary>Why rotation rules were refused.</summary>
internal enum RotationScheduleFault
{
    None,
    DaysAndExpression,

    /// <summary>Neither a day count nor an expression. RotateSecret may still be valid: it keeps the rules it has.</summary>
    NothingGiven,
    DaysOutOfRange,
    InvalidExpression,
    InvalidDuration,
}

/// <param name="Given">The offending text as the caller sent it; null where nothing is quoted.</param>
internal readonly record struct RotationScheduleError(RotationScheduleFault Fault, string? Given)
{
    /// <summary>The message for an InvalidParameterException. Only the first is recorded from AWS; the others are our wording (API fact sheet 4.6).</summary>
    public string Message => Fault switch
    {
        RotationScheduleFault.None => "",
        RotationScheduleFault.DaysAndExpression => "You cannot specify both rotation frequency and schedule expression together.",
        RotationScheduleFault.NothingGiven => "You must specify either AutomaticallyAfterDays or ScheduleExpression.",
        RotationScheduleFault.DaysOutOfRange => $"Invalid AutomaticallyAfterDays: {Given}.",
        RotationScheduleFault.InvalidExpression => $"Invalid schedule expression: {Given}.",
        _ => $"Invalid Duration: {Given}.",
    };
}
