using System.Net;
using System.Net.Sockets;
using Strongroom.Server.Quotas;
using Strongroom.Tests.Server.Kms;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Quotas;

/// <summary>More requests than the server takes, held in flight by a function that does not answer.</summary>
public sealed class OverloadTests
{
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:f";
    private const string Unavailable = """{"__type":"ServiceUnavailable","message":"The request has failed due to a temporary failure of the server."}""";

    [Fact]
    public async Task Who_floods_is_refused_while_others_are_served()
    {
        await using var server = await StartAsync(slots: 4);
        var ann = await server.NewUserAsync("ann", Allow("*"));
        var held = new[] { await HoldAsync(server, server.Root), await HoldAsync(server, server.Root) };

        Assert.Equal((503, Unavailable), await server.SendAsync("ListSecrets", "{}"));
        await ann.JsonAsync("secretsmanager.ListSecrets");
        server.Functions.Gate!.SetResult();
        await AllSucceedAsync(held);
        await server.CallAsync("ListSecrets");
    }

    [Fact]
    public async Task A_full_server_refuses_before_it_looks_at_the_signature_but_answers_its_health_check()
    {
        await using var server = await StartAsync(slots: 3);
        var (ann, ben) = (await server.NewUserAsync("ann", Allow("*")), await server.NewUserAsync("ben", Allow("*")));
        var held = new[] { await HoldAsync(server, server.Root), await HoldAsync(server, ann), await HoldAsync(server, ben) };
        var records = server.Records().Count;

        Assert.Equal((503, Unavailable), await server.SendAsync("ListSecrets", "{}", secretKey: "wrong"));
        Assert.Equal(503, (await server.Root.SendQueryAsync("sts", "2011-06-15", "GetCallerIdentity")).Status);
        using (var http = new HttpClient())
        using (var health = await http.GetAsync(server.Url("/health"), TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(records, server.Records().Count);
        server.Functions.Gate!.SetResult();
        await AllSucceedAsync(held);
        Assert.Equal(0, server.Server.Limiter.InFlight);

        await server.CloseAsync();
        var notice = Assert.Single(server.Records(), r => (string?)r["eventName"] == "RequestsShed");
        Assert.Equal("Sent away without a record each since the last such record: overload: 2", (string?)notice["additionalEventData"]!["message"]);
    }

    [Fact]
    public async Task Nobody_uses_up_anothers_slots_by_claiming_its_access_key()
    {
        await using var server = await StartAsync(slots: 4);
        var ann = await server.NewUserAsync("ann", Allow("*"));
        await ann.JsonAsync("secretsmanager.ListSecrets");
        var held = new[] { await HoldAsync(server, server.Root), await HoldAsync(server, server.Root) };
        var liar = new TestClient(server, ann.AccessKeyId, "wrong");

        for (var i = 0; i < 20; i++)
            await liar.JsonFailsAsync("secretsmanager.ListSecrets", null, "InvalidSignatureException");
        await ann.JsonAsync("secretsmanager.ListSecrets");
        // The other way round: who claims to be the one that floods is taken at its word.
        Assert.Equal(503, (await server.SendAsync("ListSecrets", "{}", secretKey: "wrong")).Status);
        server.Functions.Gate!.SetResult();
        await AllSucceedAsync(held);
    }

    [Fact]
    public async Task A_verified_request_that_is_refused_has_a_record()
    {
        await using var server = await StartAsync(slots: 4);
        var session = await server.Root.StsAsync("GetSessionToken");
        var held = new[] { await HoldAsync(server, server.Root), await HoldAsync(server, server.Root) };

        // A session of the same root: its id says nothing before its token has been opened.
        await server.ClientOf(session).JsonFailsAsync("secretsmanager.ListSecrets", null, "ServiceUnavailable", status: 503);
        Assert.Equal("ServiceUnavailable", (string?)server.Records()[^1]["errorCode"]);
        server.Functions.Gate!.SetResult();
        await AllSucceedAsync(held);
    }

    [Fact]
    public async Task A_slow_body_holds_no_slot()
    {
        await using var server = await StartAsync(slots: 2);
        using var slow = new TcpClient();
        await slow.ConnectAsync(IPAddress.Loopback, server.Url().Port, TestContext.Current.CancellationToken);
        await slow.GetStream().WriteAsync("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"u8.ToArray(), TestContext.Current.CancellationToken);

        await server.CallAsync("ListSecrets");
        Assert.Equal(0, server.Server.Limiter.InFlight);
    }

    [Theory]
    [InlineData(1, 500)]
    [InlineData(2, 333)]
    [InlineData(4, 200)]
    public void However_many_flood_there_is_room_for_one_more(int flooders, int each)
    {
        var admission = new Admission(1000);
        var held = new int[flooders];
        for (var i = 0; i < 5000; i++)
        {
            var who = i % flooders;
            Assert.True(admission.TryEnter());
            if (admission.IsFairShare(held[who] + 1))
                held[who]++;
            else
                admission.Leave();
        }

        Assert.All(held, count => Assert.InRange(count, each - 1, each + 1));
        Assert.True(admission.TryEnter());
        Assert.True(admission.IsFairShare(1));
        Assert.True(admission.WouldRefuse(held[0] + 1));
    }

    [Fact]
    public async Task One_address_leaves_connections_to_the_others()
    {
        var shed = new ShedCounts();
        var gate = new ConnectionGate(10, shed);
        var mine = Enumerable.Range(0, 20).Count(_ => gate.TryEnter("a"));

        Assert.Equal(5, mine);
        Assert.True(gate.TryEnter("b"));
        gate.Leave("a");
        gate.Leave("a");
        gate.Leave("a");
        Assert.True(gate.TryEnter("a"));
        Assert.Equal(4, gate.Open);

        await using var server = await RunningServer.StartAsync(configure: o => o with { Limits = o.Limits with { MaxConnections = 3 } });
        await server.CallAsync("ListSecrets");
        Assert.True(await IsClosedAsync(server.Url().Port));
        await server.CallAsync("ListSecrets");
    }

    private static async Task<bool> IsClosedAsync(int port)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            return await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 0;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return true; // By a reset, however early.
        }
    }

    private static async Task<RunningServer> StartAsync(int slots)
    {
        var server = await RunningServer.StartAsync(configure: o => o with { Limits = o.Limits with { MaxInFlight = slots } });
        server.Functions.Reachable.Add(Function);
        server.Functions.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return server;
    }

    /// <returns>A call that is in flight until the gate opens, and then succeeds.</returns>
    private static async Task<Task> HoldAsync(RunningServer server, TestClient client)
    {
        var name = Guid.NewGuid().ToString();
        await client.JsonAsync("secretsmanager.CreateSecret", new { Name = name, ClientRequestToken = name, SecretString = "x" });
        var call = client.JsonAsync("secretsmanager.RotateSecret", new
        {
            SecretId = name, ClientRequestToken = Guid.NewGuid().ToString(), RotationLambdaARN = Function, RotationRules = new { AutomaticallyAfterDays = 30 },
        });
        await server.Functions.Asked.WaitAsync(TestContext.Current.CancellationToken);
        return call;
    }

    private static async Task AllSucceedAsync(Task[] calls)
    {
        foreach (var call in calls)
            await call;
    }
}
