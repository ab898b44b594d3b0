namespace Strongroom.Tests.Server.Iam;

public sealed class GroupTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_group_comes_back_as_it_was_made()
    {
        var made = (await server.Root.IamAsync("CreateGroup", ("GroupName", "Ops"), ("Path", "/team/"))).Element("Group")!;

        Assert.Equal(["Path", "GroupName", "GroupId", "Arn", "CreateDate"], made.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("arn:aws:iam::111122223333:group/team/Ops", made.Element("Arn")!.Value);
        Assert.Matches("^AGPA[A-Z2-7]{17}$", made.Element("GroupId")!.Value);
        Assert.Equal("2026-02-03T10:20:30Z", made.Element("CreateDate")!.Value);
        var record = server.Records()[^1];
        Assert.Equal(made.Element("GroupId")!.Value, (string?)record["responseElements"]!["group"]!["groupId"]);
        var read = await server.Root.IamAsync("GetGroup", ("GroupName", "ops"));
        Assert.Equal(made.ToString(), read.Element("Group")!.ToString());
        Assert.Empty(read.Element("Users")!.Elements());
        Assert.Equal("false", read.Element("IsTruncated")!.Value);
    }

    [Theory]
    [InlineData("EntityAlreadyExists", 409, "Group with name Ops already exists.", "CreateGroup", "GroupName=oPS")]
    [InlineData("ValidationError", 400, "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.", "CreateGroup", "GroupName=x", "Path=bad")]
    [InlineData("NoSuchEntity", 404, "The group with name none cannot be found.", "GetGroup", "GroupName=none")]
    [InlineData("NoSuchEntity", 404, "The group with name none cannot be found.", "UpdateGroup", "GroupName=none", "NewPath=/x/")]
    [InlineData("EntityAlreadyExists", 409, "Group with name Ops already exists.", "UpdateGroup", "GroupName=Dev", "NewGroupName=ops")]
    [InlineData("NoSuchEntity", 404, "The group with name none cannot be found.", "DeleteGroup", "GroupName=none")]
    [InlineData("NoSuchEntity", 404, "The group with name none cannot be found.", "AddUserToGroup", "GroupName=none", "UserName=app")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "AddUserToGroup", "GroupName=Ops", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "RemoveUserFromGroup", "GroupName=Ops", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListGroupsForUser", "UserName=none")]
    [InlineData("DeleteConflict", 409, "Cannot delete entity, must remove users from group first.", "DeleteGroup", "GroupName=Ops")]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters)
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "Ops"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "Dev"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));

        Assert.Equal(message, await server.Root.IamFailsAsync(code, status, operation, [.. parameters.Select(p => (p.Split('=', 2)[0], p.Split('=', 2)[1]))]));
    }

    [Fact]
    public async Task Members_are_listed_from_both_sides_in_pages()
    {
        foreach (var name in new[] { "c", "a", "B" })
            await server.Root.IamAsync("CreateUser", ("UserName", name));
        foreach (var name in new[] { "ops", "dev" })
            await server.Root.IamAsync("CreateGroup", ("GroupName", name));
        foreach (var name in new[] { "c", "a", "B", "a" })
            await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", name));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "DEV"), ("UserName", "A"));

        var first = await server.Root.IamAsync("GetGroup", ("GroupName", "ops"), ("MaxItems", "2"));
        var second = await server.Root.IamAsync("GetGroup", ("GroupName", "ops"), ("MaxItems", "2"), ("Marker", first.Element("Marker")!.Value));
        Assert.Equal(["a", "B"], first.Descendants("UserName").Select(e => e.Value));
        Assert.Equal(["c"], second.Descendants("UserName").Select(e => e.Value));
        Assert.Equal(["dev", "ops"], (await server.Root.IamAsync("ListGroupsForUser", ("UserName", "a"))).Descendants("GroupName").Select(e => e.Value));
        Assert.Equal(["dev", "ops"], (await server.Root.IamAsync("ListGroups")).Descendants("GroupName").Select(e => e.Value));

        await server.Root.IamAsync("RemoveUserFromGroup", ("GroupName", "ops"), ("UserName", "a"));
        await server.Root.IamAsync("RemoveUserFromGroup", ("GroupName", "ops"), ("UserName", "a"));
        Assert.Equal(["dev"], (await server.Root.IamAsync("ListGroupsForUser", ("UserName", "a"))).Descendants("GroupName").Select(e => e.Value));
    }

    [Fact]
    public async Task A_renamed_group_keeps_its_id_and_its_members_and_survives_a_restart()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        var made = (await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"))).Element("Group")!;
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));

        await server.Root.IamAsync("UpdateGroup", ("GroupName", "ops"), ("NewGroupName", "Operators"), ("NewPath", "/x/"));
        await server.CloseAsync();
        await server.OpenAsync();

        var read = await server.Root.IamAsync("GetGroup", ("GroupName", "operators"));
        Assert.Equal(made.Element("GroupId")!.Value, read.Element("Group")!.Element("GroupId")!.Value);
        Assert.Equal("arn:aws:iam::111122223333:group/x/Operators", read.Element("Group")!.Element("Arn")!.Value);
        Assert.Equal(["app"], read.Descendants("UserName").Select(e => e.Value));
        Assert.Equal(["Operators"], (await server.Root.IamAsync("ListGroupsForUser", ("UserName", "app"))).Descendants("GroupName").Select(e => e.Value));
        await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetGroup", ("GroupName", "ops"));
    }

    [Fact]
    public async Task A_user_is_in_ten_groups_at_most()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        for (var i = 0; i <= 10; i++)
            await server.Root.IamAsync("CreateGroup", ("GroupName", $"g{i}"));
        for (var i = 0; i < 10; i++)
            await server.Root.IamAsync("AddUserToGroup", ("GroupName", $"g{i}"), ("UserName", "app"));

        Assert.Equal("Cannot exceed quota for GroupsPerUser: 10", await server.Root.IamFailsAsync("LimitExceeded", 409, "AddUserToGroup", ("GroupName", "g10"), ("UserName", "app")));
    }

    [Fact]
    public async Task Memberships_given_at_once_are_all_kept()
    {
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        foreach (var i in Enumerable.Range(0, 8))
            await server.Root.IamAsync("CreateUser", ("UserName", $"u{i}"));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", $"u{i}"))));

        Assert.Equal(8, (await server.Root.IamAsync("GetGroup", ("GroupName", "ops"))).Element("Users")!.Elements().Count());
    }

    [Fact]
    public async Task A_group_goes_only_when_nothing_hangs_on_it()
    {
        const string Administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        await server.Root.IamAsync("AttachGroupPolicy", ("GroupName", "ops"), ("PolicyArn", Administrator));
        Assert.Equal("Cannot delete entity, must detach all policies first.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeleteGroup", ("GroupName", "ops")));
        await server.Root.IamAsync("DetachGroupPolicy", ("GroupName", "ops"), ("PolicyArn", Administrator));
        await server.Root.IamAsync("PutGroupPolicy", ("GroupName", "ops"), ("PolicyName", "p"), ("PolicyDocument", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""));
        Assert.Equal("Cannot delete entity, must delete policies first.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeleteGroup", ("GroupName", "ops")));
        await server.Root.IamAsync("DeleteGroupPolicy", ("GroupName", "ops"), ("PolicyName", "p"));

        await server.Root.IamAsync("DeleteGroup", ("GroupName", "OPS"));

        Assert.Empty((await server.Root.IamAsync("ListGroups")).Element("Groups")!.Elements());
    }
}
