using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Strongroom;
using Strongroom.Tests.Server.Endpoint;
using Strongroom.Tests.Server.Iam;
using Strongroom.Tests.Server.Kms;

namespace Strongroom.Tests.Server.Audit;

/// <summary>
/// Takes the operation tables as its list: each operation, whatever becomes of the call, leaves exactly one record, with CloudTrail's members.
/// Sources: IAM fact sheet 8.1 to 8.4; AWS's service models for what the parameters are and which are secret.
/// </summary>
public sealed partial class EveryOperationRecordedTests(RecordServer shared) : IClassFixture<RecordServer>
{
    private const string Value = "value-that-no-record-may-hold";

    private static readonly OperationTable Own = new(StrongroomOperations.All(null!, null!, null!, null!, null!, null!, null!, null!, null!, [], null!, null!));

    private static readonly Dictionary<string, Denial> Rows = Denial.All.ToDictionary(row => row.ToString());

    /// <summary>What may become of a call. An operation goes through all that apply to it, in this order, so that the successful call comes last.</summary>
    private static readonly (string Name, Func<EveryOperationRecordedTests, Case, Task> Run)[] Outcomes =
    [
        ("denied to a user", (tests, row) => tests.DeniedAsync(row, tests.User)),
        ("denied to a session of a role", (tests, row) => tests.DeniedAsync(row, tests.Session)),
        ("with a wrong signature", (tests, row) => tests.ForgedAsync(row)),
        ("throttled", (tests, row) => tests.ThrottledAsync(row)),
        ("malformed", (tests, row) => tests.MalformedAsync(row)),
        ("invalid", (tests, row) => tests.InvalidAsync(row)),
        ("while the key is disabled", (tests, row) => tests.WhileDisabledAsync(row)),
        ("ok", (tests, row) => tests.OkAsync(row)),
    ];

    /// <summary>Secrets Manager's rows: a valid request on a secret of the row's own, and the calls by the root that go before.</summary>
    private static readonly Dictionary<string, (string Parameters, string[] Before)> Secrets = new()
    {
        ["BatchGetSecretValue"] = ("""{"SecretIdList":["{n}"]}""", [New]),
        ["CancelRotateSecret"] = (Id, [New, Rotate]),
        ["CreateSecret"] = ($$"""{"Name":"{n}","ClientRequestToken":"{t1}","SecretString":"{{Value}}","KmsKeyId":"{key}","Tags":[{"Key":"a","Value":"1"}]}""", []),
        ["DeleteResourcePolicy"] = (Id, [New]),
        ["DeleteSecret"] = ("""{"SecretId":"{n}","RecoveryWindowInDays":7}""", [New]),
        ["DescribeSecret"] = (Id, [New]),
        ["GetRandomPassword"] = ("""{"PasswordLength":20,"ExcludePunctuation":true}""", []),
        ["GetResourcePolicy"] = (Id, [New]),
        ["GetSecretValue"] = ("""{"SecretId":"{n}","VersionStage":"AWSCURRENT"}""", [New]),
        ["ListSecretVersionIds"] = (Id, [New]),
        ["ListSecrets"] = ("""{"MaxResults":1,"Filters":[{"Key":"name","Values":["x"]}]}""", []),
        ["PutResourcePolicy"] = ($$"""{"SecretId":"{n}","ResourcePolicy":"{{Policy}}"}""", [New]),
        ["PutSecretValue"] = ($$"""{"SecretId":"{n}","ClientRequestToken":"{t2}","SecretString":"{{Value}}"}""", [New]),
        ["RemoveRegionsFromReplication"] = ("""{"SecretId":"{n}","RemoveReplicaRegions":["eu-west-1"]}""", [New, Replicate]),
        ["ReplicateSecretToRegions"] = ("""{"SecretId":"{n}","AddReplicaRegions":[{"Region":"eu-west-1"}]}""", [New]),
        ["RestoreSecret"] = (Id, [New, """DeleteSecret {"SecretId":"{n}"}"""]),
        ["RotateSecret"] = ("""{"SecretId":"{n}","ClientRequestToken":"{t2}","RotationRules":{"AutomaticallyAfterDays":7},"RotationLambdaARN":"{function}"}""", [New]),
        // Called where the primary is: it takes the call's own region for a replica's.
        ["StopReplicationToReplica"] = (Id, [New]),
        ["TagResource"] = ("""{"SecretId":"{n}","Tags":[{"Key":"b","Value":"2"}]}""", [New]),
        ["UntagResource"] = ("""{"SecretId":"{n}","TagKeys":["a"]}""", [New]),
        ["UpdateSecret"] = ($$"""{"SecretId":"{n}","ClientRequestToken":"{t2}","Description":"new","SecretString":"{{Value}}"}""", [New]),
        ["UpdateSecretVersionStage"] = ("""{"SecretId":"{n}","VersionStage":"x","MoveToVersionId":"{t1}"}""", [New]),
        ["ValidateResourcePolicy"] = ($$"""{"SecretId":"{n}","ResourcePolicy":"{{Policy}}"}""", [New]),
    };

