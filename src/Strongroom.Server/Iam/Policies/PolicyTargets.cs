using System.Text.Json;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Finds the managed policy that an operation names.</summary>
internal static class PolicyTargets
{
    /// <exception cref="ServiceException">ValidationError: no ARN. InvalidInput: of something else.</exception>
    public static void CheckArn(string arn)
    {
        if (Arn.TryParse(arn) is not { } parsed)
            throw IamErrors.InvalidArn();
        if (parsed.Service != "iam" || parsed.Region.Length > 0 || !parsed.Resource.StartsWith("policy/", StringComparison.Ordinal))
            throw IamErrors.InvalidInput($"ARN {arn} is not valid.");
    }

    /// <exception cref="ServiceException">As <see cref="CheckArn"/>.</exception>
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string arn, CancellationToken ct)
    {
        CheckArn(arn);
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, arn, directory.FindPolicyByArn(arn)) { Printed = $"policy {arn}" };
    }

    /// <exception cref="ServiceException">NoSuchEntity.</exception>
    public static ManagedPolicy Existing(IamTarget target) =>
        ManagedPolicy.Find(target.Directory, target.ResourceArn) ?? throw IamErrors.NoSuchPolicy(target.ResourceArn);

    /// <summary>A policy of the account, to be changed. AWS's belong to nobody here, so whoever would change one may not.</summary>
    /// <param name="operation">For the denial.</param>
    /// <exception cref="ServiceException">AccessDenied; NoSuchEntity.</exception>
    public static IamPolicy Changeable(CallContext call, IamTarget target, string operation) => Existing(target).Own
        ?? throw AccessDenied.With(call, $"User: {call.Caller.Principal.Arn} is not authorized to perform: iam:{operation} on resource: policy {target.ResourceArn}");

    /// <summary>Checks a document that is about to be a version. Source: IAM fact sheet 2.7.</summary>
    /// <exception cref="ServiceException">MalformedPolicyDocument; LimitExceeded.</exception>
    public static void CheckDocument(string text)
    {
        if (!PolicyDocument.TryParse(text, PolicyKind.Managed, out _, out var error))
            throw IamErrors.MalformedPolicy(error.Message);
        if (PolicySize.Count(text) > PolicySize.MaxManaged)
            throw IamErrors.QuotaExceeded("PolicySize", PolicySize.MaxManaged);
    }
}

/// <summary>An answer that is one policy.</summary>
internal sealed record PolicyResponse(ManagedPolicy Policy, PolicyUse Use) : IXmlResponse
{
    public bool HasAuditElements { get; init; }

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("Policy");
        Policy.Write(writer, Use, isListed: false);
        writer.WriteEndElement();
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("policy"u8);
        Policy.WriteAudit(writer, Use);
        writer.WriteEndObject();
    }
}
