namespace Strongroom.Conformance.Tests.Operations;

/// <summary>Roles, policies, OpenID Connect providers and simulations, as the SDKs drive them.</summary>
public sealed class IamPermissionTests(SharedServer server) : ScenarioTest(server)
{
    private const string WritePolicy = """{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"secretsmanager:*","Resource":"arn:aws:secretsmanager:*:*:secret:%41 &<é>-*"}}""";

    [Theory, Scenario("iam", "CreateRole GetRole ListRoles UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePermissionsBoundary DeleteRolePermissionsBoundary TagRole UntagRole ListRoleTags ListInstanceProfilesForRole DeleteRole")]
    public async Task A_role_is_made_changed_and_deleted(string client)
    {
        var iam = Client(client, "iam");
        var (account, path, name) = (await AccountAsync(client), $"/{Unique}/", $"r-{Unique}");
        var trust = TrustOf($$"""{"AWS":"arn:aws:iam::{{account}}:root"}""");

        var made = (await iam.OkAsync("CreateRole", new { RoleName = name, Path = path, AssumeRolePolicyDocument = trust, Description = "é", Tags = new[] { new { Key = "a", Value = "b" } } }))["Role"]!.AsObject();
        Assert.Matches("^AROA[A-Z2-7]{17}$", made.Text("RoleId"));
        Assert.Equal(($"arn:aws:iam::{account}:role{path}{name}", "a=b"), (made.Text("Arn"), string.Join(' ', Tagged(made["Tags"]))));
        IsDocument(trust, made["AssumeRolePolicyDocument"]);
        await iam.FailsAsync("CreateRole", new { RoleName = name, AssumeRolePolicyDocument = trust }, "EntityAlreadyExists", $"Role with name {name} already exists.");

        await iam.OkAsync("UpdateRole", new { RoleName = name, Description = "new", MaxSessionDuration = 7200 });
        Assert.Equal("newer", (await iam.OkAsync("UpdateRoleDescription", new { RoleName = name, Description = "newer" }))["Role"]!.AsObject().Text("Description"));
        await iam.OkAsync("PutRolePermissionsBoundary", new { RoleName = name, PermissionsBoundary = ReadOnlyAccess });
        var open = TrustOf("\"*\"");
        await iam.OkAsync("UpdateAssumeRolePolicy", new { RoleName = name, PolicyDocument = open });
        await iam.FailsAsync(
            "UpdateAssumeRolePolicy", new { RoleName = name, PolicyDocument = TrustOf($$"""{"AWS":"arn:aws:iam::{{account}}:user/none-{{Unique}}"}""") },
            "MalformedPolicyDocument", $"Invalid principal in policy: \"AWS\":\"arn:aws:iam::{account}:user/none-{Unique}\"");
        var read = (await iam.OkAsync("GetRole", new { RoleName = name }))["Role"]!.AsObject();
        Assert.Equal((7200, "newer"), (read["MaxSessionDuration"]!.GetValue<int>(), read.Text("Description")));
        Assert.Equal(ReadOnlyAccess, read["PermissionsBoundary"]!.AsObject().Text("PermissionsBoundaryArn"));
        IsDocument(open, read["AssumeRolePolicyDocument"]);
        await iam.OkAsync("DeleteRolePermissionsBoundary", new { RoleName = name });
        Assert.Null((await iam.OkAsync("GetRole", new { RoleName = name }))["Role"]!["PermissionsBoundary"]);

        await iam.OkAsync("TagRole", new { RoleName = name, Tags = new[] { new { Key = "c", Value = "d" } } });
        await iam.OkAsync("UntagRole", new { RoleName = name, TagKeys = new[] { "a" } });
        Assert.Equal(["c=d"], Tagged((await iam.OkAsync("ListRoleTags", new { RoleName = name }))["Tags"]));
        await iam.OkAsync("CreateRole", new { RoleName = "s" + name, Path = path, AssumeRolePolicyDocument = trust });
        Assert.Equal([name, "s" + name], (await iam.PagesAsync("ListRoles", "Roles", 1, new { PathPrefix = path })).Select(r => r.AsObject().Text("RoleName")));
        Assert.Empty((await iam.OkAsync("ListInstanceProfilesForRole", new { RoleName = name }))["InstanceProfiles"]!.AsArray());
        await iam.OkAsync("DeleteRole", new { RoleName = name });
        await iam.FailsAsync("GetRole", new { RoleName = name }, "NoSuchEntity", $"The role with name {name} cannot be found.");
    }

