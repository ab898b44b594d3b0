using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Audit;

/// <summary>The members of a record's <c>userIdentity</c>, one variant for each kind of caller. Source: IAM fact sheet 8.2.</summary>
internal static class UserIdentity
{
    /// <summary>The whole object. Use <see cref="Caller.IdentityJson"/>, which keeps it.</summary>
    public static byte[] Render(Caller caller)
    {
        var output = new ArrayBufferWriter<byte>();
        using var rented = JsonWriters.Rent(output);
        rented.Writer.WriteStartObject();
        Write(rented.Writer, caller);
        rented.Writer.WriteEndObject();
        rented.Writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The members alone, into an object that is already open.</summary>
    public static void Write(Utf8JsonWriter writer, Caller caller)
    {
        var principal = caller.Principal;
        if (principal.Kind == PrincipalKind.WebIdentity)
        {
            writer.WriteString("type"u8, "WebIdentityUser"u8);
            writer.WriteString("principalId"u8, principal.UserId);
            writer.WriteString("userName"u8, principal.UserName);
            writer.WriteString("identityProvider"u8, principal.FederatedProvider);
            return;
        }

        writer.WriteString("type"u8, principal.Kind switch
        {
            PrincipalKind.Root => "Root"u8,
            PrincipalKind.RoleSession => "AssumedRole"u8,
            PrincipalKind.FederatedUser => "FederatedUser"u8,
            _ => "IAMUser"u8,
        });
        writer.WriteString("principalId"u8, principal.UserId);
        writer.WriteString("arn"u8, principal.Arn);
        writer.WriteString("accountId"u8, principal.Account);
        writer.WriteString("accessKeyId"u8, caller.AccessKeyId);
        if (principal.UserName is { } name)
            writer.WriteString("userName"u8, name);
        if (caller.Session is { } session)
            WriteContext(writer, principal, session);
    }

    private static void WriteContext(Utf8JsonWriter writer, Principal principal, SessionGrant session)
    {
        writer.WriteStartObject("sessionContext"u8);
        if (session.Kind != SessionKind.User)
        {
            writer.WriteStartObject("sessionIssuer"u8);
            writer.WriteString("type"u8, session.Kind == SessionKind.Role ? "Role"u8 : session.IsRoot ? "Root"u8 : "IAMUser"u8);
            writer.WriteString("principalId"u8, principal.EntityId);
            writer.WriteString("arn"u8, principal.EntityArn);
            writer.WriteString("accountId"u8, principal.Account);
            if (!session.IsRoot)
                writer.WriteString("userName"u8, session.EntityName);
            writer.WriteEndObject();
        }

        if (session is { Kind: SessionKind.Role, FederatedProvider: { } provider })
        {
            writer.WriteStartObject("webIdFederationData"u8);
            writer.WriteString("federatedProvider"u8, provider);
            writer.WriteStartObject("attributes"u8);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteStartObject("attributes"u8);
        writer.WriteString("creationDate"u8, session.IssuedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        writer.WriteString("mfaAuthenticated"u8, "false"u8);
        writer.WriteEndObject();
        if (session.SourceIdentity is { } source)
            writer.WriteString("sourceIdentity"u8, source);
        writer.WriteEndObject();
    }
}
