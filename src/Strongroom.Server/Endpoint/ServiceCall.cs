using Strongroom.Crypto;
using Strongroom.Server.Authentication;

namespace Strongroom.Server.Endpoint;

/// <summary>Calls that the service makes of itself: recorded and authorized like a client's. Source: IAM fact sheet 8.5.</summary>
internal static class ServiceCall
{
    private const string Name = "secretsmanager.amazonaws.com";

    /// <param name="caller">In which role, see <see cref="ServiceRole"/>.</param>
    public static CallContext New(Caller caller, string region, Entropy entropy, DateTimeOffset now) => new()
    {
        RequestId = entropy.NewGuid(),
        Now = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMillisecond), TimeSpan.Zero),
        SourceIp = Name,
        UserAgent = Name,
        Region = region,
        VerifiedCaller = caller,
    };
}
