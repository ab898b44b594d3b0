namespace Strongroom.Server.Quotas;

/// <summary>How much is taken from whom. Counts and sizes as on AWS are no option: they always hold.</summary>
public sealed record LimitOptions
{
    /// <summary>Request rates of accounts and principals; none by default.</summary>
    public IReadOnlyList<RateRule> Rates { get; init; } = [];

    /// <summary>Failed authentications that one source address may have; null for any number.</summary>
    public Rate? AuthenticationFailures { get; init; }

    /// <summary>Requests that are worked on at once.</summary>
    public int MaxInFlight { get; init; } = 2048;

    /// <summary>Connections that are open at once.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Secrets of one account in one region. AWS's number; tests take a smaller one.</summary>
    internal int MaxSecrets { get; init; } = 500_000;
}
