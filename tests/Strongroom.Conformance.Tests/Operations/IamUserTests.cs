namespace Strongroom.Conformance.Tests.Operations;

/// <summary>Users, their keys, their groups and the account around them, as the SDKs drive them.</summary>
public sealed class IamUserTests(SharedServer server) : ScenarioTest(server)
{
    [Theory, Scenario("iam", "CreateUser GetUser ListUsers UpdateUser TagUser UntagUser ListUserTags PutUserPermissionsBoundary DeleteUserPermissionsBoundary DeleteUser")]
    public async Task A_user_is_made_changed_and_deleted(string client)
    {
        var iam = Client(client, "iam");
        var (account, path, name) = (await AccountAsync(client), $"/{Unique}/", $"Ann-{Unique}");

        var made = (await iam.OkAsync("CreateUser", new { UserName = name, Path = path, Tags = new[] { new { Key = "team", Value = "a" } } }))["User"]!.AsObject();
        Assert.Equal((name, path, $"arn:aws:iam::{account}:user{path}{name}"), (made.Text("UserName"), made.Text("Path"), made.Text("Arn")));
        Assert.Matches("^AIDA[A-Z2-7]{17}$", made.Text("UserId"));
        Assert.Equal(["team=a"], Tagged(made["Tags"]));
        Assert.Equal("EntityAlreadyExists", (await iam.CallAsync("CreateUser", new { UserName = name.ToUpperInvariant() })).Code);
        await iam.FailsAsync("CreateUser", new { UserName = name }, "EntityAlreadyExists", $"User with name {name} already exists.");

        await iam.OkAsync("PutUserPermissionsBoundary", new { UserName = name, PermissionsBoundary = ReadOnlyAccess });
        var bounded = (await iam.OkAsync("GetUser", new { UserName = name }))["User"]!.AsObject();
        Assert.Equal(ReadOnlyAccess, bounded["PermissionsBoundary"]!.AsObject().Text("PermissionsBoundaryArn"));
        Assert.Equal((made.Text("UserId"), Time(made, "CreateDate")), (bounded.Text("UserId"), Time(bounded, "CreateDate")));
        await iam.OkAsync("DeleteUserPermissionsBoundary", new { UserName = name });
        Assert.Null((await iam.OkAsync("GetUser", new { UserName = name }))["User"]!["PermissionsBoundary"]);

        await iam.OkAsync("TagUser", new { UserName = name, Tags = new[] { new { Key = "Team", Value = "b" }, new { Key = "cost", Value = "" }, new { Key = "z", Value = "1" } } });
        Assert.Equal(["Team=b", "cost=", "z=1"], Tagged(new System.Text.Json.Nodes.JsonArray([.. await iam.PagesAsync("ListUserTags", "Tags", 2, new { UserName = name })])).Order(StringComparer.Ordinal));
        await iam.OkAsync("UntagUser", new { UserName = name, TagKeys = new[] { "cost", "Z", "none" } });
        Assert.Equal(["Team=b"], Tagged((await iam.OkAsync("ListUserTags", new { UserName = name }))["Tags"]));

        foreach (var other in (string[])["bob", "cleo"])
            await iam.OkAsync("CreateUser", new { UserName = other + Unique, Path = path });
        var listed = await iam.PagesAsync("ListUsers", "Users", 2, new { PathPrefix = path });
        Assert.Equal([name, "bob" + Unique, "cleo" + Unique], listed.Select(u => u.AsObject().Text("UserName")));
        Assert.All(listed, user => Assert.Null(user["Tags"]));

        await iam.OkAsync("UpdateUser", new { UserName = name, NewUserName = "dan" + Unique, NewPath = "/" });
        await iam.FailsAsync("GetUser", new { UserName = name }, "NoSuchEntity", $"The user with name {name} cannot be found.");
        var moved = (await iam.OkAsync("GetUser", new { UserName = "dan" + Unique }))["User"]!.AsObject();
        Assert.Equal((made.Text("UserId"), $"arn:aws:iam::{account}:user/dan{Unique}"), (moved.Text("UserId"), moved.Text("Arn")));
        foreach (var user in (string[])["bob", "cleo", "dan"])
            await iam.OkAsync("DeleteUser", new { UserName = user + Unique });
        await iam.FailsAsync("DeleteUser", new { UserName = "dan" + Unique }, "NoSuchEntity", $"The user with name dan{Unique} cannot be found.");

        var root = (await iam.OkAsync("GetUser"))["User"]!.AsObject();
        Assert.Equal((account, $"arn:aws:iam::{account}:root"), (root.Text("UserId"), root.Text("Arn")));
    }

