using System.Globalization;
using System.Text.Json;

namespace Strongroom.Server.Audit.Lookup;

/// <summary>A resource as LookupEvents names it.</summary>
internal readonly record struct EventResource(string Type, string Name);

/// <summary>What a line of the log says about its call, as far as it can be looked up. Records that are no CloudTrail events are none of these.</summary>
internal sealed class LoggedEvent
{
    private const string SecretType = "AWS::SecretsManager::Secret";

    // The six characters that AWS appends to a secret's name in its ARN, with their hyphen.
    private const int SuffixChars = 7;

    private readonly List<EventResource> resources = [];

    private LoggedEvent()
    {
    }

    public string EventId { get; private set; } = "";
    public string EventName { get; private set; } = "";
    public string EventSource { get; private set; } = "";
    public bool IsReadOnly { get; private set; }
    public string EventType { get; private set; } = "";

    /// <summary>Whole seconds since 1970.</summary>
    public uint Time { get; private set; }

    /// <summary>The account whose trail has the record; empty for calls whose caller is not known.</summary>
    public string Account { get; private set; } = "";

    public string Region { get; private set; } = "";
    public string? AccessKeyId { get; private set; }

    /// <summary>The user's name, a role session's name, or <c>root</c>. Source: IAM fact sheet 8.6.</summary>
    public string? Username { get; private set; }

    public string? PrincipalArn { get; private set; }
    public string? IssuerArn { get; private set; }
    public string? InvokedBy { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? ErrorMessage { get; private set; }
    public string? SourceIp { get; private set; }
    public IReadOnlyList<EventResource> Resources => resources;

    public DateTimeOffset TimeUtc => DateTimeOffset.FromUnixTimeSeconds(Time);

    /// <summary>Reads a line. Whatever it holds, this does not fail: lines of an outside hand are <c>audit verify</c>'s to report.</summary>
    /// <returns>Null for what is no event of CloudTrail's schema.</returns>
    public static LoggedEvent? TryParse(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            var found = new LoggedEvent();
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && found.TryRead(ref reader) ? found : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or text that is not UTF-8.
            return null;
        }
    }

    /// <summary>The name in a secret's ARN; null for what is none.</summary>
    public static string? SecretNameIn(string arn) =>
        arn.StartsWith("arn:", StringComparison.Ordinal) && arn.Split(':', 7) is [_, _, "secretsmanager", _, _, "secret", var name]
            && name.Length > SuffixChars && name[^SuffixChars] == '-'
            ? name[..^SuffixChars]
            : null;

