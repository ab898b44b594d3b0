using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, RevokeGrant.</summary>
internal sealed class RevokeGrantRequest
{
    public string? KeyId { get; private set; }
    public string? GrantId { get; private set; }
    public bool? DryRun { get; private set; }

    public static Shape<RevokeGrantRequest> Shape { get; } = new(
        Member.String<RevokeGrantRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<RevokeGrantRequest>("GrantId", r => r.GrantId, (r, v) => r.GrantId = v, KmsLimits.GrantId, required: true),
        Member.Bool<RevokeGrantRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v));
}

internal sealed class RevokeGrant(KmsTargets targets) : IOperation<RevokeGrantRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, RevokeGrantRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<RevokeGrantRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var grant = target.Directory.GrantsOn(target.Existing).FirstOrDefault(grant => grant.EntryName == request.GrantId)
            ?? throw KmsErrors.NoSuchGrant(request.GrantId!);
        return request.DryRun == true ? throw KmsErrors.DryRun() : new(new Plan<Done>(Done.Instance, target.Directory.Change([], [grant])));
    }
}

/// <summary>Source: KMS model, RetireGrant.</summary>
internal sealed class RetireGrantRequest
{
    public string? GrantToken { get; private set; }
    public string? KeyId { get; private set; }
    public string? GrantId { get; private set; }
    public bool? DryRun { get; private set; }

    public static Shape<RetireGrantRequest> Shape { get; } = new(
        Member.String<RetireGrantRequest>("GrantToken", r => r.GrantToken, (r, v) => r.GrantToken = v, KmsLimits.GrantToken, sensitive: true),
        Member.String<RetireGrantRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId),
        Member.String<RetireGrantRequest>("GrantId", r => r.GrantId, (r, v) => r.GrantId = v, KmsLimits.GrantId),
        Member.Bool<RetireGrantRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v));
}

/// <summary>The grant that is to be retired, with what it takes. Source: KMS API Reference, RetireGrant.</summary>
/// <param name="Grant">Null when there is none: only a caller whose policies allow the key's ARN learns that.</param>
/// <param name="IsOpen">Whether the grant itself lets the caller: its retiring principal, or its grantee if it may RetireGrant.</param>
internal sealed record RetirableGrant(KmsTarget Key, string GrantId, KmsGrant? Grant, bool IsOpen) : INamedResource, IKeyUser
{
    public string? KeyArn => Key.KeyArn;

    public string Account => Key.Account;

    public string ResourceArn => Key.ResourceArn;

    public string? RequestedId => Key.RequestedId;

    public ResourceKind Kind => IsOpen ? ResourceKind.Unguarded : Key.Kind;

    public CompiledPolicy? ResourcePolicy => Key.ResourcePolicy;

    public TagSet Tags => Key.Tags;

    public IConditionKeys? ServiceKeys => Key.ServiceKeys;
}

internal sealed class RetireGrant(KmsTargets targets, KeyDirectory keys, GrantTokens tokens) : IOperation<RetireGrantRequest, RetirableGrant, Done>
{
    public async ValueTask<RetirableGrant> ResolveAsync(CallContext call, RetireGrantRequest request, CancellationToken ct)
    {
        var (key, id) = await FindAsync(call, request, ct);
        var grant = key.Key is { } existing ? key.Directory.GrantsOn(existing).FirstOrDefault(grant => grant.EntryName == id) : null;
        if (grant is null)
            return new RetirableGrant(key, id, null, IsOpen: false);
        var caller = call.Caller.Principal;
        var isRetiring = grant.RetiringPrincipal is { } retiring && Grants.Match(grant, retiring, caller) is PrincipalMatch.Direct or PrincipalMatch.Role;
        var isGrantee = grant.Operations.Contains("RetireGrant", StringComparer.Ordinal)
            && Grants.Match(grant, grant.GranteePrincipal, caller) is PrincipalMatch.Direct or PrincipalMatch.Role;
        return new RetirableGrant(key, id, grant, isRetiring || isGrantee);
    }

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<RetireGrantRequest, RetirableGrant> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        _ = target.Key.Existing;
        var grant = target.Grant ?? throw KmsErrors.NoSuchGrant(target.GrantId);
        return request.DryRun == true
            ? throw KmsErrors.DryRun()
            : new(new Plan<Done>(Done.Instance, target.Key.Directory.Change([], [grant])));
    }

    private async ValueTask<(KmsTarget Key, string GrantId)> FindAsync(CallContext call, RetireGrantRequest request, CancellationToken ct)
    {
        if (request is { KeyId: { } keyId, GrantId: { } grantId, GrantToken: null })
            return (await targets.ResolveKeyAsync(call, keyId, null, ct), grantId);
        if (request is not { GrantToken: { } token, KeyId: null, GrantId: null })
            throw KmsErrors.Validation("Specify either a grant token, or a key ARN and a grant ID.");
        var named = tokens.Read(token);
        if (named.Region != call.Region || await keys.FindDirectoryAsync(named.Account, named.Region, ct) is not { } directory)
            throw KmsErrors.InvalidGrantToken();
        return (await targets.ResolveKeyAsync(call, KmsArn.Key(directory.Account, directory.Region, named.KeyId), null, ct), named.GrantId);
    }
}
