using System.Security.Cryptography.X509Certificates;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>
/// One kind of database server. Instances are cheap and shared by all secrets; a driver is loaded by the first connection. Nothing is pooled or cached.
/// </summary>
/// <remarks>Members throw <see cref="DatabaseException"/> with words of our own: drivers' messages may quote statements, and with them passwords.</remarks>
internal interface IDatabase
{
    /// <summary>Values of <c>engine</c> that are accepted.</summary>
    IReadOnlyList<string> Engines { get; }

    int DefaultPort { get; }

    /// <summary>Where the secret names none; empty for none at all.</summary>
    string DefaultDatabase { get; }

    /// <summary>Characters that passwords do not have by default.</summary>
    string ExcludedCharacters { get; }

    /// <summary>How long a user name may be, in bytes of UTF-8.</summary>
    /// <param name="environment">The rotator's settings.</param>
    int UserNameLimit(IReadOnlyDictionary<string, string> environment);

    /// <summary>Whether a user is changed with the rights of the secret that <c>masterarn</c> names, by the single-user rotator too.</summary>
    bool MasterServesSingleUser => false;

    /// <summary>Logs in.</summary>
    /// <param name="tls">With TLS and the server's certificate and name verified, or without.</param>
    Task<IDatabaseSession> ConnectAsync(DatabaseLogin login, bool tls, CancellationToken ct);
}

/// <summary>A connection of a user that has logged in.</summary>
internal interface IDatabaseSession : IAsyncDisposable
{
    /// <summary>Asks for something trivial that any user may ask.</summary>
    Task TestAsync(CancellationToken ct);

    /// <summary>Changes the password of a user.</summary>
    /// <param name="login">The user with the password that it has: the one that is logged in, or any if <see cref="IDatabase.MasterServesSingleUser"/>.</param>
    Task SetPasswordAsync(DatabaseLogin login, string newPassword, CancellationToken ct);

    /// <summary>Gives <paramref name="clone"/> its password, after making it with the rights of <paramref name="original"/> where it does not exist.</summary>
    Task SetCloneAsync(DatabaseLogin original, DatabaseLogin clone, CancellationToken ct);
}

/// <summary>Whom to log in as, and where.</summary>
/// <param name="Authorities">Trusted in place of the machine's; null for those.</param>
internal sealed record DatabaseLogin(
    string Host, int Port, string Username, string Password, string Database, X509Certificate2Collection? Authorities)
{
    public string Server => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    // A record prints its members, and one of them is a secret.
    public override string ToString() => $"{Username} at {Server}";
}
