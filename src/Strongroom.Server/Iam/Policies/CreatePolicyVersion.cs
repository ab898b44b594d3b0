using System.Text.Json;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, CreatePolicyVersion; IAM fact sheet 6.2, 6.5.</summary>
internal sealed class CreatePolicyVersionRequest
{
    public string? PolicyArn { get; private set; }
    public string? PolicyDocument { get; private set; }
    public bool? SetAsDefault { get; private set; }

    public static Shape<CreatePolicyVersionRequest> Shape { get; } = new(
        Member.String<CreatePolicyVersionRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true),
        Member.String<CreatePolicyVersionRequest>("PolicyDocument", r => r.PolicyDocument, (r, v) => r.PolicyDocument = v, IamLimits.PolicyDocument, required: true),
        Member.Bool<CreatePolicyVersionRequest>("SetAsDefault", r => r.SetAsDefault, (r, v) => r.SetAsDefault = v));
}

/// <summary>An answer that is one version.</summary>
/// <param name="HasDocument">Only GetPolicyVersion shows the text. Source: IAM fact sheet 6.2.</param>
internal sealed record PolicyVersionResponse(IamPolicyVersion Version, bool IsDefault, bool HasDocument) : IXmlResponse
{
    public bool HasAuditElements => !HasDocument;

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("PolicyVersion");
        WriteMembers(writer);
        writer.WriteEndElement();
    }

    public void WriteMembers(XmlWriter writer)
    {
        if (HasDocument)
            writer.WriteDocument("Document", Version.Document);
        writer.WriteElementString("VersionId", Version.VersionId);
        writer.WriteBool("IsDefaultVersion", IsDefault);
        writer.WriteTime("CreateDate", Version.CreatedAt);
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("policyVersion"u8);
        writer.WriteString("versionId"u8, Version.VersionId);
        writer.WriteBoolean("isDefaultVersion"u8, IsDefault);
        writer.WriteString("createDate"u8, AuditTime.Format(Version.CreatedAt));
        writer.WriteEndObject();
    }
}

internal sealed class CreatePolicyVersion(IamDirectories directories) : IOperation<CreatePolicyVersionRequest, IamTarget, PolicyVersionResponse>
{
    private const int MaxVersions = 5;

    public ValueTask<IamTarget> ResolveAsync(CallContext call, CreatePolicyVersionRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<PolicyVersionResponse>> PlanAsync(
        CallContext call, Authorized<CreatePolicyVersionRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Changeable(call, target, "CreatePolicyVersion");
        PolicyTargets.CheckDocument(request.PolicyDocument!);
        if (policy.Versions.Count >= MaxVersions)
        {
            throw IamErrors.LimitExceeded(
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.");
        }

        var isDefault = request.SetAsDefault == true;
        var version = new IamPolicyVersion(policy.NextVersion, request.PolicyDocument!, call.Now.ToUnixTimeMilliseconds());
        var changed = policy with
        {
            Versions = [.. policy.Versions, version],
            NextVersion = policy.NextVersion + 1,
            DefaultVersion = isDefault ? version.Number : policy.DefaultVersion,
            UpdatedAtMs = version.CreatedAtMs,
        };
        return new(new Plan<PolicyVersionResponse>(new PolicyVersionResponse(version, isDefault, HasDocument: false), target.Directory.Change([changed])));
    }
}
