using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, CreateRole; IAM fact sheet 6.2, 6.5.</summary>
internal sealed class CreateRoleRequest
{
    public string? Path { get; private set; }
    public string? RoleName { get; private set; }
    public string? AssumeRolePolicyDocument { get; private set; }
    public string? Description { get; private set; }
    public long? MaxSessionDuration { get; private set; }
    public string? PermissionsBoundary { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<CreateRoleRequest> Shape { get; } = new(
        Member.String<CreateRoleRequest>("Path", r => r.Path, (r, v) => r.Path = v, IamLimits.Path),
        Member.String<CreateRoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.String<CreateRoleRequest>(
            "AssumeRolePolicyDocument", r => r.AssumeRolePolicyDocument, (r, v) => r.AssumeRolePolicyDocument = v, IamLimits.PolicyDocument, required: true),
        Member.String<CreateRoleRequest>("Description", r => r.Description, (r, v) => r.Description = v, IamLimits.RoleDescription),
        Member.Long<CreateRoleRequest>(
            "MaxSessionDuration", r => r.MaxSessionDuration, (r, v) => r.MaxSessionDuration = v, IamLimits.MinRoleSession, IamLimits.MaxRoleSession),
        Member.String<CreateRoleRequest>("PermissionsBoundary", r => r.PermissionsBoundary, (r, v) => r.PermissionsBoundary = v, IamLimits.Arn),
        Member.Structs<CreateRoleRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50));
}

internal sealed class CreateRole(IamDirectories directories, TrustPolicies trust, Entropy entropy) : IOperation<CreateRoleRequest, IamTarget, RoleResponse>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    private const int MaxRoles = 1000;

    public async ValueTask<IamTarget> ResolveAsync(CallContext call, CreateRoleRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:role{request.Path ?? "/"}{request.RoleName}")
        {
            RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)),
            ServiceKeys = new BoundaryKey(request.PermissionsBoundary),
        };
    }

    public async ValueTask<Plan<RoleResponse>> PlanAsync(CallContext call, Authorized<CreateRoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        var principals = await trust.CheckAsync(request.AssumeRolePolicyDocument!, ct);
        if (directory.FindRole(request.RoleName!) is { } taken)
            throw IamErrors.Exists($"Role with name {taken.Name} already exists.");
        if (directory.All<IamRole>().Count() >= MaxRoles)
            throw IamErrors.QuotaExceeded("RolesPerAccount", MaxRoles);

        var role = new IamRole
        {
            Name = request.RoleName!,
            Path = request.Path ?? "/",
            Id = IamIds.New("AROA", entropy),
            CreatedAtMs = call.Now.ToUnixTimeMilliseconds(),
            TrustPolicy = request.AssumeRolePolicyDocument!,
            TrustPrincipals = principals,
            Description = request.Description,
            MaxSessionDuration = (int)(request.MaxSessionDuration ?? IamLimits.MinRoleSession),
            Tags = TagRequest.ToTags(request.Tags),
            Boundary = Boundaries.Check(directory, request.PermissionsBoundary),
        };
        // Shown as it was sent; later it reads as PolicyPrincipals says.
        var shown = new ShownRole(directory.Account, role, role.TrustPolicy, ShownRole.AsCreated);
        return new Plan<RoleResponse>(new RoleResponse(shown) { HasAuditElements = true }, directory.Change([role]));
    }
}
