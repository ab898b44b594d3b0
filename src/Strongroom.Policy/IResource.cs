namespace Strongroom.Policy;

/// <summary>What a request acts on, as policies see it. An operation's target implements it; the evaluator asks for the parts only when a policy needs them.</summary>
public interface IResource
{
    /// <summary>The account that owns it.</summary>
    string Account { get; }

    /// <summary>Full ARN, or <c>*</c> for actions without a resource, which only a statement with <c>"Resource": "*"</c> covers.</summary>
    string ResourceArn { get; }

    /// <summary>How the policy of the resource and those of the caller combine.</summary>
    ResourceKind Kind => ResourceKind.Ordinary;

    /// <summary>The policy on the resource: of the secret, the key, or the role's trust policy. Null if it has none.</summary>
    CompiledPolicy? ResourcePolicy => null;

    /// <summary><c>aws:ResourceTag</c>: before the call; on creation the tags that are being attached.</summary>
    TagSet Tags => TagSet.Empty;

    /// <summary><c>aws:RequestTag</c> and <c>aws:TagKeys</c>: the tags in the request. Null if the operation takes none.</summary>
    TagSet? RequestTags => null;

    /// <summary>The keys of the service (<c>secretsmanager:</c>, <c>kms:</c>, <c>sts:</c>, <c>iam:</c>, an OIDC provider's claims); also <c>aws:TagKeys</c> where there are keys without values.</summary>
    IConditionKeys? ServiceKeys => null;
}

/// <summary>Source: IAM fact sheet 3.2, 3.3.</summary>
public enum ResourceKind
{
    /// <summary>Secrets, and everything without a policy of its own (IAM, lists): inside an account either side may allow.</summary>
    Ordinary,

    /// <summary>A KMS key: the key policy must allow the caller or delegate to the account, or a grant allows.</summary>
    Key,

    /// <summary>A role about to be assumed: the trust policy must allow the caller or delegate to the account.</summary>
    Role,

    /// <summary>What no policy can give or forbid: who calls may ask who they are. Source: IAM fact sheet 3.4.</summary>
    Unguarded,
}
