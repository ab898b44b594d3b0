using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.AccessKeys;
using Strongroom.Server.Iam.Groups;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.Account;

/// <summary>Source: IAM API Reference, GetAccountSummary.</summary>
internal sealed record GetAccountSummaryResponse(IamDirectory Directory) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("SummaryMap");
        foreach (var (key, value) in Values(Directory))
        {
            writer.WriteStartElement("entry");
            writer.WriteElementString("key", key);
            writer.WriteNumber("value", value);
            writer.WriteEndElement();
        }

        writer.WriteEndElement();
    }

    // The quotas are those of IAM as a whole; what we don't keep counts zero.
    private static IEnumerable<(string Key, int Value)> Values(IamDirectory directory) =>
    [
        ("Users", directory.All<IamUser>().Count()),
        ("UsersQuota", CreateUser.MaxUsers),
        ("Groups", directory.All<IamGroup>().Count()),
        ("GroupsQuota", CreateGroup.MaxGroups),
        ("Roles", directory.All<IamRole>().Count()),
        ("RolesQuota", 1000),
        ("Policies", directory.All<IamPolicy>().Count()),
        ("PoliciesQuota", 1500),
        ("PolicyVersionsInUse", directory.All<IamPolicy>().Sum(policy => policy.Versions.Count)),
        ("PolicyVersionsInUseQuota", 10_000),
        ("VersionsPerPolicyQuota", 5),
        ("Providers", directory.All<IamOidcProvider>().Count()),
        ("GroupsPerUserQuota", AddUserToGroup.MaxGroupsPerUser),
        ("AccessKeysPerUserQuota", CreateAccessKey.MaxKeysPerUser),
        ("AttachedPoliciesPerUserQuota", 10),
        ("AttachedPoliciesPerGroupQuota", 10),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("UserPolicySizeQuota", 2048),
        ("GroupPolicySizeQuota", 5120),
        ("RolePolicySizeQuota", 10_240),
        ("PolicySizeQuota", 6144),
        ("AssumeRolePolicySizeQuota", 2048),
        ("InstanceProfiles", 0),
        ("InstanceProfilesQuota", 1000),
        ("ServerCertificates", 0),
        ("ServerCertificatesQuota", 20),
        ("SigningCertificatesPerUserQuota", 2),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountAccessKeysPresent", directory.All<IamAccessKey>().Any(key => key.UserName is null) ? 1 : 0),
        ("AccountSigningCertificatesPresent", 0),
        ("GlobalEndpointTokenVersion", 1),
    ];
}

internal sealed class GetAccountSummary(IamDirectories directories) : IOperation<NoParameters, IamTarget, GetAccountSummaryResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, NoParameters request, CancellationToken ct) => WholeAccount.ResolveAsync(directories, call, ct);

    public ValueTask<Plan<GetAccountSummaryResponse>> PlanAsync(
        CallContext call, Authorized<NoParameters, IamTarget> authorized, CancellationToken ct) => new(new GetAccountSummaryResponse(authorized.Target.Directory));
}
