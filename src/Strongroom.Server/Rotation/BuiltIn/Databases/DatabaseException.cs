namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>What a database did not do. The message is ours, for the operator, and holds no secret; a driver's exception is not kept, for it may.</summary>
internal sealed class DatabaseException(DatabaseFault fault, string message) : Exception(message)
{
    public DatabaseFault Fault { get; } = fault;

    public static DatabaseException Unreachable(DatabaseLogin login) =>
        new(DatabaseFault.Unreachable, $"cannot connect to {login.Server} within {TimeLimits.ConnectSeconds} seconds");

    public static DatabaseException LoginRefused(DatabaseLogin login, string state) =>
        new(DatabaseFault.LoginRefused, $"{login.Server} refused the login of user {login.Username} ({state})");

    public static DatabaseException NoTls(DatabaseLogin login) => new(DatabaseFault.Tls, $"{login.Server} does not offer TLS");

    public static DatabaseException TlsFailed(DatabaseLogin login) =>
        new(DatabaseFault.Tls, $"the TLS handshake with {login.Server} failed, or its certificate is not trusted or not for that host");

    public static DatabaseException Refused(DatabaseLogin login, string what, string state) =>
        new(DatabaseFault.Refused, $"{login.Server} refused to {what} ({state})");

    public static DatabaseException Forbidden(DatabaseLogin login, string what, string state) =>
        new(DatabaseFault.Refused, $"user {login.Username} lacks the permission to {what} at {login.Server} ({state})");

    public static DatabaseException Lost(DatabaseLogin login, string what) =>
        new(DatabaseFault.Unreachable, $"the connection to {login.Server} was lost, or timed out, while it was asked to {what}");
}

internal enum DatabaseFault
{
    Unreachable,

    /// <summary>TLS isn't there or isn't to be trusted.</summary>
    Tls,

    /// <summary>The server knows the user or the password not, and said so.</summary>
    LoginRefused,

    /// <summary>Logged in, but not let do it; or let in by no rule for this kind of connection.</summary>
    Refused,
}

internal static class TimeLimits
{
    /// <summary>Source: API fact sheet 4.8.</summary>
    public const int ConnectSeconds = 5;

    public const int CommandSeconds = 30;
}
