using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam;

/// <summary>What an IAM operation acts on: an entity, or the place where one is about to be, in a snapshot of its account.</summary>
/// <param name="Directory">What the operation plans against; its change is stale when the account changed since.</param>
/// <param name="ResourceArn">Of the entity, existing or not; <c>*</c> for lists.</param>
/// <param name="Entity">Null when there is none: only a caller who is allowed on the ARN learns that.</param>
internal sealed record IamTarget(IamDirectory Directory, string ResourceArn, IamEntity? Entity = null) : INamedResource
{
    private readonly TagSet? requestTags;

    public string Account => Directory.Account;

    /// <summary>Denials print the ARN, or what the caller wrote where AWS prints that. Source: IAM fact sheet 3.6.</summary>
    public string? RequestedId => Printed ?? ResourceArn;

    public string? Printed { get; init; }

    /// <summary>Source: IAM fact sheet 2.6: on creation, the tags that are being attached.</summary>
    public TagSet Tags => Entity is null ? requestTags ?? TagSet.Empty : ToTagSet(Entity.Tags);

    public TagSet? RequestTags
    {
        get => requestTags;
        init => requestTags = value;
    }

    /// <summary>Keys of the request, such as <c>iam:PolicyARN</c> and <c>iam:PermissionsBoundary</c>.</summary>
    public IConditionKeys? ServiceKeys
    {
        get => new EntityKeys(this, field);
        init;
    }

    public static TagSet ToTagSet(IEnumerable<IamTag>? tags) => TagSet.Of((tags ?? []).Select(tag => KeyValuePair.Create(tag.Key, tag.Value)));
}

/// <summary><c>iam:ResourceTag</c>, and the keys of the request.</summary>
internal sealed class EntityKeys(IamTarget target, IConditionKeys? request) : IConditionKeys
{
    private const string ResourceTag = "iam:resourcetag/";

    public ConditionValues Find(ConditionKey key) =>
        key.Name.StartsWith(ResourceTag, StringComparison.Ordinal) ? target.Tags.Find(key.Tag) : request?.Find(key) ?? default;
}

/// <summary>The keys of attachments and inline policies: <c>iam:PolicyARN</c> of what is attached, <c>iam:PermissionsBoundary</c> of the holder.</summary>
internal sealed class AttachmentKeys(string? policyArn, string? boundary) : IConditionKeys
{
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "iam:policyarn" => policyArn,
        "iam:permissionsboundary" => boundary,
        _ => default(ConditionValues),
    };
}
