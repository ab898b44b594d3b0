using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>How secrets open a database: whom they log in as, and with TLS or without.</summary>
internal sealed class DatabaseDoor(IDatabase database, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>PEM file with the authorities to trust in place of the machine's.</summary>
    public const string AuthoritiesSetting = "TLS_CA_FILE";

    private X509Certificate2Collection? authorities;
    private bool authoritiesRead;
    private string? withoutTls; // found to be so in this step: not asked again, because some servers let one wait for their no

    public DatabaseLogin LoginOf(DatabaseSecret secret, string? databaseName) => new(
        secret.Host, secret.Port ?? database.DefaultPort, secret.Username, secret.Password, databaseName ?? database.DefaultDatabase, Authorities());

    /// <summary>Logs in as the secret says.</summary>
    /// <exception cref="DatabaseException">It can't.</exception>
    public Task<IDatabaseSession> OpenAsync(DatabaseSecret secret, CancellationToken ct) => OpenAsync(secret, secret.DatabaseName, secret.Tls, ct);

    public async Task<IDatabaseSession> OpenAsync(DatabaseSecret secret, string? databaseName, bool? tls, CancellationToken ct)
    {
        var login = LoginOf(secret, databaseName);
        if (tls is { } exactly)
            return await database.ConnectAsync(login, exactly, ct);
        if (withoutTls == login.Server)
            return await database.ConnectAsync(login, tls: false, ct);

        DatabaseException first;
        try
        {
            return await database.ConnectAsync(login, tls: true, ct);
        }
        // Not after the server itself has refused the password: another try would count against a lockout, and tell it over the open line.
        catch (DatabaseException failure) when (failure.Fault != DatabaseFault.LoginRefused)
        {
            first = failure;
            withoutTls = failure.Fault == DatabaseFault.Tls ? login.Server : null;
        }

        try
        {
            return await database.ConnectAsync(login, tls: false, ct);
        }
        catch (DatabaseException failure) when (failure.Fault == DatabaseFault.Unreachable && first.Fault == DatabaseFault.Tls)
        {
            // Servers that demand TLS often say so by hanging up.
            withoutTls = null;
            throw first;
        }
    }

    private X509Certificate2Collection? Authorities()
    {
        if (authoritiesRead || !environment.TryGetValue(AuthoritiesSetting, out var path))
            return authorities;
        var read = new X509Certificate2Collection();
        try
        {
            read.ImportFromPemFile(path);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new RotationException($"{AuthoritiesSetting}: {path} can't be read.");
        }

        if (read.Count == 0)
            throw new RotationException($"{AuthoritiesSetting}: {path} holds no certificate.");
        authoritiesRead = true;
        return authorities = read;
    }
}
