using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Audit;

/// <summary>Writes records in CloudTrail's schema. Source: IAM fact sheet 8.1-8.5.</summary>
internal static class CloudTrailRecord
{
    private const int MaxTextChars = 1024;
    private const string EventIdMember = "\"eventID\":\"";
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ssZ";

    /// <summary>Writes one record without a line feed.</summary>
    /// <param name="parameters">Writes the members of <c>requestParameters</c>; null when they are not known, as for a body that did not parse.</param>
    /// <param name="elements">Writes the members of <c>responseElements</c>; null for reads and failures.</param>
    public static void WriteCall<TState>(
        IBufferWriter<byte> output, CallContext call, OperationName operation, Guid eventId,
        TState state, Action<Utf8JsonWriter, TState>? parameters, Action<Utf8JsonWriter, TState>? elements,
        ServiceException? error, IReadOnlyList<string> disclosedArns)
    {
        using var rented = JsonWriters.Rent(output);
        var writer = rented.Writer;
        writer.WriteStartObject();
        writer.WriteString(Names.EventVersion, Names.Version);
        WriteIdentity(writer, call);
        WriteTime(writer, call.Now);
        writer.WriteString(Names.EventSource, operation.EventSource);
        writer.WriteString(Names.EventName, operation.EventName);
        // IAM is global; AWS records it where it lives. Source: IAM fact sheet 8.1.
        writer.WriteString(Names.AwsRegion, operation.Service == "iam" ? "us-east-1" : call.Region);
        writer.WriteString(Names.SourceIpAddress, call.SourceIp);
        if (call.UserAgent is not null)
            writer.WriteString(Names.UserAgent, Cut(call.UserAgent));
        if (error is not null)
        {
            writer.WriteString("errorCode"u8, ErrorCode(operation.Service, error.Code));
            writer.WriteString("errorMessage"u8, Cut(error.Message));
        }

        WriteObject(writer, Names.RequestParameters, state, parameters);
        // A change of a key that answers nothing is recorded with the key. Source: a live record of DisableKey of May 2026.
        if (elements is null && error is null && !operation.ReadOnly && call.KeyArn is { } changed)
            WriteKeyElement(writer, changed);
        else
            WriteObject(writer, Names.ResponseElements, state, elements);
        writer.WriteString(Names.RequestId, call.RequestId);
        writer.WriteString(Names.EventId, eventId);
        writer.WriteBoolean(Names.ReadOnly, operation.ReadOnly);
        if (disclosedArns.Count > 0)
            WriteResources(writer, disclosedArns);
        else if (call.KeyArn is { } keyArn)
            WriteResources(writer, [keyArn]);
        writer.WriteString(Names.EventType, Names.ApiCall);
        writer.WriteBoolean(Names.ManagementEvent, true);
        if (call.RecipientAccount is { } recipient)
            writer.WriteString(Names.RecipientAccountId, recipient);
        writer.WriteString(Names.EventCategory, Names.Management);
        if (call.Tls is { } tls)
        {
            writer.WriteStartObject("tlsDetails"u8);
            writer.WriteString("tlsVersion"u8, tls.Version);
            writer.WriteString("cipherSuite"u8, tls.CipherSuite);
            writer.WriteString("clientProvidedHostHeader"u8, call.Host ?? "");
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Writes the record of a KMS call that Secrets Manager made as its caller. Source: IAM fact sheet 7.8, 8.2, 8.3.</summary>
    public static void WriteKeyUse(IBufferWriter<byte> output, CallContext call, KeyUse use, Guid eventId)
    {
        const string Service = "secretsmanager.amazonaws.com";
        using var rented = JsonWriters.Rent(output);
        var writer = rented.Writer;
        writer.WriteStartObject();
        writer.WriteString(Names.EventVersion, Names.Version);
        writer.WriteStartObject("userIdentity"u8);
        UserIdentity.Write(writer, call.Caller);
        writer.WriteString("invokedBy"u8, Service);
        writer.WriteEndObject();
        WriteTime(writer, call.Now);
        writer.WriteString("eventSource"u8, "kms.amazonaws.com"u8);
        writer.WriteString("eventName"u8, use.Operation);
        writer.WriteString("awsRegion"u8, use.KeyArn.Split(':')[3]);
        writer.WriteString("sourceIPAddress"u8, Service);
        writer.WriteString("userAgent"u8, Service);
        if (use.Error is { } error)
        {
            writer.WriteString("errorCode"u8, ErrorCode("kms", error.Code));
            writer.WriteString("errorMessage"u8, Cut(error.Message));
        }

        writer.WriteStartObject("requestParameters"u8);
        if (use.Operation == "GenerateDataKey")
        {
            writer.WriteString("keyId"u8, use.KeyArn);
            writer.WriteString("keySpec"u8, "AES_256"u8);
        }
        else
        {
            writer.WriteString("encryptionAlgorithm"u8, "SYMMETRIC_DEFAULT"u8);
        }

        writer.WriteStartObject("encryptionContext"u8);
        foreach (var (name, value) in use.Context)
            writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteNull("responseElements"u8);
        writer.WriteString("requestID"u8, call.RequestId);
        writer.WriteString("eventID"u8, eventId);
        writer.WriteBoolean("readOnly"u8, true);
        WriteResources(writer, [use.KeyArn]);
        writer.WriteString("eventType"u8, "AwsApiCall"u8);
        writer.WriteBoolean("managementEvent"u8, true);
        writer.WriteString("recipientAccountId"u8, call.Caller.Account);
        writer.WriteString("eventCategory"u8, "Management"u8);
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Writes the record of something about this server that no account caused, in the schema of a service event.</summary>
    public static void WriteNotice(IBufferWriter<byte> output, string name, string message, DateTimeOffset now, Guid eventId)
    {
        const string Service = "strongroom";
        using var rented = JsonWriters.Rent(output);
        var writer = rented.Writer;
        writer.WriteStartObject();
        writer.WriteString(Names.EventVersion, Names.Version);
        writer.WriteStartObject(Names.UserIdentity);
        writer.WriteString("invokedBy"u8, Service);
        writer.WriteEndObject();
        WriteTime(writer, now);
        writer.WriteString(Names.EventSource, Service);
        writer.WriteString(Names.EventName, name);
        writer.WriteString(Names.SourceIpAddress, Service);
        writer.WriteString(Names.UserAgent, Service);
        writer.WriteNull(Names.RequestParameters);
        writer.WriteNull(Names.ResponseElements);
        writer.WriteStartObject("additionalEventData"u8);
        writer.WriteString("message"u8, message);
        writer.WriteEndObject();
        writer.WriteString(Names.EventId, eventId);
        writer.WriteBoolean(Names.ReadOnly, false);
        writer.WriteString(Names.EventType, "AwsServiceEvent"u8);
        writer.WriteBoolean(Names.ManagementEvent, true);
        writer.WriteString(Names.EventCategory, Names.Management);
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Writes the record of something the service did by itself.</summary>
    public static void WriteEvent(IBufferWriter<byte> output, ServiceEvent what, DateTimeOffset now, Guid eventId)
    {
        // KMS acts under a name of its own. Source: KMS Developer Guide, CloudTrail entries RotateKey and DeleteKey.
        var isKey = what.KeyArn is not null;
        var source = isKey ? "kms.amazonaws.com" : "secretsmanager.amazonaws.com";
        var actor = isKey ? "AWS Internal" : source;
        using var rented = JsonWriters.Rent(output);
        var writer = rented.Writer;
        writer.WriteStartObject();
        writer.WriteString(Names.EventVersion, Names.Version);
        writer.WriteStartObject("userIdentity"u8);
        writer.WriteString("accountId"u8, what.Account);
        writer.WriteString("invokedBy"u8, actor);
        writer.WriteEndObject();
        WriteTime(writer, now);
        writer.WriteString("eventSource"u8, source);
        writer.WriteString("eventName"u8, what.Name);
        writer.WriteString("awsRegion"u8, what.Region);
        writer.WriteString("sourceIPAddress"u8, actor);
        writer.WriteString("userAgent"u8, actor);
        if (what.ErrorMessage is { } message)
            writer.WriteString("errorMessage"u8, message);
        writer.WriteNull("requestParameters"u8);
        writer.WriteNull("responseElements"u8);
        if (!isKey)
        {
            writer.WriteStartObject("additionalEventData"u8);
            writer.WriteString("SecretId"u8, what.SecretArn);
            if (what.VersionId is not null)
                writer.WriteString("SecretVersionId"u8, what.VersionId);
            if (what.Due is { } due)
                writer.WriteString("DueDate"u8, due.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
            if (what.Step is { } step)
                writer.WriteString("Step"u8, step);
            writer.WriteEndObject();
        }

        if (what.RequestId is not null)
            writer.WriteString("requestID"u8, what.RequestId);
        writer.WriteString("eventID"u8, eventId);
        writer.WriteBoolean("readOnly"u8, false);
        if (what.KeyArn is { } keyArn)
        {
            WriteResources(writer, [keyArn]);
            writer.WriteStartObject("serviceEventDetails"u8);
            writer.WriteString("keyId"u8, keyArn[(keyArn.LastIndexOf('/') + 1)..]);
            writer.WriteEndObject();
        }

        writer.WriteString("eventType"u8, "AwsServiceEvent"u8);
        writer.WriteBoolean("managementEvent"u8, true);
        writer.WriteString("recipientAccountId"u8, what.Account);
        writer.WriteString("eventCategory"u8, "Management"u8);
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Finds a record's event id without parsing the line: ids are written by us, in one form.</summary>
    public static bool TryReadEventId(ReadOnlySpan<char> line, out Guid id)
    {
        // The last occurrence: what precedes it may be a caller's text, though quotes in that are escaped.
        var at = line.LastIndexOf(EventIdMember, StringComparison.Ordinal);
        id = default;
        return at >= 0 && line.Length >= at + EventIdMember.Length + 36
            && Guid.TryParseExact(line.Slice(at + EventIdMember.Length, 36), "D", out id);
    }

    /// <summary>Finds the second in which a record's call began.</summary>
    public static bool TryReadEventTime(ReadOnlySpan<byte> json, out DateTimeOffset time)
    {
        // The first occurrence: quotes in a caller's text are escaped, so no text looks like the member.
        var member = "\"eventTime\":\""u8;
        var at = json.IndexOf(member);
        time = default;
        if (at < 0 || json.Length < at + member.Length + TimeFormat.Length)
            return false;
        Span<char> text = stackalloc char[TimeFormat.Length];
        System.Text.Encoding.Latin1.GetChars(json.Slice(at + member.Length, TimeFormat.Length), text);
        return DateTimeOffset.TryParseExact(
            text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    // For refused access AWS records the short form; for IAM's other errors the name of the model's shape, which is not the code on the wire.
    // Source: IAM fact sheet 8.1; a live record of GetRole of October 2024 (NoSuchEntityException).
    private static string ErrorCode(string service, string code) => code switch
    {
        "AccessDeniedException" => "AccessDenied",
        "DeleteConflict" or "EntityAlreadyExists" or "InvalidInput" or "LimitExceeded" or "MalformedPolicyDocument" or "NoSuchEntity" when service == "iam" => code + "Exception",
        _ => code,
    };

    private static void WriteKeyElement(Utf8JsonWriter writer, string keyArn)
    {
        writer.WriteStartObject(Names.ResponseElements);
        writer.WriteString("keyId"u8, keyArn);
        writer.WriteEndObject();
    }

    private static void WriteIdentity(Utf8JsonWriter writer, CallContext call)
    {
        if (call.VerifiedCaller is { } caller)
        {
            writer.WritePropertyName(Names.UserIdentity);
            writer.WriteRawValue(caller.IdentityJson, skipInputValidation: true);
            return;
        }

        // Not verified: the claimed key helps to find a misconfigured client, and proves nothing.
        writer.WriteStartObject(Names.UserIdentity);
        writer.WriteString("type"u8, "Unknown"u8);
        if (call.ClaimedAccessKeyId is not null)
            writer.WriteString("accessKeyId"u8, Cut(call.ClaimedAccessKeyId));
        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, DateTimeOffset now)
    {
        // "s" has a fast path, which a custom format has not.
        Span<byte> text = stackalloc byte[20];
        now.UtcDateTime.TryFormat(text, out var length, "s", CultureInfo.InvariantCulture);
        text[length++] = (byte)'Z';
        writer.WriteString(Names.EventTime, text[..length]);
    }

    private static void WriteObject<TState>(
        Utf8JsonWriter writer, JsonEncodedText name, TState state, Action<Utf8JsonWriter, TState>? members)
    {
        if (members is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        members(writer, state);
        writer.WriteEndObject();
    }

    private static void WriteResources(Utf8JsonWriter writer, IReadOnlyList<string> arns)
    {
        writer.WriteStartArray("resources"u8);
        foreach (var arn in arns)
        {
            writer.WriteStartObject();
            writer.WriteString("ARN"u8, arn);
            var parts = arn.Split(':', 6);
            writer.WriteString("accountId"u8, parts[4]);
            writer.WriteString("type"u8, parts[2] == "iam" ? "AWS::IAM::Role"u8 : parts[2] == "kms" ? "AWS::KMS::Key"u8 : "AWS::SecretsManager::Secret"u8);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    // A lone surrogate left by the cut would not be valid text.
    private static string Cut(string text) =>
        text.Length <= MaxTextChars ? text : text[..(char.IsHighSurrogate(text[MaxTextChars - 1]) ? MaxTextChars - 1 : MaxTextChars)];

    // Encoded once: names and constants were a third of what a record costs.
    private static class Names
    {
        public static readonly JsonEncodedText EventVersion = JsonWriters.Encode("eventVersion");
        public static readonly JsonEncodedText Version = JsonWriters.Encode("1.09");
        public static readonly JsonEncodedText UserIdentity = JsonWriters.Encode("userIdentity");
        public static readonly JsonEncodedText EventTime = JsonWriters.Encode("eventTime");
        public static readonly JsonEncodedText EventSource = JsonWriters.Encode("eventSource");
        public static readonly JsonEncodedText EventName = JsonWriters.Encode("eventName");
        public static readonly JsonEncodedText AwsRegion = JsonWriters.Encode("awsRegion");
        public static readonly JsonEncodedText SourceIpAddress = JsonWriters.Encode("sourceIPAddress");
        public static readonly JsonEncodedText UserAgent = JsonWriters.Encode("userAgent");
        public static readonly JsonEncodedText RequestParameters = JsonWriters.Encode("requestParameters");
        public static readonly JsonEncodedText ResponseElements = JsonWriters.Encode("responseElements");
        public static readonly JsonEncodedText RequestId = JsonWriters.Encode("requestID");
        public static readonly JsonEncodedText EventId = JsonWriters.Encode("eventID");
        public static readonly JsonEncodedText ReadOnly = JsonWriters.Encode("readOnly");
        public static readonly JsonEncodedText EventType = JsonWriters.Encode("eventType");
        public static readonly JsonEncodedText ApiCall = JsonWriters.Encode("AwsApiCall");
        public static readonly JsonEncodedText ManagementEvent = JsonWriters.Encode("managementEvent");
        public static readonly JsonEncodedText RecipientAccountId = JsonWriters.Encode("recipientAccountId");
        public static readonly JsonEncodedText EventCategory = JsonWriters.Encode("eventCategory");
        public static readonly JsonEncodedText Management = JsonWriters.Encode("Management");
    }
}
