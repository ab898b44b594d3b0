namespace Strongroom.Policy;

/// <summary>Who asks, as policies see it. Until the identity issue the only kind is the root of an account.</summary>
/// <param name="Account">Twelve digits.</param>
/// <param name="Arn"><c>arn:aws:iam::ACCOUNT:root</c>.</param>
public sealed record Principal(string Account, string Arn)
{
    public bool IsRoot => Arn.EndsWith(":root", StringComparison.Ordinal);
}
