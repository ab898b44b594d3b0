namespace Strongroom.Server.Rotation;

/// <summary>The steps of a rotation, in the order in which they are run. Source: API fact sheet 4.1.</summary>
public enum RotationStep
{
    /// <summary>Make the new value and store it as AWSPENDING.</summary>
    CreateSecret,

    /// <summary>Make the value good in the system that it opens.</summary>
    SetSecret,

    /// <summary>Try the value there.</summary>
    TestSecret,

    /// <summary>Move AWSCURRENT to the new version.</summary>
    FinishSecret,
}

internal static class RotationSteps
{
    /// <summary>As the function's event names it.</summary>
    public static string Name(this RotationStep step) => step switch
    {
        RotationStep.CreateSecret => "createSecret",
        RotationStep.SetSecret => "setSecret",
        RotationStep.TestSecret => "testSecret",
        _ => "finishSecret",
    };
}
