using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Account;

/// <summary>A request without parameters.</summary>
internal sealed class NoParameters
{
    public static Shape<NoParameters> Shape { get; } = new();
}

/// <summary>Operations on the account as a whole name no resource.</summary>
internal static class WholeAccount
{
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, CancellationToken ct) =>
        new(await directories.GetAsync(call.Caller.Account, ct), "*");
}
