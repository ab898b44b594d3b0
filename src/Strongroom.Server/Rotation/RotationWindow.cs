namespace Strongroom.Server.Rotation;

/// <summary>A time in which a rotation may start, at a moment chosen at random. UTC; <paramref name="End"/> is not part of it.</summary>
internal readonly record struct RotationWindow(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>One second before the end: what AWS shows as NextRotationDate. Source: API fact sheet 4.6, recorded.</summary>
    public DateTimeOffset LatestInstant => End - TimeSpan.FromSeconds(1);
}
