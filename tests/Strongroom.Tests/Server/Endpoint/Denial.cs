using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Iam;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Lambda;

namespace Strongroom.Tests.Server.Endpoint;

/// <summary>A valid request of an operation, with what a denial of it names.</summary>
/// <param name="Resource">As the denial prints it; null if it names none. In it and in the parameters <c>{n}</c> is a name of this row's own.</param>
internal sealed record Denial(string Service, string Operation, string? Resource, params string[] Parameters)
{
    public const string Account = RunningServer.Account;

    /// <summary>Calls by the root that go before, <c>Operation Name=value …</c>, blanks between.</summary>
    public string[] Before { get; init; } = [];

    /// <summary>What the root gets instead of a success, for operations that never succeed here.</summary>
    public string? Ends { get; init; }

    public string Action { get; init; } = $"{Service}:{Operation}";

    public override string ToString() => $"{Service}:{Operation}";

    private const string Arn = "arn:aws:iam::" + Account + ":";
    private const string Provider = Arn + "oidc-provider/example.com/{n}";
    private const string Policy = Arn + "policy/{n}";
    private const string Admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    private const string Key = "{key}";

    /// <summary>Operations that need no permission, and why. Source: IAM fact sheet 3.4, 5.1.</summary>
    public static IReadOnlyDictionary<string, string> Unguarded { get; } = new Dictionary<string, string>
    {
        ["sts:AssumeRoleWithWebIdentity"] = "unsigned: the token in it authenticates, the role's trust policy decides; WebIdentityTests has its denials",
        ["sts:GetCallerIdentity"] = "succeeds for whoever signs, even under an explicit deny",
        ["sts:GetSessionToken"] = "needs no permission; policies can't control authentication operations",
    };