    [Theory, Scenario("iam", "CreatePolicy GetPolicy ListPolicies CreatePolicyVersion GetPolicyVersion ListPolicyVersions SetDefaultPolicyVersion DeletePolicyVersion TagPolicy UntagPolicy ListPolicyTags ListEntitiesForPolicy DeletePolicy")]
    public async Task A_managed_policy_has_five_versions(string client)
    {
        var iam = Client(client, "iam");
        var (account, path, name) = (await AccountAsync(client), $"/{Unique}/", $"p-{Unique}");
        var made = (await iam.OkAsync("CreatePolicy", new { PolicyName = name, Path = path, PolicyDocument = ReadPolicy, Description = "reads", Tags = new[] { new { Key = "a", Value = "b" } } }))["Policy"]!.AsObject();
        var arn = made.Text("Arn");
        Assert.Equal(($"arn:aws:iam::{account}:policy{path}{name}", "v1", 0, true),
            (arn, made.Text("DefaultVersionId"), made["AttachmentCount"]!.GetValue<int>(), made["IsAttachable"]!.GetValue<bool>()));
        Assert.Matches("^ANPA[A-Z2-7]{17}$", made.Text("PolicyId"));
        await iam.FailsAsync("CreatePolicy", new { PolicyName = name, PolicyDocument = ReadPolicy }, "EntityAlreadyExists", $"A policy called {name} already exists. Duplicate names are not allowed.");
        await iam.FailsAsync("CreatePolicy", new { PolicyName = "x" + name, PolicyDocument = "{}" }, "MalformedPolicyDocument", "Syntax errors in policy.");

        for (var version = 2; version <= 5; version++)
            Assert.Equal($"v{version}", (await iam.OkAsync("CreatePolicyVersion", new { PolicyArn = arn, PolicyDocument = WritePolicy }))["PolicyVersion"]!.AsObject().Text("VersionId"));
        await iam.FailsAsync("CreatePolicyVersion", new { PolicyArn = arn, PolicyDocument = WritePolicy }, "LimitExceeded",
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.");
        await iam.OkAsync("SetDefaultPolicyVersion", new { PolicyArn = arn, VersionId = "v3" });
        await iam.FailsAsync("DeletePolicyVersion", new { PolicyArn = arn, VersionId = "v3" }, "DeleteConflict", "Cannot delete the default version of a policy.");
        await iam.OkAsync("DeletePolicyVersion", new { PolicyArn = arn, VersionId = "v2" });
        IsDocument(WritePolicy, (await iam.OkAsync("GetPolicyVersion", new { PolicyArn = arn, VersionId = "v3" }))["PolicyVersion"]!["Document"]);
        Assert.Equal("v6", (await iam.OkAsync("CreatePolicyVersion", new { PolicyArn = arn, PolicyDocument = ReadPolicy, SetAsDefault = true }))["PolicyVersion"]!.AsObject().Text("VersionId"));
        var versions = await iam.PagesAsync("ListPolicyVersions", "Versions", 2, new { PolicyArn = arn });
        Assert.Equal(
            ["v1 False", "v3 False", "v4 False", "v5 False", "v6 True"],
            versions.Select(v => $"{v.AsObject().Text("VersionId")} {v["IsDefaultVersion"]!.GetValue<bool>()}").Order(StringComparer.Ordinal));

        await iam.OkAsync("TagPolicy", new { PolicyArn = arn, Tags = new[] { new { Key = "c", Value = "d" } } });
        await iam.OkAsync("UntagPolicy", new { PolicyArn = arn, TagKeys = new[] { "a" } });
        Assert.Equal(["c=d"], Tagged((await iam.OkAsync("ListPolicyTags", new { PolicyArn = arn }))["Tags"]));
        await iam.OkAsync("CreateUser", new { UserName = name });
        await iam.OkAsync("AttachUserPolicy", new { UserName = name, PolicyArn = arn });
        Assert.Equal([name], Texts((await iam.OkAsync("ListEntitiesForPolicy", new { PolicyArn = arn }))["PolicyUsers"], "UserName"));
        Assert.Equal(1, (await iam.OkAsync("GetPolicy", new { PolicyArn = arn }))["Policy"]!["AttachmentCount"]!.GetValue<int>());
        Assert.Equal([name], (await iam.PagesAsync("ListPolicies", "Policies", 1, new { Scope = "Local", OnlyAttached = true, PathPrefix = path })).Select(p => p.AsObject().Text("PolicyName")));
        await iam.FailsAsync("DeletePolicy", new { PolicyArn = arn }, "DeleteConflict", "Cannot delete a policy attached to entities.");
        await iam.OkAsync("DetachUserPolicy", new { UserName = name, PolicyArn = arn });
        await iam.FailsAsync("DeletePolicy", new { PolicyArn = arn }, "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.");
        foreach (var version in (string[])["v1", "v3", "v4", "v5"])
            await iam.OkAsync("DeletePolicyVersion", new { PolicyArn = arn, VersionId = version });
        await iam.OkAsync("DeletePolicy", new { PolicyArn = arn });
        await iam.FailsAsync("GetPolicy", new { PolicyArn = arn }, "NoSuchEntity", $"Policy {arn} was not found.");
    }

    [Theory, Scenario("iam", "PutUserPolicy GetUserPolicy ListUserPolicies DeleteUserPolicy AttachUserPolicy ListAttachedUserPolicies DetachUserPolicy")]
    public async Task A_user_holds_policies(string client)
    {
        await Client(client, "iam").OkAsync("CreateUser", new { UserName = Unique });
        await HoldsPoliciesAsync(client, "User");
    }

    [Theory, Scenario("iam", "PutGroupPolicy GetGroupPolicy ListGroupPolicies DeleteGroupPolicy AttachGroupPolicy ListAttachedGroupPolicies DetachGroupPolicy")]
    public async Task A_group_holds_policies(string client)
    {
        await Client(client, "iam").OkAsync("CreateGroup", new { GroupName = Unique });
        await HoldsPoliciesAsync(client, "Group");
    }

    [Theory, Scenario("iam", "PutRolePolicy GetRolePolicy ListRolePolicies DeleteRolePolicy AttachRolePolicy ListAttachedRolePolicies DetachRolePolicy")]
    public async Task A_role_holds_policies(string client)
    {
        await Client(client, "iam").OkAsync("CreateRole", new { RoleName = Unique, AssumeRolePolicyDocument = TrustOf("\"*\"") });
        await HoldsPoliciesAsync(client, "Role");
    }

    [Theory, Scenario("iam", "CreateOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviders AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint TagOpenIDConnectProvider UntagOpenIDConnectProvider ListOpenIDConnectProviderTags DeleteOpenIDConnectProvider")]
    public async Task A_provider_has_clients_thumbprints_and_tags(string client)
    {
        var (iam, account, name) = (Client(client, "iam"), await AccountAsync(client), $"issuer.invalid/{Unique}");
        var arn = (await iam.OkAsync("CreateOpenIDConnectProvider", new { Url = "https://" + name, ClientIDList = new[] { "one" }, Tags = new[] { new { Key = "a", Value = "b" } } })).Text("OpenIDConnectProviderArn");
        Assert.Equal($"arn:aws:iam::{account}:oidc-provider/{name}", arn);
        await iam.FailsAsync("CreateOpenIDConnectProvider", new { Url = "https://" + name }, "EntityAlreadyExists", $"Provider with url https://{name} already exists.");

        await iam.OkAsync("AddClientIDToOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn, ClientID = "two" });
        await iam.OkAsync("RemoveClientIDFromOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn, ClientID = "one" });
        await iam.OkAsync("UpdateOpenIDConnectProviderThumbprint", new { OpenIDConnectProviderArn = arn, ThumbprintList = new[] { new string('a', 40) } });
        await iam.OkAsync("TagOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn, Tags = new[] { new { Key = "c", Value = "d" } } });
        await iam.OkAsync("UntagOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn, TagKeys = new[] { "a" } });
        Assert.Equal(["c=d"], Tagged((await iam.OkAsync("ListOpenIDConnectProviderTags", new { OpenIDConnectProviderArn = arn }))["Tags"]));
        var read = await iam.OkAsync("GetOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn });
        Assert.Equal((name, "two", new string('a', 40)), (read.Text("Url"), read["ClientIDList"].Sorted(), read["ThumbprintList"].Sorted()));
        Assert.Contains(arn, Texts((await iam.OkAsync("ListOpenIDConnectProviders"))["OpenIDConnectProviderList"], "Arn"));
        await iam.OkAsync("DeleteOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn });
        await iam.FailsAsync("GetOpenIDConnectProvider", new { OpenIDConnectProviderArn = arn }, "NoSuchEntity", $"OpenIDConnect Provider not found for arn {arn}");
    }

    [Theory, Scenario("iam", "SimulatePrincipalPolicy SimulateCustomPolicy GetContextKeysForPrincipalPolicy GetContextKeysForCustomPolicy")]
    public async Task A_simulation_decides_as_the_policies_would(string client)
    {
        var iam = Client(client, "iam");
        var arn = (await iam.OkAsync("CreateUser", new { UserName = Unique }))["User"]!.AsObject().Text("Arn");
        await iam.OkAsync("PutUserPolicy", new { UserName = Unique, PolicyName = "read", PolicyDocument = ReadPolicy });
        const string Conditional = """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"secretsmanager:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}""";
        await iam.OkAsync("PutUserPolicy", new { UserName = Unique, PolicyName = "tls", PolicyDocument = Conditional });

        Assert.Equal("aws:SecureTransport", (await iam.OkAsync("GetContextKeysForPrincipalPolicy", new { PolicySourceArn = arn }))["ContextKeyNames"].Sorted());
        Assert.Equal("aws:SecureTransport", (await iam.OkAsync("GetContextKeysForCustomPolicy", new { PolicyInputList = new[] { ReadPolicy, Conditional } }))["ContextKeyNames"].Sorted());

        object Ask(string transport) => new
        {
            PolicySourceArn = arn,
            ActionNames = new[] { "secretsmanager:GetSecretValue", "secretsmanager:DeleteSecret" },
            ContextEntries = new[] { new { ContextKeyName = "aws:SecureTransport", ContextKeyType = "boolean", ContextKeyValues = new[] { transport } } },
        };
        Assert.Equal(["allowed", "implicitDeny"], (await iam.PagesAsync("SimulatePrincipalPolicy", "EvaluationResults", 1, Ask("true"))).Select(r => r.AsObject().Text("EvalDecision")));
        var denied = (await iam.OkAsync("SimulatePrincipalPolicy", Ask("false")))["EvaluationResults"]!.AsArray();
        Assert.Equal(["explicitDeny", "explicitDeny"], Texts(denied, "EvalDecision"));
        Assert.NotEmpty(denied[0]!["MatchedStatements"]!.AsArray());
        var custom = (await iam.OkAsync("SimulateCustomPolicy", new { PolicyInputList = new[] { ReadPolicy }, ActionNames = new[] { "secretsmanager:GetSecretValue", "iam:GetUser" } }))["EvaluationResults"];
        Assert.Equal(["allowed", "implicitDeny"], Texts(custom, "EvalDecision"));
        await iam.FailsAsync("SimulatePrincipalPolicy", new { PolicySourceArn = arn + "x", ActionNames = new[] { "iam:GetUser" } }, "NoSuchEntity", $"The user with name {Unique}x cannot be found.");
    }

    private async Task HoldsPoliciesAsync(string client, string kind)
    {
        var iam = Client(client, "iam");
        Dictionary<string, object> With(params (string Name, string Value)[] more)
        {
            var all = new Dictionary<string, object> { [kind + "Name"] = Unique };
            foreach (var (name, value) in more)
                all[name] = value;
            return all;
        }

        await iam.OkAsync($"Put{kind}Policy", With(("PolicyName", "b"), ("PolicyDocument", ReadPolicy)));
        await iam.OkAsync($"Put{kind}Policy", With(("PolicyName", "a"), ("PolicyDocument", WritePolicy)));
        var read = await iam.OkAsync($"Get{kind}Policy", With(("PolicyName", "a")));
        Assert.Equal((Unique, "a"), (read.Text(kind + "Name"), read.Text("PolicyName")));
        IsDocument(WritePolicy, read["PolicyDocument"]);
        Assert.Equal(["a", "b"], (await iam.PagesAsync($"List{kind}Policies", "PolicyNames", 1, With())).Select(n => n.GetValue<string>()));
        await iam.FailsAsync($"Get{kind}Policy", With(("PolicyName", "none")), "NoSuchEntity", $"The {kind.ToLowerInvariant()} policy with name none cannot be found.");

        await iam.OkAsync($"Attach{kind}Policy", With(("PolicyArn", ReadOnlyAccess)));
        await iam.OkAsync($"Attach{kind}Policy", With(("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")));
        Assert.Equal(
            ["AdministratorAccess", "ReadOnlyAccess"],
            (await iam.PagesAsync($"ListAttached{kind}Policies", "AttachedPolicies", 1, With())).Select(p => p.AsObject().Text("PolicyName")));
        await iam.FailsAsync(
            $"Attach{kind}Policy", With(("PolicyArn", "arn:aws:iam::aws:policy/None")), "NoSuchEntity", "Policy arn:aws:iam::aws:policy/None does not exist or is not attachable.");
        await iam.FailsAsync($"Delete{kind}", With(), "DeleteConflict", "Cannot delete entity, must detach all policies first.");
        await iam.OkAsync($"Detach{kind}Policy", With(("PolicyArn", "arn:aws:iam::aws:policy/AdministratorAccess")));
        await iam.OkAsync($"Detach{kind}Policy", With(("PolicyArn", ReadOnlyAccess)));
        Assert.Empty((await iam.OkAsync($"ListAttached{kind}Policies", With()))["AttachedPolicies"]!.AsArray());
        await iam.FailsAsync($"Delete{kind}", With(), "DeleteConflict", "Cannot delete entity, must delete policies first.");
        await iam.OkAsync($"Delete{kind}Policy", With(("PolicyName", "a")));
        await iam.OkAsync($"Delete{kind}Policy", With(("PolicyName", "b")));
        await iam.OkAsync($"Delete{kind}", With());
    }
}
