using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.AccessKeys;

/// <summary>Source: IAM model, DeleteAccessKey.</summary>
internal sealed class DeleteAccessKeyRequest
{
    public string? UserName { get; private set; }
    public string? AccessKeyId { get; private set; }

    public static Shape<DeleteAccessKeyRequest> Shape { get; } = new(
        Member.String<DeleteAccessKeyRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName),
        Member.String<DeleteAccessKeyRequest>("AccessKeyId", r => r.AccessKeyId, (r, v) => r.AccessKeyId = v, IamLimits.AccessKeyId, required: true));
}

/// <remarks>As on AWS, nothing keeps a caller from deleting the key that signs the call, the last one of the root included.</remarks>
internal sealed class DeleteAccessKey(IamDirectories directories) : IOperation<DeleteAccessKeyRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, DeleteAccessKeyRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<DeleteAccessKeyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = KeyOwner.Of(target, request.UserName).Existing(request.AccessKeyId!);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([], [key])));
    }
}
