using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Kms;

/// <summary>What CreateKey and PutKeyPolicy ask of a policy.</summary>
internal sealed class KeyPolicyChecks(PolicyPrincipals principals)
{
    // Source: KMS Developer Guide, "Resource quotas", key policy document size; the model allows more.
    private const int MaxBytes = 32_768;

    /// <param name="target">The key that is to have the policy.</param>
    /// <param name="bypass">Whether the author may lock itself out.</param>
    /// <returns>The unique ids of the users and roles it names.</returns>
    /// <exception cref="Protocol.ServiceException">LimitExceededException, MalformedPolicyDocumentException.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>?> CheckAsync(
        CallContext call, KmsTarget target, string text, bool bypass, CancellationToken ct)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(text) > MaxBytes)
            throw KmsErrors.LimitExceeded($"The key policy is larger than {MaxBytes} bytes.");
        var document = KeyPolicies.Parse(text);
        if (await principals.ResolveAsync(document, ct) is not { Unknown: null, EntityIds: var ids })
            throw KmsErrors.InvalidPrincipals();
        var later = new AccessRequest(call.Caller.Principal, "kms:PutKeyPolicy", target, call.Facts);
        return !bypass && PolicyLockout.LocksOut(later, call.Caller.Policies, CompiledPolicy.Compile(document, ids), PolicyLockout.KeyActions)
            ? throw KmsErrors.LocksOut()
            : ids;
    }
}
