using Strongroom.Policy;

namespace Strongroom.Server.Strongroom;

/// <summary>
/// What another account owns, as this account may know it: by its ARN alone, whether or not it exists. The other side is taken to allow, so what the
/// evaluator says of it is this side's decision.
/// </summary>
internal sealed class ForeignResource(IResource named) : IResource
{
    private static readonly CompiledPolicy Allows = CompiledPolicy.Compile(PolicyDocument.Parse(
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}""", PolicyKind.Resource));

    public string Account => named.Account;

    public string ResourceArn => named.ResourceArn;

    public CompiledPolicy ResourcePolicy => Allows;

    public IConditionKeys? ServiceKeys => named.ServiceKeys;
}