    /// <summary>In the tables' order. Sources of the resources: Service Authorization Reference, IAM, STS and KMS; IAM fact sheet 3.6.</summary>
    public static IReadOnlyList<Denial> All { get; } =
    [
        Iam("CreateUser", $"{Arn}user/{{n}}", "UserName={n}"),
        Iam("DeleteUser", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("DeleteUserPermissionsBoundary", "user {n}", "UserName={n}") with { Before = [NewUser, $"PutUserPermissionsBoundary UserName={{n}} PermissionsBoundary={Admin}"] },
        Iam("GetUser", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("ListUsers", $"{Arn}user/"),
        Iam("ListUserTags", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("PutUserPermissionsBoundary", "user {n}", "UserName={n}", $"PermissionsBoundary={Admin}") with { Before = [NewUser] },
        Iam("TagUser", "user {n}", "UserName={n}", "Tags.member.1.Key=a", "Tags.member.1.Value=b") with { Before = [NewUser] },
        Iam("UntagUser", "user {n}", "UserName={n}", "TagKeys.member.1=a") with { Before = [NewUser + " Tags.member.1.Key=a Tags.member.1.Value=b"] },
        Iam("UpdateUser", "user {n}", "UserName={n}", "NewUserName={n}2") with { Before = [NewUser] },
        Iam("DeleteLoginProfile", "user {n}", "UserName={n}") with { Before = [NewUser], Ends = "NoSuchEntity" },
        Iam("GetLoginProfile", "user {n}", "UserName={n}") with { Before = [NewUser], Ends = "NoSuchEntity" },
        Iam("ListMFADevices", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("ListServiceSpecificCredentials", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("ListSigningCertificates", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("ListSSHPublicKeys", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("ListVirtualMFADevices", "*"),
        Iam("CreateAccessKey", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("DeleteAccessKey", "user {n}", "UserName={n}", "AccessKeyId={id}") with { Before = [NewUser, NewKey] },
        Iam("GetAccessKeyLastUsed", "user {n}", "AccessKeyId={id}") with { Before = [NewUser, NewKey] },
        Iam("ListAccessKeys", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("UpdateAccessKey", "user {n}", "UserName={n}", "AccessKeyId={id}", "Status=Inactive") with { Before = [NewUser, NewKey] },
        Iam("AddUserToGroup", $"{Arn}group/{{n}}", "GroupName={n}", "UserName={n}") with { Before = [NewUser, NewGroup] },
        Iam("CreateGroup", $"{Arn}group/{{n}}", "GroupName={n}"),
        Iam("DeleteGroup", $"{Arn}group/{{n}}", "GroupName={n}") with { Before = [NewGroup] },
        Iam("GetGroup", $"{Arn}group/{{n}}", "GroupName={n}") with { Before = [NewGroup] },
        Iam("ListGroups", $"{Arn}group/"),
        Iam("ListGroupsForUser", "user {n}", "UserName={n}") with { Before = [NewUser] },
        Iam("RemoveUserFromGroup", $"{Arn}group/{{n}}", "GroupName={n}", "UserName={n}") with { Before = [NewUser, NewGroup, "AddUserToGroup GroupName={n} UserName={n}"] },
        Iam("UpdateGroup", $"{Arn}group/{{n}}", "GroupName={n}", "NewGroupName={n}2") with { Before = [NewGroup] },
        Iam("CreateAccountAlias", "*", "AccountAlias=created"),
        Iam("DeleteAccountAlias", "*", "AccountAlias=deleted") with { Before = ["CreateAccountAlias AccountAlias=deleted"] },
        Iam("GetAccountAuthorizationDetails", "*"),
        Iam("GetAccountPasswordPolicy", "*") with { Ends = "NoSuchEntity" },
        Iam("GetAccountSummary", "*"),
        Iam("ListAccountAliases", "*"),
        Iam("CreateRole", $"{Arn}role/{{n}}", "RoleName={n}", $"AssumeRolePolicyDocument={IamCalls.Trust}"),
        Iam("DeleteRole", "role {n}", "RoleName={n}") with { Before = [NewRole] },
        Iam("DeleteRolePermissionsBoundary", "role {n}", "RoleName={n}") with { Before = [NewRole, $"PutRolePermissionsBoundary RoleName={{n}} PermissionsBoundary={Admin}"] },
        Iam("GetRole", "role {n}", "RoleName={n}") with { Before = [NewRole] },
        Iam("ListInstanceProfilesForRole", "role {n}", "RoleName={n}") with { Before = [NewRole] },
        Iam("ListRoleTags", "role {n}", "RoleName={n}") with { Before = [NewRole] },
        Iam("ListRoles", $"{Arn}role/"),
        Iam("PutRolePermissionsBoundary", "role {n}", "RoleName={n}", $"PermissionsBoundary={Admin}") with { Before = [NewRole] },
        Iam("TagRole", "role {n}", "RoleName={n}", "Tags.member.1.Key=a", "Tags.member.1.Value=b") with { Before = [NewRole] },
        Iam("UntagRole", "role {n}", "RoleName={n}", "TagKeys.member.1=a") with { Before = [NewRole + " Tags.member.1.Key=a Tags.member.1.Value=b"] },
        Iam("UpdateAssumeRolePolicy", "role {n}", "RoleName={n}", $"PolicyDocument={IamCalls.TrustOf("*")}") with { Before = [NewRole] },
        Iam("UpdateRole", "role {n}", "RoleName={n}", "MaxSessionDuration=7200") with { Before = [NewRole] },
        Iam("UpdateRoleDescription", "role {n}", "RoleName={n}", "Description=new") with { Before = [NewRole] },
        Iam("CreatePolicy", "policy {n}", "PolicyName={n}", $"PolicyDocument={IamCalls.Read}"),
        Iam("CreatePolicyVersion", $"policy {Policy}", $"PolicyArn={Policy}", $"PolicyDocument={IamCalls.Read}") with { Before = [NewPolicy] },
        Iam("DeletePolicy", $"policy {Policy}", $"PolicyArn={Policy}") with { Before = [NewPolicy] },
        Iam("DeletePolicyVersion", $"policy {Policy}", $"PolicyArn={Policy}", "VersionId=v2") with { Before = [NewPolicy, NewVersion] },
        Iam("GetPolicy", $"policy {Policy}", $"PolicyArn={Policy}") with { Before = [NewPolicy] },
        Iam("GetPolicyVersion", $"policy {Policy}", $"PolicyArn={Policy}", "VersionId=v1") with { Before = [NewPolicy] },
        Iam("ListEntitiesForPolicy", $"policy {Policy}", $"PolicyArn={Policy}") with { Before = [NewPolicy] },
        Iam("ListPolicies", "policy path /"),
        Iam("ListPolicyTags", $"policy {Policy}", $"PolicyArn={Policy}") with { Before = [NewPolicy] },
        Iam("ListPolicyVersions", $"policy {Policy}", $"PolicyArn={Policy}") with { Before = [NewPolicy] },
        Iam("SetDefaultPolicyVersion", $"policy {Policy}", $"PolicyArn={Policy}", "VersionId=v2") with { Before = [NewPolicy, NewVersion] },
        Iam("TagPolicy", $"policy {Policy}", $"PolicyArn={Policy}", "Tags.member.1.Key=a", "Tags.member.1.Value=b") with { Before = [NewPolicy] },
        Iam("UntagPolicy", $"policy {Policy}", $"PolicyArn={Policy}", "TagKeys.member.1=a") with { Before = [NewPolicy + " Tags.member.1.Key=a Tags.member.1.Value=b"] },
        .. Held("User", NewUser, "user {n}"),
        .. Held("Group", NewGroup, "group {n}"),
        .. Held("Role", NewRole, "role {n}"),
        Iam("AddClientIDToOpenIDConnectProvider", Provider, $"OpenIDConnectProviderArn={Provider}", "ClientID=a") with { Before = [NewProvider] },
        Iam("CreateOpenIDConnectProvider", Provider, "Url=https://example.com/{n}"),
        Iam("DeleteOpenIDConnectProvider", Provider, $"OpenIDConnectProviderArn={Provider}") with { Before = [NewProvider] },
        Iam("GetOpenIDConnectProvider", Provider, $"OpenIDConnectProviderArn={Provider}") with { Before = [NewProvider] },
        Iam("ListOpenIDConnectProviderTags", Provider, $"OpenIDConnectProviderArn={Provider}") with { Before = [NewProvider] },
        Iam("ListOpenIDConnectProviders", $"{Arn}oidc-provider/*"),
        Iam("RemoveClientIDFromOpenIDConnectProvider", Provider, $"OpenIDConnectProviderArn={Provider}", "ClientID=a") with { Before = [NewProvider + " ClientIDList.member.1=a"] },
        Iam("TagOpenIDConnectProvider", Provider, $"OpenIDConnectProviderArn={Provider}", "Tags.member.1.Key=a", "Tags.member.1.Value=b") with { Before = [NewProvider] },
        Iam("UntagOpenIDConnectProvider", Provider, $"OpenIDConnectProviderArn={Provider}", "TagKeys.member.1=a") with { Before = [NewProvider + " Tags.member.1.Key=a Tags.member.1.Value=b"] },
        Iam("UpdateOpenIDConnectProviderThumbprint", Provider, $"OpenIDConnectProviderArn={Provider}", $"ThumbprintList.member.1={new string('a', 40)}") with { Before = [NewProvider] },
        Iam("GetContextKeysForCustomPolicy", "*", $"PolicyInputList.member.1={IamCalls.Read}"),
        Iam("GetContextKeysForPrincipalPolicy", $"{Arn}user/{{n}}", $"PolicySourceArn={Arn}user/{{n}}") with { Before = [NewUser] },
        Iam("SimulateCustomPolicy", "*", $"PolicyInputList.member.1={IamCalls.Read}", "ActionNames.member.1=iam:GetUser"),
        Iam("SimulatePrincipalPolicy", $"{Arn}user/{{n}}", $"PolicySourceArn={Arn}user/{{n}}", "ActionNames.member.1=iam:GetUser") with { Before = [NewUser] },

        // The root may not assume roles; AssumeRoleTests has the successes, and what the denial says without a reason.
        Sts("AssumeRole", $"{Arn}role/{{n}}", $"RoleArn={Arn}role/{{n}}", "RoleSessionName=session") with { Before = [NewRole], Ends = "AccessDenied" },
        Sts("DecodeAuthorizationMessage", null, "EncodedMessage=x") with { Ends = "InvalidAuthorizationMessageException" },
        Sts("GetAccessKeyInfo", null, $"AccessKeyId={RunningServer.AccessKeyId}"),
        Sts("GetFederationToken", $"arn:aws:sts::{Account}:federated-user/bob", "Name=bob"),

        Kms("CancelKeyDeletion", Key, """{"KeyId":"{id}"}""") with { Before = ["""ScheduleKeyDeletion {"KeyId":"{id}"}"""] },
        Kms("CreateAlias", "{alias}/new", """{"AliasName":"alias/{n}/new","TargetKeyId":"{id}"}"""),
        Kms("CreateGrant", Key, $$"""{"KeyId":"{id}","GranteePrincipal":"{{Arn}}root","Operations":["Encrypt"]}"""),
        Kms("CreateKey", "*", "{}"),
        Kms("Decrypt", Key, """{"CiphertextBlob":"{blob}"}"""),
        Kms("DeleteAlias", "{alias}", """{"AliasName":"alias/{n}"}"""),
        Kms("DescribeKey", Key, """{"KeyId":"{id}"}"""),
        Kms("DisableKey", Key, """{"KeyId":"{id}"}"""),
        Kms("DisableKeyRotation", Key, """{"KeyId":"{id}"}""") with { Before = ["""EnableKeyRotation {"KeyId":"{id}"}"""] },
        Kms("EnableKey", Key, """{"KeyId":"{id}"}""") with { Before = ["""DisableKey {"KeyId":"{id}"}"""] },
        Kms("EnableKeyRotation", Key, """{"KeyId":"{id}"}"""),
        Kms("Encrypt", Key, """{"KeyId":"{id}","Plaintext":"AAAA"}"""),
        Kms("GenerateDataKey", Key, """{"KeyId":"{id}","KeySpec":"AES_256"}"""),
        Kms("GenerateDataKeyWithoutPlaintext", Key, """{"KeyId":"{id}","KeySpec":"AES_256"}"""),
        Kms("GenerateRandom", "*", """{"NumberOfBytes":1}"""),
        Kms("GetKeyPolicy", Key, """{"KeyId":"{id}"}"""),
        Kms("GetKeyRotationStatus", Key, """{"KeyId":"{id}"}"""),
        Kms("ListAliases", "*", "{}"),
        Kms("ListGrants", Key, """{"KeyId":"{id}"}"""),
        Kms("ListKeyPolicies", Key, """{"KeyId":"{id}"}"""),
        Kms("ListKeyRotations", Key, """{"KeyId":"{id}"}"""),
        Kms("ListKeys", "*", "{}"),
        Kms("ListResourceTags", Key, """{"KeyId":"{id}"}"""),
        Kms("ListRetirableGrants", "*", $$"""{"RetiringPrincipal":"{{Arn}}root"}"""),
        Kms("PutKeyPolicy", Key, $$"""
            {"KeyId":"{id}","Policy":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"{{Arn}}root\"},\"Action\":\"kms:*\",\"Resource\":\"*\"}]}"}
            """),
        Kms("ReEncrypt", Key, """{"CiphertextBlob":"{blob}","DestinationKeyId":"{id}"}""") with { Action = "kms:ReEncryptFrom" },
        Kms("RetireGrant", Key, """{"KeyId":"{id}","GrantId":"{grant}"}"""),
        Kms("RevokeGrant", Key, """{"KeyId":"{id}","GrantId":"{grant}"}"""),
        Kms("RotateKeyOnDemand", Key, """{"KeyId":"{id}"}"""),
        Kms("ScheduleKeyDeletion", Key, """{"KeyId":"{id}"}"""),
        Kms("TagResource", Key, """{"KeyId":"{id}","Tags":[{"TagKey":"b","TagValue":"2"}]}"""),
        Kms("UntagResource", Key, """{"KeyId":"{id}","TagKeys":["a"]}"""),
        Kms("UpdateAlias", "{alias}", """{"AliasName":"alias/{n}","TargetKeyId":"{id}"}"""),
        Kms("UpdateKeyDescription", Key, """{"KeyId":"{id}","Description":"new"}"""),

        Lambda("AddPermission", "POST {f}/policy", """{"StatementId":"t","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com","SourceAccount":"111122223333"}"""),
        Lambda("CreateFunction", "POST /2015-03-31/functions", $$"""
            {"FunctionName":"{n}","Runtime":"python3.12","Handler":"f.f","Role":"{role}","Code":{"ZipFile":"{zip}"},"Environment":{"Variables":{"AA":"{{LambdaSecret}}"} },"Tags":{"a":"1"} }
            """),
        Lambda("DeleteFunction", "DELETE {f}"),
        Lambda("GetFunction", "GET {f}?Qualifier=%24LATEST"),
        Lambda("GetFunctionCodeSigningConfig", "GET /2020-06-30/functions/{n}/code-signing-config"),
        Lambda("GetFunctionConfiguration", "GET {f}/configuration"),
        Lambda("GetPolicy", "GET {f}/policy"),
        Lambda("Invoke", "POST {f}/invocations?Qualifier=%24LATEST", $$"""{"a":"{{LambdaSecret}}"}""") with { Action = "lambda:InvokeFunction" },
        Lambda("ListFunctions", "GET /2015-03-31/functions?MaxItems=5") with { Resource = null },
        Lambda("ListTags", "GET {tags}"),
        Lambda("ListVersionsByFunction", "GET {f}/versions?MaxItems=5"),
        Lambda("RemovePermission", "DELETE {f}/policy/s"),
        Lambda("TagResource", "POST {tags}", """{"Tags":{"b":"2"}}"""),
        Lambda("UntagResource", "DELETE {tags}?tagKeys=a&tagKeys=c"),
        Lambda("UpdateFunctionCode", "PUT {f}/code", """{"ZipFile":"{zip}"}"""),
        Lambda("UpdateFunctionConfiguration", "PUT {f}/configuration", $$"""{"Timeout":9,"Environment":{"Variables":{"AA":"{{LambdaSecret}}"} } }"""),
    ];

    /// <summary>In environments and payloads; no record may hold it.</summary>
    private const string LambdaSecret = "value-that-no-record-may-hold";

    private const string NewUser = "CreateUser UserName={n}";
    private const string NewKey = "CreateAccessKey UserName={n}";
    private const string NewGroup = "CreateGroup GroupName={n}";
    private const string NewRole = "CreateRole RoleName={n} AssumeRolePolicyDocument=" + IamCalls.Trust;
    private const string NewPolicy = "CreatePolicy PolicyName={n} PolicyDocument=" + IamCalls.Read;
    private const string NewVersion = "CreatePolicyVersion PolicyArn=" + Policy + " PolicyDocument=" + IamCalls.Read;
    private const string NewProvider = "CreateOpenIDConnectProvider Url=https://example.com/{n}";

    private static Denial Iam(string operation, string? resource, params string[] parameters) => new("iam", operation, resource, parameters);

    private static Denial Sts(string operation, string? resource, params string[] parameters) => new("sts", operation, resource, parameters);

    private static Denial Kms(string operation, string resource, string parameters) => new("kms", operation, resource, parameters);

    /// <param name="request">Method and target.</param>
    /// <param name="body">Null for requests without one.</param>
    private static Denial Lambda(string operation, string request, string? body = null) =>
        new("lambda", operation, "{arn}", body is null ? [request] : [request, body]);

    /// <summary>Makes what the request acts on.</summary>
    /// <returns>What the row's placeholders stand for.</returns>
    public async Task<Dictionary<string, string>> PrepareAsync(TestClient root)
    {
        var names = new Dictionary<string, string> { ["{n}"] = Operation };
        if (Service == "kms")
        {
            var id = await root.NewKeyAsync(new { Tags = new[] { new { TagKey = "a", TagValue = "1" } } });
            names["{id}"] = id;
            names["{key}"] = KmsClient.KeyArn(id);
            names["{alias}"] = $"arn:aws:kms:us-east-1:{Denial.Account}:alias/{Operation}";
            names["{blob}"] = (string)(await root.KmsAsync("Encrypt", new { KeyId = id, Plaintext = "AAAA" }))["CiphertextBlob"]!;
            names["{grant}"] = (string)(await root.KmsAsync(
                "CreateGrant", new { KeyId = id, GranteePrincipal = $"arn:aws:iam::{Denial.Account}:root", Operations = new[] { "Decrypt" } }))["GrantId"]!;
            await root.KmsAsync("CreateAlias", new { AliasName = "alias/" + Operation, TargetKeyId = id });
        }

        if (Service == "lambda")
        {
            names["{arn}"] = LambdaClient.Arn(Operation);
            names["{f}"] = $"{LambdaClient.FunctionsPath}/{Operation}";
            names["{tags}"] = "/2017-03-31/tags/" + Uri.EscapeDataString(LambdaClient.Arn(Operation));
            names["{role}"] = LambdaClient.RoleArn;
            names["{zip}"] = Convert.ToBase64String(LambdaClient.Zip("new"));
            if (Operation != "CreateFunction")
            {
                await root.CreateFunctionAsync(Operation);
                await root.PermitAsync(Operation, "s");
                await root.LambdaOkAsync(204, "POST", names["{tags}"], new { Tags = new { a = "1" } });
            }
        }

        foreach (var step in Before)
        {
            var (operation, rest) = (step.Split(' ')[0], step.Contains(' ', StringComparison.Ordinal) ? step[(step.IndexOf(' ', StringComparison.Ordinal) + 1)..] : "");
            if (Service == "kms")
            {
                await root.KmsAsync(operation, JsonNode.Parse(Fill(rest, names)));
                continue;
            }

            var answer = await root.DoAsync(operation, [.. rest.Split(' ').Select(p => Fill(p, names))]);
            if (operation == "CreateAccessKey")
                names["{id}"] = answer.Descendants("AccessKeyId").Single().Value;
        }

        return names;
    }

    public static string Fill(string text, Dictionary<string, string> names) =>
        names.Aggregate(text, (filled, name) => filled.Replace(name.Key, name.Value, StringComparison.Ordinal));

    private static Denial[] Held(string kind, string holder, string resource)
    {
        var (name, put, attach) = ($"{kind}Name={{n}}", $"Put{kind}Policy {kind}Name={{n}} PolicyName=p PolicyDocument={IamCalls.Read}", $"Attach{kind}Policy {kind}Name={{n}} PolicyArn={Admin}");
        return
        [
            Iam($"Attach{kind}Policy", resource, name, $"PolicyArn={Admin}") with { Before = [holder] },
            Iam($"Delete{kind}Policy", resource, name, "PolicyName=p") with { Before = [holder, put] },
            Iam($"Detach{kind}Policy", resource, name, $"PolicyArn={Admin}") with { Before = [holder, attach] },
            Iam($"Get{kind}Policy", resource, name, "PolicyName=p") with { Before = [holder, put] },
            Iam($"ListAttached{kind}Policies", resource, name) with { Before = [holder] },
            Iam($"List{kind}Policies", resource, name) with { Before = [holder] },
            Iam($"Put{kind}Policy", resource, name, "PolicyName=p", $"PolicyDocument={IamCalls.Read}") with { Before = [holder] },
        ];
    }
}
