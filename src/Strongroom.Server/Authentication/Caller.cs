using Strongroom.Policy;

namespace Strongroom.Server.Authentication;

/// <summary>A verified caller. Made by the authenticators and nobody else: its constructor is a banned symbol.</summary>
internal sealed class Caller(Principal principal, string accessKeyId)
{
    public Principal Principal { get; } = principal;

    public string AccessKeyId { get; } = accessKeyId;

    public string Account => Principal.Account;
}
