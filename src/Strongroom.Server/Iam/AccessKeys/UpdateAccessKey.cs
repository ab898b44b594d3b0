using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.AccessKeys;

/// <summary>Source: IAM model, UpdateAccessKey.</summary>
internal sealed class UpdateAccessKeyRequest
{
    public string? UserName { get; private set; }
    public string? AccessKeyId { get; private set; }
    public string? Status { get; private set; }

    public static Shape<UpdateAccessKeyRequest> Shape { get; } = new(
        Member.String<UpdateAccessKeyRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName),
        Member.String<UpdateAccessKeyRequest>("AccessKeyId", r => r.AccessKeyId, (r, v) => r.AccessKeyId = v, IamLimits.AccessKeyId, required: true),
        Member.String<UpdateAccessKeyRequest>("Status", r => r.Status, (r, v) => r.Status = v, IamLimits.Status, required: true));
}

/// <summary>Takes effect on the next call: an inactive key is answered as one that nobody has.</summary>
internal sealed class UpdateAccessKey(IamDirectories directories) : IOperation<UpdateAccessKeyRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateAccessKeyRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UpdateAccessKeyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = KeyOwner.Of(target, request.UserName).Existing(request.AccessKeyId!);
        // The model's enumeration is that of answers, too.
        if (request.Status == "Expired")
            throw IamErrors.InvalidInput("The status of an access key can be set to Active or Inactive only.");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([key with { Active = request.Status == "Active" }])));
    }
}
