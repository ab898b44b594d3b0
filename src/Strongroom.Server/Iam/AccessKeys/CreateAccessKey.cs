using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;
using Strongroom.Server.Keys;

namespace Strongroom.Server.Iam.AccessKeys;

/// <summary>Source: IAM model, CreateAccessKey; IAM fact sheet 6.2.</summary>
internal sealed class CreateAccessKeyRequest
{
    public string? UserName { get; private set; }

    public static Shape<CreateAccessKeyRequest> Shape { get; } = new(
        Member.String<CreateAccessKeyRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName));
}

/// <summary>The one answer that shows the secret.</summary>
internal sealed record CreateAccessKeyResponse(IamAccessKey Key, SecretBytes Secret) : IXmlResponse
{
    public bool HasAuditElements => true;

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("AccessKey");
        writer.WriteOptional("UserName", Key.UserName);
        writer.WriteElementString("AccessKeyId", Key.AccessKeyId);
        writer.WriteElementString("Status", "Active");
        writer.WriteElementString("SecretAccessKey", Encoding.ASCII.GetString(Secret.Reveal()));
        writer.WriteTime("CreateDate", Key.CreatedAt);
        writer.WriteEndElement();
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("accessKey"u8);
        if (Key.UserName is { } name)
            writer.WriteString("userName"u8, name);
        writer.WriteString("accessKeyId"u8, Key.AccessKeyId);
        writer.WriteString("status"u8, "Active"u8);
        writer.WriteString("createDate"u8, Key.CreatedAt.ToString("MMM d, yyyy h:mm:ss tt", CultureInfo.InvariantCulture));
        writer.WriteEndObject();
    }

    public void Dispose() => Secret.Dispose();
}

internal sealed class CreateAccessKey(IamDirectories directories, KeyDirectory keys, Keyring keyring, Entropy entropy)
    : IOperation<CreateAccessKeyRequest, IamTarget, CreateAccessKeyResponse>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    public const int MaxKeysPerUser = 2;

    public ValueTask<IamTarget> ResolveAsync(CallContext call, CreateAccessKeyRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public async ValueTask<Plan<CreateAccessKeyResponse>> PlanAsync(
        CallContext call, Authorized<CreateAccessKeyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var owner = KeyOwner.Of(target, request.UserName);
        var directory = target.Directory;
        if (owner.Keys.Count() >= MaxKeysPerUser)
            throw IamErrors.QuotaExceeded("AccessKeysPerUser", MaxKeysPerUser);

        var secret = Authentication.AccessKeys.NewSecret(entropy);
        var id = Authentication.AccessKeys.NewId(directory.Account, entropy);
        var key = Authentication.AccessKeys.New(
            directory.Account, id, owner.UserName, secret, await keys.IdentityKeyAsync(directory.Account, ct), keyring, call.Now);
        return new Plan<CreateAccessKeyResponse>(new CreateAccessKeyResponse(key, secret), directory.Change([key]));
    }
}
