using System.Globalization;
using System.Text.Json;
using Strongroom.Policy;

namespace Strongroom.Server.Strongroom;

/// <summary>A call as its audit record tells it: enough to ask the policies about it again.</summary>
internal sealed record AuditedCall(string Account, string PrincipalArn, string Action, string? Resource, string Region, bool WasDenied, RequestFacts Facts, IConditionKeys Parameters)
{
    /// <summary>Whether it failed for another reason than that it was denied.</summary>
    public bool HasFailed { get; init; }

    /// <summary>ARNs of the secrets whose values a batch disclosed; empty for other calls.</summary>
    public IReadOnlyList<string> Disclosed { get; init; } = [];

    private const string ServiceSuffix = ".amazonaws.com";

    /// <returns>Null for what is no call of a verified caller: events of the service, refused signatures, lines of other programs.</returns>
    public static AuditedCall? TryParse(ReadOnlyMemory<byte> line)
    {
        JsonDocument record;
        try
        {
            record = JsonDocument.Parse(line);
        }
        catch (JsonException)
        {
            // A line that an outside hand broke is `audit verify`'s to report.
            return null;
        }

        using (record)
        {
            var root = record.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "eventType") != "AwsApiCall" || !root.TryGetProperty("userIdentity", out var who)
                || Text(who, "arn") is not { } arn || Text(who, "accountId") is not { } account || Text(root, "eventSource") is not { } source
                || !source.EndsWith(ServiceSuffix, StringComparison.Ordinal) || Text(root, "eventName") is not { } name
                || !DateTimeOffset.TryParse(Text(root, "eventTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                return null;
            var parameters = root.TryGetProperty("requestParameters", out var sent) && sent.ValueKind == JsonValueKind.Object ? sent.Clone() : default;
            var region = Text(root, "awsRegion") ?? "us-east-1";
            return new AuditedCall(
                account, arn, $"{source[..^ServiceSuffix.Length]}:{name}", ResourceOf(account, name, parameters), region,
                WasDenied: Text(root, "errorCode") is "AccessDenied" or "AccessDeniedException",
                new RequestFacts
                {
                    Now = time,
                    SourceIp = Text(root, "sourceIPAddress"),
                    UserAgent = Text(root, "userAgent"),
                    SecureTransport = root.TryGetProperty("tlsDetails", out _),
                    RequestedRegion = region,
                },
                new RecordedParameters(parameters))
            {
                HasFailed = Text(root, "errorCode") is not (null or "AccessDenied" or "AccessDeniedException"),
                Disclosed = name == "BatchGetSecretValue" && root.TryGetProperty("resources", out var resources) && resources.ValueKind == JsonValueKind.Array
                    ? [.. resources.EnumerateArray().Select(resource => Text(resource, "ARN")).OfType<string>()]
                    : [],
            };
        }
    }

    // What the call acted on, by the parameter that names it; null for calls without a resource.
    private static string? ResourceOf(string account, string operation, JsonElement parameters) => parameters.ValueKind != JsonValueKind.Object ? null
        : Text(parameters, "secretId") ?? (operation == "CreateSecret" && Text(parameters, "name") is { } name ? $"{name}-??????" : null)
        ?? Text(parameters, "roleArn") ?? Text(parameters, "policyArn") ?? Text(parameters, "keyId")
        ?? Entity(account, "user", Text(parameters, "userName")) ?? Entity(account, "role", Text(parameters, "roleName"))
        ?? Entity(account, "group", Text(parameters, "groupName"));

    private static string? Entity(string account, string type, string? name) => name is null ? null : $"arn:aws:iam::{account}:{type}/{name}";

    internal static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Secrets Manager's keys that stand for parameters: the record has them under the same names in camel case.</summary>
    private sealed class RecordedParameters(JsonElement parameters) : IConditionKeys
    {
        private const string Prefix = "secretsmanager:";

        public ConditionValues Find(ConditionKey key)
        {
            if (parameters.ValueKind != JsonValueKind.Object || !key.Name.StartsWith(Prefix, StringComparison.Ordinal))
                return default;
            foreach (var parameter in parameters.EnumerateObject())
            {
                if (!parameter.Name.Equals(key.Name[Prefix.Length..], StringComparison.OrdinalIgnoreCase))
                    continue;
                return parameter.Value.ValueKind switch
                {
                    JsonValueKind.String => parameter.Value.GetString(),
                    JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => parameter.Value.GetRawText(),
                    _ => default(ConditionValues),
                };
            }

            return default;
        }
    }
}

/// <summary>The end of a rotation as its event tells it.</summary>
internal sealed record AuditedRotation(string Account, string SecretArn, RotationOutcome Outcome)
{
    /// <returns>Null for every other line.</returns>
    public static AuditedRotation? TryParse(ReadOnlyMemory<byte> line)
    {
        if (line.Span.IndexOf("\"eventName\":\"Rotation"u8) < 0)
            return null;
        try
        {
            using var record = JsonDocument.Parse(line);
            var root = record.RootElement;
            return root.ValueKind == JsonValueKind.Object && AuditedCall.Text(root, "eventType") == "AwsServiceEvent"
                && AuditedCall.Text(root, "eventName") is "RotationSucceeded" or "RotationFailed" && AuditedCall.Text(root, "recipientAccountId") is { } account
                && root.TryGetProperty("additionalEventData", out var data) && AuditedCall.Text(data, "SecretId") is { } arn
                && DateTimeOffset.TryParse(AuditedCall.Text(root, "eventTime"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? new AuditedRotation(account, arn, new RotationOutcome(time, AuditedCall.Text(root, "eventName") == "RotationFailed"))
                : null;
        }
        catch (JsonException)
        {
            // A line that an outside hand broke is `audit verify`'s to report.
            return null;
        }
    }
}
