namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>What is built in. Source of the names: API fact sheet 4.9.</summary>
internal static class BuiltInRotators
{
    /// <summary>By function name.</summary>
    public static IReadOnlyDictionary<string, IRotator> All { get; } = new Dictionary<string, IRotator>(StringComparer.Ordinal)
    {
        ["SecretsManagerRotationTemplate"] = new RandomText(),
    };
}