    [Theory, Scenario("iam", "CreateAccessKey ListAccessKeys GetAccessKeyLastUsed UpdateAccessKey DeleteAccessKey")]
    public async Task A_key_signs_until_it_is_switched_off(string client)
    {
        var (iam, name) = (Client(client, "iam"), $"u-{Unique}");
        await iam.OkAsync("CreateUser", new { UserName = name });

        var key = (await iam.OkAsync("CreateAccessKey", new { UserName = name }))["AccessKey"]!.AsObject();
        Assert.Matches("^AKIA[A-Z2-7]{16}$", key.Text("AccessKeyId"));
        Assert.Matches("^[A-Za-z0-9/+]{40}$", key.Text("SecretAccessKey"));
        Assert.Equal((name, "Active"), (key.Text("UserName"), key.Text("Status")));
        var id = key.Text("AccessKeyId");
        var unused = (await iam.OkAsync("GetAccessKeyLastUsed", new { AccessKeyId = id }))["AccessKeyLastUsed"]!.AsObject();
        Assert.Equal(("N/A", "N/A", null), (unused.Text("ServiceName"), unused.Text("Region"), unused["LastUsedDate"]));
        var own = Client(client, "sts", key);
        Assert.EndsWith($":user/{name}", (await own.OkAsync("GetCallerIdentity")).Text("Arn"), StringComparison.Ordinal);
        var used = await iam.OkAsync("GetAccessKeyLastUsed", new { AccessKeyId = id });
        Assert.Equal((name, "sts", Answer.DefaultRegion), (used.Text("UserName"), used["AccessKeyLastUsed"]!.AsObject().Text("ServiceName"), used["AccessKeyLastUsed"]!.AsObject().Text("Region")));

        var second = (await iam.OkAsync("CreateAccessKey", new { UserName = name }))["AccessKey"]!.AsObject().Text("AccessKeyId");
        await iam.FailsAsync("CreateAccessKey", new { UserName = name }, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2");
        await iam.OkAsync("UpdateAccessKey", new { UserName = name, AccessKeyId = id, Status = "Inactive" });
        await own.FailsAsync("GetCallerIdentity", null, "InvalidClientTokenId", "The security token included in the request is invalid.");
        var listed = await iam.PagesAsync("ListAccessKeys", "AccessKeyMetadata", 1, new { UserName = name });
        Assert.Equal(
            new[] { $"{id} Inactive", $"{second} Active" }.Order(StringComparer.Ordinal),
            listed.Select(k => $"{k.AsObject().Text("AccessKeyId")} {k.AsObject().Text("Status")}").Order(StringComparer.Ordinal));
        await iam.OkAsync("UpdateAccessKey", new { UserName = name, AccessKeyId = id, Status = "Active" });
        await own.OkAsync("GetCallerIdentity");
        await iam.FailsAsync("DeleteUser", new { UserName = name }, "DeleteConflict", "Cannot delete entity, must delete access keys first.");
        await iam.OkAsync("DeleteAccessKey", new { UserName = name, AccessKeyId = id });
        await own.FailsAsync("GetCallerIdentity", null, "InvalidClientTokenId", "The security token included in the request is invalid.");
        await iam.FailsAsync("DeleteAccessKey", new { UserName = name, AccessKeyId = id }, "NoSuchEntity", $"The Access Key with id {id} cannot be found.");
    }

    [Theory, Scenario("iam", "CreateGroup GetGroup ListGroups UpdateGroup AddUserToGroup RemoveUserFromGroup ListGroupsForUser DeleteGroup")]
    public async Task A_group_has_members(string client)
    {
        var (iam, path, group) = (Client(client, "iam"), $"/{Unique}/", $"g-{Unique}");
        var made = (await iam.OkAsync("CreateGroup", new { GroupName = group, Path = path }))["Group"]!.AsObject();
        Assert.Matches("^AGPA[A-Z2-7]{17}$", made.Text("GroupId"));
        Assert.EndsWith($":group{path}{group}", made.Text("Arn"), StringComparison.Ordinal);
        await iam.FailsAsync("CreateGroup", new { GroupName = group }, "EntityAlreadyExists", $"Group with name {group} already exists.");
        await iam.OkAsync("CreateGroup", new { GroupName = "a" + group, Path = path });
        Assert.Equal(["a" + group, group], (await iam.PagesAsync("ListGroups", "Groups", 1, new { PathPrefix = path })).Select(g => g.AsObject().Text("GroupName")));

        string[] users = [$"u1-{Unique}", $"u2-{Unique}", $"u3-{Unique}"];
        foreach (var user in users)
        {
            await iam.OkAsync("CreateUser", new { UserName = user });
            await iam.OkAsync("AddUserToGroup", new { GroupName = group, UserName = user });
        }

        Assert.Equal(users, (await iam.PagesAsync("GetGroup", "Users", 2, new { GroupName = group })).Select(u => u.AsObject().Text("UserName")));
        await iam.OkAsync("AddUserToGroup", new { GroupName = "a" + group, UserName = users[0] });
        Assert.Equal(["a" + group, group], (await iam.PagesAsync("ListGroupsForUser", "Groups", 1, new { UserName = users[0] })).Select(g => g.AsObject().Text("GroupName")));
        await iam.FailsAsync("AddUserToGroup", new { GroupName = group, UserName = "none" + Unique }, "NoSuchEntity", $"The user with name none{Unique} cannot be found.");

        await iam.OkAsync("UpdateGroup", new { GroupName = group, NewGroupName = "b" + group });
        await iam.FailsAsync("DeleteGroup", new { GroupName = "b" + group }, "DeleteConflict", "Cannot delete entity, must remove users from group first.");
        foreach (var user in users)
            await iam.OkAsync("RemoveUserFromGroup", new { GroupName = "b" + group, UserName = user });
        Assert.Empty((await iam.OkAsync("GetGroup", new { GroupName = "b" + group }))["Users"]!.AsArray());
        await iam.OkAsync("DeleteGroup", new { GroupName = "b" + group });
        await iam.FailsAsync("GetGroup", new { GroupName = "b" + group }, "NoSuchEntity", $"The group with name b{group} cannot be found.");
    }

    [Theory, Scenario("iam", "GetLoginProfile DeleteLoginProfile ListMFADevices ListVirtualMFADevices ListSSHPublicKeys ListServiceSpecificCredentials ListSigningCertificates")]
    public async Task What_no_user_here_has_is_answered_as_absent(string client)
    {
        var (iam, name) = (Client(client, "iam"), $"u-{Unique}");
        await iam.OkAsync("CreateUser", new { UserName = name });

        foreach (var operation in (string[])["GetLoginProfile", "DeleteLoginProfile"])
            await iam.FailsAsync(operation, new { UserName = name }, "NoSuchEntity", $"Login Profile for User {name} cannot be found.");
        foreach (var (operation, list) in new[]
            {
                ("ListMFADevices", "MFADevices"), ("ListSSHPublicKeys", "SSHPublicKeys"), ("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
                ("ListSigningCertificates", "Certificates"),
            })
        {
            Assert.Empty((await iam.OkAsync(operation, new { UserName = name }))[list]!.AsArray());
            await iam.FailsAsync(operation, new { UserName = name + "x" }, "NoSuchEntity", $"The user with name {name}x cannot be found.");
        }

        Assert.Empty((await iam.OkAsync("ListVirtualMFADevices"))["VirtualMFADevices"]!.AsArray());
    }

    [Theory, Scenario("iam", "CreateAccountAlias ListAccountAliases DeleteAccountAlias GetAccountSummary GetAccountPasswordPolicy GetAccountAuthorizationDetails")]
    public async Task The_account_has_an_alias_and_tells_what_is_in_it(string client)
    {
        var (iam, account, user) = (Client(client, "iam"), await AccountAsync(client), $"u-{Unique}");
        await iam.OkAsync("CreateAccountAlias", new { AccountAlias = "strong-" + Unique });
        Assert.Equal("strong-" + Unique, (await iam.OkAsync("ListAccountAliases"))["AccountAliases"].Sorted());
        await iam.OkAsync("DeleteAccountAlias", new { AccountAlias = "strong-" + Unique });
        Assert.Empty((await iam.OkAsync("ListAccountAliases"))["AccountAliases"]!.AsArray());
        await iam.FailsAsync("GetAccountPasswordPolicy", null, "NoSuchEntity", $"The Password Policy with domain name {account} cannot be found.");

        await iam.OkAsync("CreateGroup", new { GroupName = user });
        await iam.OkAsync("CreateUser", new { UserName = user, Tags = new[] { new { Key = "a", Value = "b" } } });
        await iam.OkAsync("AddUserToGroup", new { GroupName = user, UserName = user });
        await iam.OkAsync("PutUserPolicy", new { UserName = user, PolicyName = "read", PolicyDocument = ReadPolicy });
        await iam.OkAsync("AttachUserPolicy", new { UserName = user, PolicyArn = ReadOnlyAccess });
        var summary = (await iam.OkAsync("GetAccountSummary"))["SummaryMap"]!.AsObject();
        Assert.InRange(summary["Users"]!.GetValue<int>(), 1, 5000);
        Assert.Equal((2, 5), (summary["AccessKeysPerUserQuota"]!.GetValue<int>(), summary["VersionsPerPolicyQuota"]!.GetValue<int>()));

        var details = (await iam.PagesAsync("GetAccountAuthorizationDetails", "UserDetailList", 1000, new { Filter = new[] { "User" } })).Single(u => u.AsObject().Text("UserName") == user);
        Assert.Equal((user, "a=b"), (details["GroupList"].Sorted(), string.Join(' ', Tagged(details["Tags"]))));
        Assert.Equal(ReadOnlyAccess, Texts(details["AttachedManagedPolicies"], "PolicyArn").Single());
        IsDocument(ReadPolicy, details["UserPolicyList"]!.AsArray().Single()!["PolicyDocument"]);
    }
}
