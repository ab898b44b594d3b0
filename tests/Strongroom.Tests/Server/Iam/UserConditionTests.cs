using Strongroom.Server.Iam;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Iam;

/// <summary>What conditions see of requests about users, and the account's quotas. Source: Service Authorization Reference, IAM; IAM fact sheet 6.4, 6.5.</summary>
public sealed class UserConditionTests : IAsyncLifetime
{
    private const string Bound = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    private const string Admin = "arn:aws:iam::aws:policy/AdministratorAccess";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_delegate_makes_only_bounded_users()
    {
        var app = await DelegateAsync("""{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::aws:policy/ReadOnlyAccess"}}""");

        await app.IamFailsAsync("AccessDenied", 403, "CreateUser", ("UserName", "free"));
        await app.IamAsync("CreateUser", ("UserName", "bound"), ("PermissionsBoundary", Bound));
        await app.IamFailsAsync("AccessDenied", 403, "PutUserPermissionsBoundary", ("UserName", "bound"), ("PermissionsBoundary", Admin));
        await app.IamAsync("PutUserPermissionsBoundary", ("UserName", "bound"), ("PermissionsBoundary", Bound));
    }

    [Fact]
    public async Task Tags_are_set_and_removed_as_the_conditions_say()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "subject"));
        var app = await DelegateAsync("""{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]},"Null":{"aws:TagKeys":"false"}}""");

        await app.IamFailsAsync("AccessDenied", 403, "TagUser", ("UserName", "subject"), ("Tags.member.1.Key", "cost"), ("Tags.member.1.Value", "1"));
        await app.IamAsync("TagUser", ("UserName", "subject"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "1"));
        await app.IamFailsAsync("AccessDenied", 403, "UntagUser", ("UserName", "subject"), ("TagKeys.member.1", "cost"));
        await app.IamAsync("UntagUser", ("UserName", "subject"), ("TagKeys.member.1", "team"));
    }

    [Fact]
    public async Task An_account_has_5000_users_and_300_groups()
    {
        IamEntity[] users = [.. Enumerable.Range(0, 4999).Select(i => User($"u{i}"))];
        IamEntity[] groups = [.. Enumerable.Range(0, 299).Select(i => new IamGroup { Name = $"g{i}", Id = $"AGPA{i:D17}" })];
        await server.PutAsync([.. users, .. groups]);

        await server.Root.IamAsync("CreateUser", ("UserName", "last"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "last"));

        Assert.Equal("Cannot exceed quota for UsersPerAccount: 5000", await server.Root.IamFailsAsync("LimitExceeded", 409, "CreateUser", ("UserName", "more")));
        Assert.Equal("Cannot exceed quota for GroupsPerAccount: 300", await server.Root.IamFailsAsync("LimitExceeded", 409, "CreateGroup", ("GroupName", "more")));
    }

    [Fact]
    public async Task A_page_that_holds_the_last_item_is_the_last_and_names_ignore_case()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "a"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "Ops"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "Ops"), ("UserName", "a"));
        Assert.Equal("false", (await server.Root.IamAsync("ListUsers", ("MaxItems", "1"))).Element("IsTruncated")!.Value);

        await server.Root.IamAsync("UpdateGroup", ("GroupName", "Ops"), ("NewGroupName", "OPS"));
        Assert.Equal("OPS", (await server.Root.IamAsync("GetAccountAuthorizationDetails")).Element("UserDetailList")!.Descendants("GroupList").Single().Value);
        await server.Root.IamAsync("RemoveUserFromGroup", ("GroupName", "oPs"), ("UserName", "a"));
        Assert.Empty((await server.Root.IamAsync("GetGroup", ("GroupName", "OPS"))).Element("Users")!.Elements());
    }

    private async Task<TestClient> DelegateAsync(string condition)
    {
        await server.PutAsync(User("app", Allow("iam:*").Replace("\"Resource\"", $"\"Condition\":{condition},\"Resource\"", StringComparison.Ordinal)));
        return await server.ClientOfAsync("app");
    }
}
