using System.Buffers;

namespace Strongroom.Server.SecretsManager;

/// <summary>The rule for names. Source: API fact sheet 2.2.</summary>
internal static class SecretName
{
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_+=.@-!");

    // Prefixes that AWS services put before '!' in the secrets they manage. Source: API fact sheet 2.13.
    private static readonly HashSet<string> ServicePrefixes = new(StringComparer.Ordinal)
    {
        "appflow", "databrew", "directconnect", "events", "opsworks-cm", "rds", "redshift", "sqlworkbench", "ecs-sc",
    };

    /// <exception cref="Protocol.ServiceException">ValidationException with AWS's text.</exception>
    public static void Check(string name)
    {
        if (name.Length is 0 or > 512 || name.AsSpan().ContainsAnyExcept(Allowed))
            throw SecretsManagerErrors.InvalidName();
    }

    /// <summary>As <see cref="Check"/>, and the name is not one that a service reserves for the secrets it manages.</summary>
    public static void CheckNew(string name)
    {
        Check(name);
        if (name.IndexOf('!', StringComparison.Ordinal) is var at and >= 0 && ServicePrefixes.Contains(name[..at]))
            throw SecretsManagerErrors.InvalidName();
    }
}
