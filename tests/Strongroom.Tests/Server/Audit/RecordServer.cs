using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Strongroom.Server.Quotas;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Lambda;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Audit;

/// <summary>Somebody who calls, with the <c>userIdentity</c> that its records are to have. Source: IAM fact sheet 8.2.</summary>
internal sealed record RecordedCaller(TestClient Client, JsonObject Identity);

/// <summary>What a call was answered, with its records.</summary>
internal sealed record RecordedAnswer(int Status, string Body, string RequestId, IReadOnlyList<JsonObject> Records)
{
    /// <summary>The code in the header of a REST service's error.</summary>
    public string? ErrorType { get; init; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The error's code and message; nulls for a success.</summary>
    public (string? Code, string? Message) Error => IsSuccess ? default
        : ErrorType is not null ? (ErrorType, JsonError(JsonNode.Parse(Body)!).Item2) : Body[0] == '<' ? QueryError(XElement.Parse(Body)) : JsonError(JsonNode.Parse(Body)!);

    private static (string?, string?) JsonError(JsonNode error) => ((string?)error["__type"], (string?)(error["message"] ?? error["Message"] ?? ""));

    private static (string?, string?) QueryError(XElement root) =>
        (root.Descendants(root.Name.Namespace + "Code").Single().Value, root.Descendants(root.Name.Namespace + "Message").Single().Value);
}

/// <summary>A server whose log is read as it grows, with a caller of each kind.</summary>
public sealed class RecordServer : IAsyncLifetime
{
    private long read;

    internal RunningServer Server { get; private set; } = null!;

    internal RecordedCaller Root { get; private set; } = null!;

    /// <summary>Users and role sessions without any policy.</summary>
    internal RecordedCaller User { get; private set; } = null!;

    internal RecordedCaller Session { get; private set; } = null!;

    /// <summary>The root's access key with another secret key.</summary>
    internal RecordedCaller Forger { get; private set; } = null!;

    /// <summary>A user whose rate is used up, for hours to come.</summary>
    internal RecordedCaller Throttled { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        (Server, _) = await LambdaClient.StartAsync(ownFunctions: false, options => options with
        {
            Limits = new LimitOptions { Rates = RateRule.ParseAll(["principal:*@arn:aws:iam::111122223333:user/hasty=1/h"]) },
        });
        var (user, hasty) = (await Server.NewUserAsync("nobody"), await Server.NewUserAsync("hasty"));
        await hasty.StsAsync("GetCallerIdentity");
        await Server.PutAsync(Identities.Role("nothing", Identities.Trust("arn:aws:iam::111122223333:user/assumer")), Identities.User("assumer"));
        var session = await Server.AssumeAsync(await Server.ClientOfAsync("assumer"), "nothing");
        Root = new RecordedCaller(Server.Root, Json($$"""
            {"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":"{{RunningServer.AccessKeyId}}"}
            """));
        User = new RecordedCaller(user, Json($$"""
            {"type":"IAMUser","principalId":"AIDANOBODY22222222222","arn":"arn:aws:iam::111122223333:user/nobody","accountId":"111122223333",
            "accessKeyId":"{{user.AccessKeyId}}","userName":"nobody"}
            """));
        Throttled = new RecordedCaller(hasty, Json($$"""
            {"type":"IAMUser","principalId":"AIDAHASTY222222222222","arn":"arn:aws:iam::111122223333:user/hasty","accountId":"111122223333",
            "accessKeyId":"{{hasty.AccessKeyId}}","userName":"hasty"}
            """));
        Session = new RecordedCaller(session, Json($$$"""
            {"type":"AssumedRole","principalId":"AROANOTHING2222222222:session","arn":"arn:aws:sts::111122223333:assumed-role/nothing/session",
            "accountId":"111122223333","accessKeyId":"{{{session.AccessKeyId}}}","sessionContext":{
            "sessionIssuer":{"type":"Role","principalId":"AROANOTHING2222222222","arn":"arn:aws:iam::111122223333:role/team/nothing","accountId":"111122223333","userName":"nothing"},
            "attributes":{"creationDate":"2026-02-03T10:20:30Z","mfaAuthenticated":"false"} } }
            """));
        Forger = new RecordedCaller(
            new TestClient(Server, RunningServer.AccessKeyId, RunningServer.SecretAccessKey[..^1] + "x"),
            Json($$"""{"type":"Unknown","accessKeyId":"{{RunningServer.AccessKeyId}}"}"""));
    }

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();

    /// <summary>Calls an operation of the JSON protocol.</summary>
    internal async Task<RecordedAnswer> SendJsonAsync(RecordedCaller caller, string service, string operation, string body)
    {
        Skip();
        var target = service switch { "kms" => "TrentService", "strongroom" => "Strongroom", "cloudtrail" => "CloudTrail_20131101", _ => service };
        var (status, text) = await caller.Client.SendJsonTextAsync($"{target}.{operation}", body);
        return Answer(caller, status, text);
    }

    /// <summary>Calls an operation of the Query protocol.</summary>
    internal async Task<RecordedAnswer> SendQueryAsync(RecordedCaller caller, string service, string operation, params (string, string)[] parameters)
    {
        Skip();
        var (status, text) = await caller.Client.SendQueryAsync(service, service == "iam" ? "2010-05-08" : "2011-06-15", operation, parameters);
        return Answer(caller, status, text);
    }

    /// <summary>Calls an operation of a REST service.</summary>
    internal async Task<RecordedAnswer> SendRestAsync(RecordedCaller caller, string request, string? body)
    {
        Skip();
        var answer = await caller.Client.SendRestAsync(request.Split(' ')[0], request.Split(' ')[1], body is null ? default : System.Text.Encoding.UTF8.GetBytes(body));
        return Answer(caller, answer.Status, answer.Body) with { ErrorType = answer.Code };
    }

    private RecordedAnswer Answer(RecordedCaller caller, int status, string text)
    {
        var id = caller.Client.LastRequestId!;
        return new RecordedAnswer(status, text, id, [.. ReadOn().Where(record => (string?)record["requestID"] == id)]);
    }

    private void Skip() => ReadOn();

    private List<JsonObject> ReadOn()
    {
        var path = Directory.EnumerateFiles(Path.Combine(Server.Data, "audit"), "audit-*.jsonl").Single();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = read;
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd();
        // A background record may be half-written.
        var whole = lines[..(lines.LastIndexOf('\n') + 1)];
        read += System.Text.Encoding.UTF8.GetByteCount(whole);
        return [.. whole.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())];
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();
}
