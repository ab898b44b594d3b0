namespace Strongroom.Policy;

/// <summary>A resource as it is, but for its policy: to ask what a policy would decide before it is put.</summary>
public sealed class ResourceWithPolicy(IResource now, CompiledPolicy proposed) : IResource
{
    public string Account => now.Account;
    public string ResourceArn => now.ResourceArn;
    public ResourceKind Kind => now.Kind;
    public CompiledPolicy? ResourcePolicy => proposed;
    public TagSet Tags => now.Tags;
    public TagSet? RequestTags => now.RequestTags;
    public IConditionKeys? ServiceKeys => now.ServiceKeys;
}