    private static readonly Dictionary<string, string> OwnCalls = new()
    {
        ["CreateAccount"] = """{"Name":"team"}""",
        ["DropNotifications"] = """{"Destination":"ops"}""",
        ["Explain"] = """{"Principal":"arn:aws:iam::111122223333:root","Action":"secretsmanager:GetSecretValue","Resource":"*"}""",
        ["ListAccounts"] = """{"MaxResults":1}""",
        ["ListRotationReaders"] = """{"SecretId":"nothing","Days":1}""", // RotationReadersTests has the success
        ["ListRotationSteps"] = """{"SecretId":"nothing","MaxResults":1}""", // RotationEngineTests has the success
        ["ListNotifications"] = """{"Destination":"ops","MaxResults":1}""",
        ["Rehearse"] = """{"Principal":"arn:aws:iam::111122223333:user/nobody","PolicyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}"}""",
        ["RetryNotifications"] = """{"Destination":"ops"}""",
        ["Report"] = """{"Days":1,"RequiredTagKeys":["team"]}""",
        ["ReportUsage"] = """{"Days":1}""",
        ["Rewrap"] = "{}",
    };

    private const string Id = """{"SecretId":"{n}"}""";
    private const string New = $$"""CreateSecret {"Name":"{n}","ClientRequestToken":"{t1}","SecretString":"{{Value}}","KmsKeyId":"{key}"}""";
    private const string Rotate = """RotateSecret {"SecretId":"{n}","ClientRequestToken":"{t2}","RotationLambdaARN":"{function}"}""";
    private const string Replicate = """ReplicateSecretToRegions {"SecretId":"{n}","AddReplicaRegions":[{"Region":"eu-west-1"}]}""";
    private const string Policy = """{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/nobody\"},\"Action\":\"secretsmanager:*\",\"Resource\":\"*\"}}""";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    /// <summary>Secrets Manager's operations that seal or open values. Source: IAM fact sheet 7.8.</summary>
    private static readonly string[] UseKeys = ["CreateSecret", "GetSecretValue", "PutSecretValue", "ReplicateSecretToRegions", "UpdateSecret"];

    /// <summary>Source: KMS Developer Guide, "Key states of AWS KMS keys".</summary>
    private static readonly string[] NeedEnabledKey =
    [
        "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "CreateGrant", "EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand",
    ];

