using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Microsoft.Data.Sqlite;
using Strongroom.Server.Endpoint;
using Strongroom.Tests.Server.Iam;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Lambda;

namespace Strongroom.Tests.Server.Endpoint;

/// <summary>A server with a user that has no policies and one that an explicit deny overrules.</summary>
public sealed class DenialServer : IAsyncLifetime
{
    // What a refused call may leave behind: when a key was last used, records on their way to the log, and who does the background work.
    private const string TablesQuery =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('credential_use', 'audit_outbox', 'lease') AND name NOT LIKE 'sqlite_%' ORDER BY name";

    private SqliteConnection database = null!;

    internal RunningServer Server { get; private set; } = null!;

    internal TestClient Nobody { get; private set; } = null!;

    internal TestClient Denied { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (Server, _) = await LambdaClient.StartAsync(ownFunctions: false);
        Nobody = await Server.NewUserAsync("nobody");
        Denied = await Server.NewUserAsync("denied", Sts.Identities.Allow("*"), Sts.Identities.Deny("*"));
        database = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(Server.Data, "strongroom.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await database.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
    }

    /// <summary>Everything that is stored, as one text.</summary>
    public string Stored()
    {
        var text = new StringBuilder();
        foreach (var table in Rows(TablesQuery).ToList())
        {
            foreach (var row in Rows($"SELECT * FROM {table} ORDER BY 1, 2"))
                text.Append(table).Append(' ').Append(row).Append('\n');
        }

        return text.ToString();
    }

    private IEnumerable<string> Rows(string query)
    {
        using var command = database.CreateCommand();
#pragma warning disable CA2100 // no part of it comes from outside
        command.CommandText = query;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i) is byte[] bytes
                ? Convert.ToHexString(bytes)
                : Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)));
        }
    }
}

/// <summary>Takes the operation table as its list: each operation refuses whoever it is not allowed to, in AWS's words, and a refused write has changed nothing.</summary>
public sealed class EveryOperationDeniedTests(DenialServer shared) : IClassFixture<DenialServer>
{
    private static readonly Dictionary<string, Denial> Rows = Denial.All.ToDictionary(row => row.ToString());

    private static readonly string[] Services = ["iam", "kms", "lambda", "sts"];

    private static readonly string[] Modelled = [.. Services, "secretsmanager"];

    public static TheoryData<string> Operations => [.. Rows.Keys];

