using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Lists of credentials that do not exist here, which tools read before they delete a user. Source: IAM fact sheet 6.1.</summary>
internal abstract class CredentialListRequest : PagedRequest
{
    /// <summary>Null for the caller.</summary>
    public string? UserName { get; protected set; }

    /// <summary>Whether the list is of the account, not of one user.</summary>
    public virtual bool IsOfAccount => false;
}

/// <summary>Source: IAM model, ListMFADevices and ListSigningCertificates.</summary>
internal sealed class ExistingUserListRequest : CredentialListRequest
{
    public static Shape<ExistingUserListRequest> Shape { get; } = new(Members(
        Member.String<ExistingUserListRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName)));
}

/// <summary>Source: IAM model, ListSSHPublicKeys.</summary>
internal sealed class ListSSHPublicKeysRequest : CredentialListRequest
{
    public static Shape<ListSSHPublicKeysRequest> Shape { get; } = new(Members(
        Member.String<ListSSHPublicKeysRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.UserName)));
}

/// <summary>Source: IAM model, ListServiceSpecificCredentials.</summary>
internal sealed class ListServiceSpecificCredentialsRequest : CredentialListRequest
{
    public string? ServiceName { get; private set; }
    public bool? AllUsers { get; private set; }

    public static Shape<ListServiceSpecificCredentialsRequest> Shape { get; } = new(Members(
        Member.String<ListServiceSpecificCredentialsRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.UserName),
        Member.String<ListServiceSpecificCredentialsRequest>("ServiceName", r => r.ServiceName, (r, v) => r.ServiceName = v),
        Member.Bool<ListServiceSpecificCredentialsRequest>("AllUsers", r => r.AllUsers, (r, v) => r.AllUsers = v)));

    public override bool IsOfAccount => AllUsers == true;
}

/// <summary>Source: IAM model, ListVirtualMFADevices.</summary>
internal sealed class ListVirtualMFADevicesRequest : CredentialListRequest
{
    public string? AssignmentStatus { get; private set; }

    public static Shape<ListVirtualMFADevicesRequest> Shape { get; } = new(Members(
        Member.String<ListVirtualMFADevicesRequest>(
            "AssignmentStatus", r => r.AssignmentStatus, (r, v) => r.AssignmentStatus = v, Constraint.Enum("Assigned", "Unassigned", "Any"))));

    public override bool IsOfAccount => true;
}

/// <param name="List">The name of the list's element.</param>
internal sealed record ListNothingResponse(string List) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStrings(List, []);
        writer.WriteBool("IsTruncated", false);
    }
}

internal sealed class ListNothing<TRequest>(IamDirectories directories, string list) : IOperation<TRequest, IamTarget, ListNothingResponse>
    where TRequest : CredentialListRequest
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, TRequest request, CancellationToken ct) => request.IsOfAccount
        ? new IamTarget(await directories.GetAsync(call.Caller.Account, ct), "*")
        : await UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<ListNothingResponse>> PlanAsync(CallContext call, Authorized<TRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        if (!request.IsOfAccount && !UserTargets.IsRoot(target))
            UserTargets.Existing(target, request.UserName);
        return new(new ListNothingResponse(list));
    }
}
