namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// A built-in rotator: does in this process what one of AWS's function templates does. finishSecret is the same for all and not here.
/// One instance serves all secrets at once. Each step may be run again, also after it succeeded.
/// </summary>
/// <remarks>Throws <see cref="RotationException"/> for what goes wrong; other exceptions are told by their type alone, because drivers' messages may hold secrets.</remarks>
internal interface IRotator
{
    /// <summary>Makes the new value and stores it as pending, unless an earlier attempt has.</summary>
    Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct);

    /// <summary>Makes the pending value good in the system that it opens.</summary>
    Task SetSecretAsync(RotatedSecret secret, CancellationToken ct);

    /// <summary>Tries the pending value there.</summary>
    Task TestSecretAsync(RotatedSecret secret, CancellationToken ct);
}