    [Fact]
    public void Every_operation_has_a_row_or_a_reason_to_have_none() => Assert.Equal(
        ServiceModelTests.Table.Entries.Where(e => Services.Contains(e.Name.Service)).Select(e => $"{e.Name.Service}:{e.Name.Name}").Order(StringComparer.Ordinal),
        Rows.Keys.Concat(Denial.Unguarded.Keys).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task A_valid_call_is_refused_without_a_policy_and_under_a_deny(string operation)
    {
        var row = Rows[operation];
        var names = await row.PrepareAsync(shared.Server.Root);
        var parameters = row.Parameters.Select(p => Denial.Fill(p, names)).ToArray();
        var resource = row.Resource is null ? "" : $" on resource: {Denial.Fill(row.Resource, names)}";
        var (withoutPolicy, withDeny) = operation == "sts:AssumeRole"
            ? ("", "") // AWS gives no reason; IAM fact sheet 3.6
            : ($" because no identity-based policy allows the {row.Action} action", " with an explicit deny in an identity-based policy");
        var before = shared.Stored();

        Assert.Equal(
            $"User: arn:aws:iam::{Denial.Account}:user/nobody is not authorized to perform: {row.Action}{resource}{withoutPolicy}",
            await FailsAsync(shared.Nobody, row, parameters, row.Service is "kms" or "lambda" ? "AccessDeniedException" : "AccessDenied"));
        Assert.Equal(
            $"User: arn:aws:iam::{Denial.Account}:user/denied is not authorized to perform: {row.Action}{resource}{withDeny}",
            await FailsAsync(shared.Denied, row, parameters, row.Service is "kms" or "lambda" ? "AccessDeniedException" : "AccessDenied"));
        Assert.Equal(before, shared.Stored());

        // The same request is a good one: whoever may make it succeeds, and what it writes would have been seen.
        if (row.Ends is { } code)
            await FailsAsync(shared.Server.Root, row, parameters, code);
        else
            await SucceedsAsync(shared.Server.Root, row, parameters);
        // What a function does when it is invoked is no change of Strongroom's.
        var isWrite = row.Ends is null && row.Operation != "Invoke" && !ServiceModelTests.Table.Find(row.Service, row.Operation)!.Name.ReadOnly;
        Assert.Equal(isWrite, before != shared.Stored());
    }

    [Fact]
    public async Task Who_is_denied_everything_still_learns_its_name_and_gets_a_session_that_is_denied_as_well()
    {
        Assert.Equal($"arn:aws:iam::{Denial.Account}:user/denied", (await shared.Denied.StsAsync("GetCallerIdentity")).Element("Arn")!.Value);
        var session = Sts.Identities.ClientOf(shared.Server, await shared.Denied.StsAsync("GetSessionToken"));
        Assert.Equal($"arn:aws:iam::{Denial.Account}:user/denied", (await session.StsAsync("GetCallerIdentity")).Element("Arn")!.Value);
        Assert.EndsWith(
            "with an explicit deny in an identity-based policy", await session.KmsFailsAsync("ListKeys", new { }, "AccessDeniedException"), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_web_identity_call_goes_unsigned() =>
        Assert.Equal(["sts:AssumeRoleWithWebIdentity"], ServiceModelTests.Table.Entries.Where(e => e.IsUnsigned).Select(e => e.Name.Action));

    [Theory]
    [InlineData("MissingAuthenticationToken", "MissingAuthenticationTokenException", "Request is missing Authentication Token")]
    [InlineData("SignatureDoesNotMatch", "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")]
    [InlineData("InvalidClientTokenId", "UnrecognizedClientException", "The security token included in the request is invalid.")]
    public async Task No_operation_is_carried_out_before_its_caller_is_known(string queryCode, string jsonCode, string message)
    {
        var client = queryCode switch
        {
            "SignatureDoesNotMatch" => new TestClient(shared.Server, RunningServer.AccessKeyId, RunningServer.SecretAccessKey[..^1] + "x"),
            "InvalidClientTokenId" => new TestClient(shared.Server, "AKIAIOSFODNN7NOTHERE", RunningServer.SecretAccessKey),
            _ => null,
        };
        var before = shared.Stored();

        var wrong = new List<string>();
        foreach (var entry in ServiceModelTests.Table.Entries.Where(e => e.Name.Service == "lambda"))
        {
            var (status, code, text) = await SendRestAsync(client, entry.Path!);
            if ((status, code, text) != (403, jsonCode, message))
                wrong.Add($"{entry.Name.Action}: {status} {code} {text}");
        }

        foreach (var name in ServiceModelTests.Table.Entries.Where(e => !e.IsUnsigned && e.Path is null && Modelled.Contains(e.Name.Service)).Select(e => e.Name))
        {
            var isQuery = name.Service is "iam" or "sts";
            var (status, body) = await SendAsync(client, name, isQuery);
            var (code, text) = isQuery ? QueryError(body) : JsonError(body);
            if ((status, code, text) != (isQuery ? 403 : 400, isQuery ? queryCode : jsonCode, message))
                wrong.Add($"{name.Action}: {status} {code} {text}");
        }

        Assert.Empty(wrong);
        Assert.Equal(before, shared.Stored());
    }

    private async Task<(int Status, string? Code, string? Message)> SendRestAsync(TestClient? client, RestPath path)
    {
        var target = System.Text.RegularExpressions.Regex.Replace(path.Template, "{[A-Za-z]+}", "f");
        if (client is not null)
        {
            var answer = await client.SendRestAsync(path.Method, target, default);
            return (answer.Status, answer.Code, answer.Message);
        }

        using var request = new HttpRequestMessage(new HttpMethod(path.Method), shared.Server.Url(target));
        using var response = await shared.Server.SendAsync(request);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync());
        return ((int)response.StatusCode, response.Headers.GetValues("x-amzn-ErrorType").Single(), (string?)body!["message"]);
    }

    private async Task<(int Status, string Body)> SendAsync(TestClient? client, OperationName name, bool isQuery)
    {
        var version = name.Service == "iam" ? "2010-05-08" : "2011-06-15";
        if (client is not null && isQuery)
            return await client.SendQueryAsync(name.Service, version, name.Name);
        if (client is not null)
            return await client.SendJsonAsync($"{(name.Service == "kms" ? "TrentService" : name.Service)}.{name.Name}", null);

        using var request = new HttpRequestMessage(HttpMethod.Post, shared.Server.Url());
        if (isQuery)
        {
            request.Content = new FormUrlEncodedContent([new("Action", name.Name), new("Version", version)]);
        }
        else
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/x-amz-json-1.1");
            request.Headers.Add("X-Amz-Target", $"{(name.Service == "kms" ? "TrentService" : name.Service)}.{name.Name}");
        }

        using var response = await shared.Server.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static (string?, string?) JsonError(string body) =>
        JsonNode.Parse(body) is JsonObject error ? ((string?)error["__type"], (string?)(error["message"] ?? error["Message"])) : default;

    private static (string?, string?) QueryError(string body)
    {
        var root = XElement.Parse(body);
        return (root.Descendants(root.Name.Namespace + "Code").Single().Value, root.Descendants(root.Name.Namespace + "Message").Single().Value);
    }

    private static Task<string> FailsAsync(TestClient client, Denial row, string[] parameters, string code)
    {
        var status = code switch { "AccessDenied" => 403, "NoSuchEntity" => 404, _ => 400 };
        return row.Service switch
        {
            "kms" => client.KmsFailsAsync(row.Operation, JsonNode.Parse(parameters.Single()), code),
            "lambda" => RestFailsAsync(client, parameters, code),
            "sts" => client.StsFailsAsync(code, status, row.Operation, IamCalls.Pairs(parameters)),
            _ => client.IamFailsAsync(code, status, row.Operation, IamCalls.Pairs(parameters)),
        };
    }

    private static Task SucceedsAsync(TestClient client, Denial row, string[] parameters) => row.Service switch
    {
        "kms" => client.KmsAsync(row.Operation, JsonNode.Parse(parameters.Single())),
        "lambda" => RestSucceedsAsync(client, parameters),
        "sts" => client.StsAsync(row.Operation, IamCalls.Pairs(parameters)),
        _ => client.IamAsync(row.Operation, IamCalls.Pairs(parameters)),
    };

    private static async Task<string> RestFailsAsync(TestClient client, string[] parameters, string code)
    {
        var answer = await SendRestAsync(client, parameters);
        Assert.Equal((403, code), (answer.Status, answer.Code));
        return answer.Message;
    }

    private static async Task RestSucceedsAsync(TestClient client, string[] parameters)
    {
        var answer = await SendRestAsync(client, parameters);
        Assert.True(answer.Status is 200 or 201 or 204, answer.Body);
    }

    private static Task<RestAnswer> SendRestAsync(TestClient client, string[] parameters) => client.SendRestAsync(
        parameters[0].Split(' ')[0], parameters[0].Split(' ')[1], parameters.Length > 1 ? Encoding.UTF8.GetBytes(parameters[1]) : default);
}
