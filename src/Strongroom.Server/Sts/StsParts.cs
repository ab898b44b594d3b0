using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Sts;

/// <summary>Constraints of the STS model. Source: botocore <c>sts/2011-06-15</c>.</summary>
internal static class StsLimits
{
    public const int MinDuration = 900;
    public const int MaxRoleDuration = 43_200;
    public const int MaxUserDuration = 129_600;

    public static Constraint RoleArn { get; } =
        Constraint.Matching(20, 2048, @"[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+");

    public static Constraint ContextAssertion { get; } = Constraint.Length(4, 2048);

    public static Constraint SessionName { get; } = Constraint.Matching(2, 64, @"[\w+=,.@-]*");

    public static Constraint FederatedName { get; } = Constraint.Matching(2, 32, @"[\w+=,.@-]*");

    /// <summary>AssumeRole's; what limits its length is the packed size.</summary>
    public static Constraint UnrestrictedPolicy { get; } = Constraint.Matching(1, int.MaxValue, @"[\u0009\u000A\u000D\u0020-\u00FF]+");

    public static Constraint Policy { get; } = Constraint.Matching(1, 2048, @"[\u0009\u000A\u000D\u0020-\u00FF]+");

    public static Constraint ExternalId { get; } = Constraint.Matching(2, 1224, @"[\w+=,.@:\/-]*");

    public static Constraint SerialNumber { get; } = Constraint.Matching(9, 256, @"[\w+=/:,.@-]*");

    public static Constraint TokenCode { get; } = Constraint.Matching(6, 6, @"[\d]*");

    public static Constraint WebIdentityToken { get; } = Constraint.Length(4, 20_000);

    public static Constraint ProviderId { get; } = Constraint.Length(4, 2048);

    public static Constraint AccessKeyId { get; } = Constraint.Matching(16, 128, @"[\w]*");

    public static Constraint EncodedMessage { get; } = Constraint.Length(1, 10_240);

    public static Constraint SourceIdentity { get; } = Constraint.Matching(2, 64, @"[\w+=,.@-]*");
}

/// <summary>A managed session policy in a request. Its member's name is lower case in the model.</summary>
internal sealed class PolicyDescriptor
{
    /// <summary>How many a request may carry. Source: STS API Reference, AssumeRole.</summary>
    public const int MaxCount = 10;

    public string? Arn { get; private set; }

    public static Shape<PolicyDescriptor> Shape { get; } = new(
        Member.String<PolicyDescriptor>("arn", r => r.Arn, (r, v) => r.Arn = v, StsLimits.RoleArn));
}

/// <summary>What an identity center asserts of its users. None is connected here, so whoever sends one is told.</summary>
internal sealed class ProvidedContext
{
    public string? ProviderArn { get; private set; }
    public string? ContextAssertion { get; private set; }

    public static Shape<ProvidedContext> Shape { get; } = new(
        Member.String<ProvidedContext>("ProviderArn", r => r.ProviderArn, (r, v) => r.ProviderArn = v, StsLimits.RoleArn),
        Member.String<ProvidedContext>("ContextAssertion", r => r.ContextAssertion, (r, v) => r.ContextAssertion = v, StsLimits.ContextAssertion));
}

/// <summary>New credentials in answers. The secret and the token appear in no record. Source: IAM fact sheet 5.2, 8.3.</summary>
internal static class CredentialParts
{
    public static void WriteCredentials(this XmlWriter writer, SessionCredentials credentials)
    {
        writer.WriteStartElement("Credentials");
        writer.WriteElementString("AccessKeyId", credentials.Grant.AccessKeyId);
        writer.WriteStartElement("SecretAccessKey");
        Span<char> secret = stackalloc char[SessionToken.SecretBytesLength];
        Encoding.ASCII.GetChars(credentials.Secret.Reveal(), secret);
        writer.WriteString(secret.ToString());
        secret.Clear();
        writer.WriteEndElement();
        writer.WriteElementString("SessionToken", credentials.Token);
        writer.WriteTime("Expiration", credentials.Grant.ExpiresAt);
        writer.WriteEndElement();
    }

    public static void WriteAudit(Utf8JsonWriter writer, SessionCredentials credentials)
    {
        writer.WriteStartObject("credentials"u8);
        writer.WriteString("accessKeyId"u8, credentials.Grant.AccessKeyId);
        writer.WriteString("expiration"u8, credentials.Grant.ExpiresAt.UtcDateTime.ToString("MMM d, yyyy, h:mm:ss tt", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }
}

/// <summary>A role session in answers.</summary>
/// <param name="RoleId">The role's unique id.</param>
internal readonly record struct AssumedRoleUser(string RoleId, string RoleName, SessionGrant Grant)
{
    private string Id => $"{RoleId}:{Grant.SessionName}";

    private string Arn => $"arn:aws:sts::{Grant.Account}:assumed-role/{RoleName}/{Grant.SessionName}";

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("AssumedRoleUser");
        writer.WriteElementString("AssumedRoleId", Id);
        writer.WriteElementString("Arn", Arn);
        writer.WriteEndElement();
    }

    public void WriteAudit(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("assumedRoleUser"u8);
        writer.WriteString("assumedRoleId"u8, Id);
        writer.WriteString("arn"u8, Arn);
        writer.WriteEndObject();
    }
}