    public static TheoryData<string, string> Operations
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var entry in ServiceModelTests.Table.Entries.Concat(Own.Entries))
                all.Add(entry.Name.Service, entry.Name.Name);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Each_call_leaves_one_record_whatever_becomes_of_it(string service, string operation)
    {
        var row = await PrepareAsync(service, operation);
        foreach (var (name, run) in Outcomes)
        {
            try
            {
                await run(this, row);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"{service}:{operation} {name}: {e.Message}", e);
            }
        }
    }

    [Fact]
    public async Task Reading_an_older_version_is_recorded_with_what_was_asked_for()
    {
        var row = await PrepareAsync("secretsmanager", "PutSecretValue", "older");
        await OkAsync(row);
        foreach (var selector in new[] { "\"VersionStage\":\"AWSPREVIOUS\"", $"\"VersionId\":\"{row.Names["{t1}"]}\"" })
        {
            var read = row with { Operation = "GetSecretValue", Body = $$"""{"SecretId":"older",{{selector}}}""" };
            var record = await OkAsync(read);
            Assert.Equal(selector.Split('"')[3], (string?)record["requestParameters"]![selector.Contains("Stage", StringComparison.Ordinal) ? "versionStage" : "versionId"]);
        }
    }

    [Fact]
    public async Task A_batch_that_succeeds_in_part_is_one_record_that_names_what_it_disclosed()
    {
        var row = await PrepareAsync("secretsmanager", "BatchGetSecretValue", "part");
        var arn = (string?)JsonNode.Parse((await SendAsync(shared.Root, row with { Operation = "DescribeSecret", Body = """{"SecretId":"part"}""" })).Body)!["ARN"];
        const string Foreign = "arn:aws:secretsmanager:us-east-1:999988887777:secret:theirs-AbCdEf";

        var answer = await SendAsync(shared.Root, row with { Body = $$"""{"SecretIdList":["part","absent","{{Foreign}}"]}""" });

        Assert.Equal(["ResourceNotFoundException", "AccessDeniedException"], JsonNode.Parse(answer.Body)!["Errors"]!.AsArray().Select(e => (string?)e!["ErrorCode"]));
        var record = Own1(answer, row);
        Assert.Null(record["errorCode"]);
        Assert.Equal(["part", "absent", Foreign], record["requestParameters"]!["secretIdList"]!.AsArray().Select(id => (string?)id));
        var resource = Assert.Single(record["resources"]!.AsArray())!;
        Assert.Equal((arn, "111122223333", "AWS::SecretsManager::Secret"), ((string?)resource["ARN"], (string?)resource["accountId"], (string?)resource["type"]));
    }

    [Fact]
    public async Task A_call_that_an_outage_ends_is_recorded_too()
    {
        await using var server = await RunningServer.StartAsync();
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Guid.NewGuid(), SecretString = Value });
        await using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(server.Data, "strongroom.db")};Pooling=False"))
        {
            await database.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = database.CreateCommand();
            command.CommandText = "ALTER TABLE secret_version RENAME TO gone";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var root = server.Root;
        var (status, _) = await root.SendJsonAsync("secretsmanager.ListSecretVersionIds", new { SecretId = "s" });

        Assert.Equal(500, status);
        var record = Assert.Single(server.Records(), r => (string?)r["requestID"] == root.LastRequestId);
        Assert.Equal(("ListSecretVersionIds", "InternalServiceError", "Root"), ((string?)record["eventName"], (string?)record["errorCode"], (string?)record["userIdentity"]!["type"]));
    }

    private RecordedCaller User => shared.User;

    private RecordedCaller Session => shared.Session;

    private async Task DeniedAsync(Case row, RecordedCaller caller)
    {
        var answer = await SendAsync(caller, row);
        var record = Own1(answer, row);
        if (Denial.Unguarded.ContainsKey(row.Key))
        {
            // Nothing to be denied: it succeeds, or is refused for what it is.
            CheckRecord(record, answer, row, caller, Parameters(row));
            return;
        }

        Assert.True(answer.Status is 400 or 403, answer.Body);
        // A batch is allowed to whoever may list; what it may not read it lists as errors.
        Assert.Equal("AccessDenied", (string?)record["errorCode"]);
        CheckRecord(record, answer, row, caller, Parameters(row));
    }

    private async Task ForgedAsync(Case row)
    {
        if (ServiceEntry(row).IsUnsigned)
            return;
        var answer = await SendAsync(shared.Forger, row);
        Assert.True(answer.Status is 400 or 403, answer.Body);
        var record = Own1(answer, row);
        Assert.False(record.ContainsKey("recipientAccountId"));
        CheckRecord(record, answer, row, shared.Forger, null);
    }

    private async Task MalformedAsync(Case row)
    {
        if (row.Body is null)
            return;
        var answer = await SendAsync(shared.Root, row with { Body = "{\"SecretString\":\"" + Value });
        // The body of Invoke is the function's, and is looked at by the operation itself.
        var isPayload = row.Key == "lambda:Invoke";
        Assert.Equal((400, isPayload ? "InvalidRequestContentException" : "SerializationException"), (answer.Status, answer.Error.Code));
        CheckRecord(Own1(answer, row), answer, row, shared.Root, isPayload ? Parameters(row) : null);
    }

    // Source: Common Error Types of each service's API Reference and what its SDKs retry; KMS Developer Guide, "Throttling AWS KMS requests".
    private async Task ThrottledAsync(Case row)
    {
        // Who signs nothing belongs to no account and no principal, so no rate is for it.
        if (ServiceEntry(row).IsUnsigned)
            return;
        var answer = await SendAsync(shared.Throttled, row);
        Assert.Equal(
            row.Request is not null ? (429, "TooManyRequestsException") : (400, row.Body is null ? "Throttling" : "ThrottlingException"), (answer.Status, answer.Error.Code));
        var record = Own1(answer, row);
        // It is refused before its parameters are looked at.
        CheckRecord(record, answer, row, shared.Throttled, null);
        Assert.NotNull(record["errorMessage"]);
    }

    // A parameter that the model's bounds forbid.
    private async Task InvalidAsync(Case row)
    {
        if (Model(row) is not { } model || model.FirstOrDefault(m => m.Value!["max"] is not null && (string?)m.Value["type"] is "string" or "integer" or "long").Key is not { } name)
            return;
        var max = (long)model[name]!["max"]!;
        var isText = (string?)model[name]!["type"] == "string";
        if (row.Request is not null)
        {
            // Its function's name, wherever it stands, or the size of its page.
            var tooLong = new string('a', 300);
            var rest = row with
            {
                Request = row.Request.Replace(row.Operation, tooLong, StringComparison.Ordinal).Replace("MaxItems=5", "MaxItems=10001", StringComparison.Ordinal),
                Body = row.Body?.Replace(row.Operation, tooLong, StringComparison.Ordinal),
            };
            var refused = await SendAsync(shared.Root, rest);
            Assert.Equal((400, "ValidationException"), (refused.Status, refused.Error.Code));
            CheckRecord(Own1(refused, row), refused, row, shared.Root, null);
            return;
        }

        var bad = row.Body is null
            ? row with { Form = [.. row.Form.Where(p => p.Name != name), (name, isText ? new string('a', (int)max + 1) : (max + 1).ToString(System.Globalization.CultureInfo.InvariantCulture))] }
            : row with { Body = With(row.Body, name, isText ? new string('a', (int)max + 1) : max + 1) };
        var answer = await SendAsync(shared.Root, bad);
        Assert.Equal(400, answer.Status);
        CheckRecord(Own1(answer, row), answer, row, shared.Root, null);
    }

    private async Task WhileDisabledAsync(Case row)
    {
        if (!(row.Service == "kms" && NeedEnabledKey.Contains(row.Operation)) && !(row.Service == "secretsmanager" && (UseKeys.Contains(row.Operation) || row.Operation == "BatchGetSecretValue")))
            return;
        var key = new { KeyId = row.Names["{id}"] };
        await shared.Server.Root.KmsAsync("DisableKey", key);
        var answer = await SendAsync(shared.Root, row);
        await shared.Server.Root.KmsAsync("EnableKey", key);
        var record = Own1(answer, row);
        CheckRecord(record, answer, row, shared.Root, Parameters(row));
        if (row.Operation == "BatchGetSecretValue")
        {
            Assert.Equal("DecryptionFailure", (string?)Assert.Single(JsonNode.Parse(answer.Body)!["Errors"]!.AsArray())!["ErrorCode"]);
            Assert.Null(record["resources"]);
        }
        else
        {
            Assert.Contains((string?)record["errorCode"], row.Service == "kms" ? ["DisabledException"] : new[] { "DecryptionFailure", "EncryptionFailure" });
        }

        // The use of the key that failed has a record of its own.
        if (row.Service != "kms")
            Assert.Contains(answer.Records, r => (string?)r["eventSource"] == "kms.amazonaws.com" && (string?)r["errorCode"] == "DisabledException");
    }

    private async Task<JsonObject> OkAsync(Case row)
    {
        var answer = await SendAsync(shared.Root, row);
        Assert.True(answer.IsSuccess || answer.Error.Code == row.Ends, answer.Body);
        var record = Own1(answer, row);
        CheckRecord(record, answer, row, shared.Root, Parameters(row));
        if (row.ResourceArn is { } arn && answer.Status == 200)
            Assert.Contains(record["resources"]!.AsArray(), r => (string?)r!["ARN"] == arn && (string?)r["type"] == "AWS::KMS::Key" && (string?)r["accountId"] == Denial.Account);
        return record;
    }

    /// <summary>The one record of the call itself; beside it only uses of KMS keys that Secrets Manager made for it.</summary>
    private static JsonObject Own1(RecordedAnswer answer, Case row)
    {
        var uses = answer.Records.Where(r => r["userIdentity"]!["invokedBy"] is not null).ToList();
        Assert.All(uses, use =>
        {
            Assert.Equal("secretsmanager", row.Service);
            Assert.Equal(("kms.amazonaws.com", "secretsmanager.amazonaws.com"), ((string?)use["eventSource"], (string?)use["userIdentity"]!["invokedBy"]));
        });
        return Assert.Single(answer.Records.Except(uses));
    }

    private static void CheckRecord(JsonObject record, RecordedAnswer answer, Case row, RecordedCaller caller, JsonObject? parameters)
    {
        var (code, message) = answer.Error;
        Assert.StartsWith("1.", (string?)record["eventVersion"], StringComparison.Ordinal);
        Equal(ServiceEntry(row).IsUnsigned ? new JsonObject { ["type"] = "Unknown" } : caller.Identity, record["userIdentity"]);
        Assert.Equal("2026-02-03T10:20:30Z", (string?)record["eventTime"]);
        Assert.Equal((row.Service + ".amazonaws.com", EventName(row)), ((string?)record["eventSource"], (string?)record["eventName"]));
        Assert.Equal(("us-east-1", "127.0.0.1"), ((string?)record["awsRegion"], (string?)record["sourceIPAddress"]));
        Assert.Equal(RecordedCode(row.Service, code), (string?)record["errorCode"]);
        Assert.Equal(message is { Length: > 1024 } ? message[..1024] : message, (string?)record["errorMessage"]);
        Assert.True(record.ContainsKey("requestParameters"));
        if (answer.IsSuccess || parameters is null || record["requestParameters"] is not null)
            Equal(parameters, record["requestParameters"]);
        Assert.True(record.ContainsKey("responseElements"));
        if (IsRead(row) && row.Service != "sts" || !answer.IsSuccess)
            Assert.Null(record["responseElements"]);
        else if (!IsRead(row) && answer.Body.Length > 2 && row.Service is "secretsmanager" or "kms")
            Assert.NotNull(record["responseElements"]);
        Assert.Equal(answer.RequestId, (string?)record["requestID"]);
        Assert.True(Guid.TryParse((string?)record["eventID"], out _));
        Assert.Equal(IsRead(row), (bool?)record["readOnly"]);
        Assert.Equal(("AwsApiCall", true, "Management"), ((string?)record["eventType"], (bool?)record["managementEvent"], (string?)record["eventCategory"]));
        if (caller.Identity["accountId"] is not null && !ServiceEntry(row).IsUnsigned)
            Assert.Equal(Denial.Account, (string?)record["recipientAccountId"]);
        var text = record.ToJsonString();
        Assert.DoesNotContain(Value, text, StringComparison.Ordinal);
        foreach (Match secret in Disclosed().Matches(answer.Body))
            Assert.DoesNotContain(secret.Groups["value"].Value, text, StringComparison.Ordinal);
    }

    // Lambda's have the date of the API in them, and most a revision. Source: recorded events, as trails and rules for them name them.
    private static string EventName(Case row) => (row.Service, row.Operation) switch
    {
        ("lambda", "Invoke" or "GetFunctionCodeSigningConfig") => row.Operation,
        ("lambda", "CreateFunction" or "DeleteFunction" or "ListFunctions" or "ListVersionsByFunction") => row.Operation + "20150331",
        ("lambda", "ListTags") => "ListTags20170331",
        ("lambda", "TagResource" or "UntagResource") => row.Operation + "20170331v2",
        ("lambda", _) => row.Operation + "20150331v2",
        _ => row.Operation,
    };

    // The names of the model's shapes. Source: IAM fact sheet 8.1; IAM model.
    private static string? RecordedCode(string service, string? code) => (service, code) switch
    {
        (_, "AccessDeniedException") => "AccessDenied",
        ("iam", "NoSuchEntity") => "NoSuchEntityException",
        _ => code,
    };

    // Source: IAM fact sheet 8.4; KMS Developer Guide, CloudTrail examples; live records of STS, all of which say true.
    private static bool IsRead(Case row) => row.Service switch
    {
        "sts" => true,
        "iam" => ReadVerb().IsMatch(row.Operation),
        "kms" => ReadVerb().IsMatch(row.Operation) || row.Operation is "Encrypt" or "Decrypt" or "ReEncrypt" || row.Operation.StartsWith("Generate", StringComparison.Ordinal),
        "strongroom" => row.Operation is not ("CreateAccount" or "DropNotifications" or "RetryNotifications" or "Rewrap"),
        "cloudtrail" => true,
        _ => ReadVerb().IsMatch(row.Operation) || row.Operation is "BatchGetSecretValue" or "ValidateResourcePolicy",
    };

    private static JsonObject? Parameters(Case row)
    {
        var model = Model(row);
        if (model is { Count: 0 })
            return null;
        if (row.Request is { } request)
            return RecordedParameters.OfRest(request, ServiceEntry(row).Path!.Template, row.Operation == "Invoke" || row.Body is null ? null : JsonNode.Parse(row.Body)!.AsObject(), model!);
        return row.Body is null ? RecordedParameters.OfForm(row.Form, model!) : RecordedParameters.OfJson(JsonNode.Parse(row.Body)!.AsObject(), model);
    }

    private static JsonObject? Model(Case row) => ServiceModelTests.Models.TryGetValue(row.Service, out var operations) ? operations[row.Operation]!.AsObject() : null;

    private static OperationEntry ServiceEntry(Case row) => ServiceModelTests.Table.Find(row.Service, row.Operation) ?? Own.Find(row.Service, row.Operation)!;

    private static void Equal(JsonNode? expected, JsonNode? actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"expected {expected?.ToJsonString() ?? "null"}, found {actual?.ToJsonString() ?? "null"}");

    private static string With(string body, string name, JsonNode value)
    {
        var changed = JsonNode.Parse(body)!.AsObject();
        changed[name] = value;
        return changed.ToJsonString();
    }

    private Task<RecordedAnswer> SendAsync(RecordedCaller caller, Case row) => row.Request is { } request
        ? shared.SendRestAsync(caller, request, row.Body)
        : row.Body is null
        ? shared.SendQueryAsync(caller, row.Service, row.Operation, row.Form)
        : shared.SendJsonAsync(caller, row.Service, row.Operation, row.Body);

    private async Task<Case> PrepareAsync(string service, string operation, string? name = null)
    {
        if (service == "strongroom")
            return new Case(service, operation) { Body = OwnCalls[operation], Ends = operation is "ListRotationReaders" or "ListRotationSteps" ? "ResourceNotFoundException" : null };
        if (service == "secretsmanager")
            return await PrepareSecretAsync(operation, name ?? operation);
        if (Rows.TryGetValue($"{service}:{operation}", out var row))
        {
            var names = await row.PrepareAsync(shared.Server.Root);
            var parameters = row.Parameters.Select(p => Denial.Fill(p, names)).ToArray();
            return new Case(service, operation)
            {
                Body = service == "kms" ? parameters.Single() : service == "lambda" ? parameters.ElementAtOrDefault(1) : null,
                Form = service is "kms" or "lambda" ? [] : IamCalls.Pairs(parameters),
                Request = service == "lambda" ? parameters[0] : null,
                Ends = row.Ends,
                Names = names,
                ResourceArn = row.Resource == "{key}" ? names["{key}"] : null,
            };
        }

        return operation switch
        {
            "LookupEvents" => new Case(service, operation) { Body = """{"MaxResults":1,"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"None"}]}""" },
            "GetCallerIdentity" or "GetSessionToken" => new Case(service, operation),
            "AssumeRoleWithWebIdentity" => new Case(service, operation)
            {
                Form = [("RoleArn", "arn:aws:iam::111122223333:role/team/nothing"), ("RoleSessionName", "web"), ("WebIdentityToken", Value)],
                Ends = "InvalidIdentityToken", // WebIdentityTests has the record of a success
            },
            _ => throw new InvalidOperationException($"{service}:{operation} needs a row here."),
        };
    }

    private async Task<Case> PrepareSecretAsync(string operation, string name)
    {
        var (parameters, before) = Secrets[operation];
        shared.Server.Functions.Reachable.Add(Function);
        var key = await shared.Server.Root.NewKeyAsync();
        var names = new Dictionary<string, string>
        {
            ["{n}"] = name,
            ["{id}"] = key,
            ["{key}"] = KmsClient.KeyArn(key),
            ["{function}"] = Function,
            ["{t1}"] = Guid.NewGuid().ToString(),
            ["{t2}"] = Guid.NewGuid().ToString(),
        };
        foreach (var step in before)
            await shared.Server.CallAsync(step.Split(' ')[0], JsonNode.Parse(Denial.Fill(step[(step.IndexOf(' ', StringComparison.Ordinal) + 1)..], names)));
        return new Case("secretsmanager", operation)
        {
            Body = Denial.Fill(parameters, names),
            Names = names,
            Ends = operation == "StopReplicationToReplica" ? "InvalidRequestException" : null,
        };
    }

    [GeneratedRegex("^(Get|List|Describe|Simulate|Lookup)")]
    private static partial Regex ReadVerb();

    [GeneratedRegex("""(<|")(SecretAccessKey|SessionToken|SecretString|SecretBinary|RandomPassword|Plaintext|CiphertextBlob|GrantToken)(>|":")(?<value>[^<"]{4,})""")]
    private static partial Regex Disclosed();

    /// <summary>A valid request of an operation.</summary>
    private sealed record Case(string Service, string Operation)
    {
        public string Key => $"{Service}:{Operation}";

        /// <summary>Null for the Query protocol.</summary>
        public string? Body { get; init; }

        public (string Name, string Value)[] Form { get; init; } = [];

        /// <summary>Method and target of a REST service's request; null for other protocols.</summary>
        public string? Request { get; init; }

        /// <summary>What the root gets instead of a success, for operations that never succeed here.</summary>
        public string? Ends { get; init; }

        public Dictionary<string, string> Names { get; init; } = [];

        /// <summary>The KMS key that the record names.</summary>
        public string? ResourceArn { get; init; }
    }
}
