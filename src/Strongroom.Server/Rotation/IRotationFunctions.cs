namespace Strongroom.Server.Rotation;

/// <summary>The functions that RotateSecret can name. The seam for the rotation issue: built-in rotators, HTTP endpoints, processes.</summary>
internal interface IRotationFunctions
{
    /// <summary>Whether the function exists and lets Secrets Manager invoke it.</summary>
    ValueTask<bool> CanInvokeAsync(string account, string region, string functionArn, CancellationToken ct);
}

/// <summary>No function can be reached. RotateSecret answers as AWS does for a function that is not there.</summary>
internal sealed class NoRotationFunctions : IRotationFunctions
{
    public ValueTask<bool> CanInvokeAsync(string account, string region, string functionArn, CancellationToken ct) => new(false);
}
