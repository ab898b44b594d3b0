namespace Strongroom.Tests.Server.Iam;

public sealed class UserTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_user_comes_back_as_it_was_made()
    {
        var made = (await server.Root.IamAsync(
            "CreateUser", ("UserName", "App"), ("Path", "/team/"), ("Tags.member.1.Key", "Env"), ("Tags.member.1.Value", "prod"))).Element("User")!;

        Assert.Equal(
            ["Path", "UserName", "UserId", "Arn", "CreateDate", "Tags"], made.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("arn:aws:iam::111122223333:user/team/App", made.Element("Arn")!.Value);
        Assert.Matches("^AIDA[A-Z2-7]{17}$", made.Element("UserId")!.Value);
        Assert.Equal("2026-02-03T10:20:30Z", made.Element("CreateDate")!.Value);
        var read = (await server.Root.IamAsync("GetUser", ("UserName", "app"))).Element("User")!;
        Assert.Equal(made.ToString(), read.ToString());
    }

    [Fact]
    public async Task Names_are_taken_whatever_their_case()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "App"));

        Assert.Equal("User with name App already exists.", await server.Root.IamFailsAsync("EntityAlreadyExists", 409, "CreateUser", ("UserName", "aPP")));
        Assert.Equal("The user with name other cannot be found.", await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetUser", ("UserName", "other")));
    }

    [Fact]
    public async Task Constraints_are_worded_as_AWS_words_them() => Assert.Equal(
        @"1 validation error detected: Value 'a b' at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]+",
        await server.Root.IamFailsAsync("ValidationError", 400, "CreateUser", ("UserName", "a b")));

    [Fact]
    public async Task Users_are_listed_in_pages_below_a_path()
    {
        foreach (var name in new[] { "b", "a", "C", "d" })
            await server.Root.IamAsync("CreateUser", ("UserName", name), ("Path", name == "d" ? "/other/" : "/x/"));

        var first = await server.Root.IamAsync("ListUsers", ("PathPrefix", "/x/"), ("MaxItems", "2"));
        var second = await server.Root.IamAsync("ListUsers", ("PathPrefix", "/x/"), ("MaxItems", "2"), ("Marker", first.Element("Marker")!.Value));

        Assert.Equal(["a", "b"], first.Descendants("UserName").Select(e => e.Value));
        Assert.Equal("true", first.Element("IsTruncated")!.Value);
        Assert.Equal(["C"], second.Descendants("UserName").Select(e => e.Value));
        Assert.Equal("false", second.Element("IsTruncated")!.Value);
        Assert.Equal("Invalid Marker.", await server.Root.IamFailsAsync("ValidationError", 400, "ListUsers", ("Marker", "bogus")));
    }

    [Fact]
    public async Task A_change_leaves_its_record_and_survives_a_restart()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        var record = server.Records()[^1];
        Assert.Equal(("iam.amazonaws.com", "CreateUser", "app"), ((string)record["eventSource"]!, (string)record["eventName"]!, (string)record["requestParameters"]!["userName"]!));

        await server.CloseAsync();
        await server.OpenAsync();

        Assert.Equal("app", (await server.Root.IamAsync("GetUser", ("UserName", "app"))).Element("User")!.Element("UserName")!.Value);
    }

    [Fact]
    public async Task Of_many_that_make_one_user_at_once_one_succeeds()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => server.Root.SendQueryAsync("iam", "2010-05-08", "CreateUser", ("UserName", "app"))));

        Assert.Single(answers, a => a.Status == 200);
        Assert.Equal(11, answers.Count(a => a.Status == 409));
    }
}
