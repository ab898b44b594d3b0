using System.Xml.Linq;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Sts;

/// <summary>Puts users, roles and providers straight into a server's store, and makes clients of their credentials.</summary>
internal static class Identities
{
    public const string Other = "444455556666";

    public static string Trust(string principal, string actions = "\"sts:AssumeRole\"", string condition = "{}") => $$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{principal}}"},"Action":[{{actions}}],"Condition":{{condition}}}]}
        """;

    public static string Allow(string action, string resource = "*") => $$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}"}]}
        """;

    public static string Deny(string action, string condition = "{}") => $$"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"{{action}}","Resource":"*","Condition":{{condition}}}]}
        """;

    public static IamUser User(string name, params string[] policies) => new()
    {
        Name = name,
        Id = "AIDA" + Padded(name),
        InlinePolicies = Named(policies),
    };

    public static IamRole Role(string name, string trust, params string[] policies) => new()
    {
        Name = name,
        Path = "/team/",
        Id = "AROA" + Padded(name),
        TrustPolicy = trust,
        InlinePolicies = Named(policies),
    };

    public static string RoleArn(string name, string account = RunningServer.Account) => $"arn:aws:iam::{account}:role/team/{name}";

    public static Task PutAsync(this RunningServer server, params IamEntity[] entities) => server.ChangeAsync(RunningServer.Account, entities, []);

    public static Task RemoveAsync(this RunningServer server, params IamEntity[] entities) => server.ChangeAsync(RunningServer.Account, [], entities);

    public static async Task ChangeAsync(this RunningServer server, string account, IamEntity[] puts, IamEntity[] removals)
    {
        var isNew = await server.Server.Identities.FindAsync(account, CancellationToken.None) is null;
        var directory = await server.Server.Identities.GetAsync(account, CancellationToken.None);
        var commit = new SecretCommit([], [])
        {
            Accounts = isNew ? [new StoredAccount(account, server.Time.GetUtcNow())] : [],
            Directories = [directory.Change(puts, removals)],
        };
        Assert.Equal(CommitResult.Committed, await server.Server.Secrets.CommitAsync(commit, CancellationToken.None));
    }

    /// <summary>A client with an access key of a user.</summary>
    public static async Task<TestClient> ClientOfAsync(this RunningServer server, string user)
    {
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", user))).Element("AccessKey")!;
        return new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }

    /// <summary>A client with the credentials in an answer.</summary>
    public static TestClient ClientOf(this RunningServer server, XElement answer)
    {
        var credentials = answer.Element("Credentials")!;
        return new TestClient(
            server, credentials.Element("AccessKeyId")!.Value, credentials.Element("SecretAccessKey")!.Value, credentials.Element("SessionToken")!.Value);
    }

    public static async Task<TestClient> AssumeAsync(this RunningServer server, TestClient caller, string role, params (string, string)[] more) =>
        server.ClientOf(await caller.StsAsync("AssumeRole", [("RoleArn", RoleArn(role)), ("RoleSessionName", "session"), .. more]));

    private static SortedDictionary<string, string> Named(string[] policies) =>
        new(policies.Select((text, i) => (text, i)).ToDictionary(p => $"p{p.i}", p => p.text), StringComparer.Ordinal);

    private static string Padded(string name) => name.ToUpperInvariant().Replace('-', 'X').PadRight(17, '2')[..17];
}
