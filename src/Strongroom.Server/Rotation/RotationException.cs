namespace Strongroom.Server.Rotation;

/// <summary>A step can't be done. The message is for the rotation's log and the operator: it says why and holds no secret.</summary>
internal sealed class RotationException(string message) : Exception(message);