    private bool TryRead(ref Utf8JsonReader reader)
    {
        // The service decides what a parameter's name means, and stands before the parameters; other writers' order is their affair.
        var (hasTime, parameters, elements, extra) = (false, default(Part), default(Part), default(Part));
        string? type = null, userName = null, principalId = null, recipient = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("eventTime"u8))
            {
                hasTime = TryReadTime(Text(ref reader), out var time);
                Time = time;
            }
            else if (reader.ValueTextEquals("eventID"u8))
                EventId = Text(ref reader) ?? "";
            else if (reader.ValueTextEquals("eventName"u8))
                EventName = Text(ref reader) ?? "";
            else if (reader.ValueTextEquals("eventSource"u8))
                EventSource = Text(ref reader) ?? "";
            else if (reader.ValueTextEquals("eventType"u8))
                EventType = Text(ref reader) ?? "";
            else if (reader.ValueTextEquals("awsRegion"u8))
                Region = Text(ref reader) ?? "";
            else if (reader.ValueTextEquals("recipientAccountId"u8))
                recipient = Text(ref reader);
            else if (reader.ValueTextEquals("readOnly"u8))
            {
                reader.Read();
                IsReadOnly = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("errorCode"u8))
                ErrorCode = Text(ref reader);
            else if (reader.ValueTextEquals("errorMessage"u8))
                ErrorMessage = Text(ref reader);
            else if (reader.ValueTextEquals("sourceIPAddress"u8))
                SourceIp = Text(ref reader);
            else if (reader.ValueTextEquals("userIdentity"u8))
                ReadIdentity(ref reader, ref type, ref userName, ref principalId);
            else if (reader.ValueTextEquals("requestParameters"u8))
                parameters = Part.Read(ref reader);
            else if (reader.ValueTextEquals("responseElements"u8))
                elements = Part.Read(ref reader);
            else if (reader.ValueTextEquals("additionalEventData"u8))
                extra = Part.Read(ref reader);
            else if (reader.ValueTextEquals("resources"u8))
                ReadResources(ref reader);
            else
                Skip(ref reader);
        }

        if (reader.TokenType != JsonTokenType.EndObject || !hasTime || EventId.Length == 0 || EventType is not ("AwsApiCall" or "AwsServiceEvent"))
            return false;
        // Only a verified caller's record has a recipient; a claimed key must not put a record into somebody's account.
        Account = recipient ?? "";
        Username = type switch
        {
            "Root" => "root",
            "AssumedRole" or "FederatedUser" => principalId is not null && principalId.IndexOf(':', StringComparison.Ordinal) is > 0 and var at ? principalId[(at + 1)..] : null,
            _ => userName,
        };
        AddNamed(parameters, elements, extra);
        return true;
    }

    private void ReadIdentity(ref Utf8JsonReader reader, ref string? type, ref string? userName, ref string? principalId)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
                type = Text(ref reader);
            else if (reader.ValueTextEquals("userName"u8))
                userName = Text(ref reader);
            else if (reader.ValueTextEquals("principalId"u8))
                principalId = Text(ref reader);
            else if (reader.ValueTextEquals("arn"u8))
                PrincipalArn = Text(ref reader);
            else if (reader.ValueTextEquals("accessKeyId"u8))
                AccessKeyId = Text(ref reader);
            else if (reader.ValueTextEquals("invokedBy"u8))
                InvokedBy = Text(ref reader);
            else if (reader.ValueTextEquals("sessionContext"u8))
                ReadContext(ref reader);
            else
                Skip(ref reader);
        }
    }

    private void ReadContext(ref Utf8JsonReader reader)
    {
        var context = Part.Read(ref reader).Element;
        if (context.ValueKind == JsonValueKind.Object && context.TryGetProperty("sessionIssuer", out var issuer))
            IssuerArn = Part.Text(issuer, "arn");
    }

    private void ReadResources(ref Utf8JsonReader reader)
    {
        var list = Part.Read(ref reader).Element;
        if (list.ValueKind != JsonValueKind.Array)
            return;
        foreach (var resource in list.EnumerateArray())
        {
            if (Part.Text(resource, "ARN") is { } arn)
                AddArn(Part.Text(resource, "type") ?? "", arn);
        }
    }

    // Records name what they are about by a parameter; the records of Secrets Manager have nothing else. Source: IAM fact sheet 8.1, 8.6.
    private void AddNamed(Part parameters, Part elements, Part extra)
    {
        switch (EventSource)
        {
            case "secretsmanager.amazonaws.com":
                AddArn(SecretType, parameters["secretId"]);
                AddArn(SecretType, elements["arn"] ?? elements["aRN"]);
                AddArn(SecretType, extra["SecretId"]);
                if (EventName == "CreateSecret")
                    Add(SecretType, parameters["name"]);
                foreach (var id in parameters.List("secretIdList"))
                    AddArn(SecretType, id);
                break;
            case "kms.amazonaws.com":
                Add("AWS::KMS::Key", parameters["keyId"]);
                Add("AWS::KMS::Key", parameters["targetKeyId"]);
                Add("AWS::KMS::Alias", parameters["aliasName"]);
                break;
            case "iam.amazonaws.com":
                Add("AWS::IAM::User", parameters["userName"]);
                Add("AWS::IAM::Role", parameters["roleName"]);
                Add("AWS::IAM::Group", parameters["groupName"]);
                Add("AWS::IAM::Policy", parameters["policyArn"]);
                Add("AWS::IAM::AccessKey", parameters["accessKeyId"]);
                break;
            case "sts.amazonaws.com":
                Add("AWS::IAM::Role", parameters["roleArn"]);
                break;
        }
    }

    // A secret is looked up by its name as well as by its ARN.
    private void AddArn(string type, string? arn)
    {
        Add(type, arn);
        if (arn is not null && type == SecretType)
            Add(type, SecretNameIn(arn));
    }

    private void Add(string type, string? name)
    {
        if (!string.IsNullOrEmpty(name) && !resources.Contains(new EventResource(type, name)))
            resources.Add(new EventResource(type, name));
    }

    private static bool TryReadTime(string? text, out uint seconds)
    {
        seconds = 0;
        if (!DateTimeOffset.TryParseExact(
            text, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
            return false;
        var unix = time.ToUnixTimeSeconds();
        seconds = unix is >= 0 and <= uint.MaxValue ? (uint)unix : 0;
        return unix is >= 0 and <= uint.MaxValue;
    }

    // The next value, when it is text.
    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetString();
        reader.Skip();
        return null;
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    /// <summary>A member that is looked into.</summary>
    private readonly record struct Part(JsonElement Element)
    {
        public string? this[string name] => Text(Element, name);

        public static Part Read(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                return new Part(JsonElement.ParseValue(ref reader));
            reader.Skip();
            return default;
        }

        public IEnumerable<string> List(string name) =>
            Element.ValueKind == JsonValueKind.Object && Element.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
                ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)
                : [];

        public static string? Text(JsonElement element, string name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
