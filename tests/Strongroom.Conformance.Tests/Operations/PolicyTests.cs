namespace Strongroom.Conformance.Tests.Operations;

public sealed class PolicyTests(SharedServer server) : OperationTest(server)
{
    private const string Policy =
        """{ "Version": "2012-10-17", "Statement": [ { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::111122223333:root" }, "Action": "secretsmanager:GetSecretValue", "Resource": "*" } ] }""";

    private const string Public =
        """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}}""";

    [Theory, EveryClient("PutResourcePolicy")]
    public async Task PutResourcePolicy_keeps_the_text_as_sent(string client)
    {
        var (arn, _) = await CreateAsync();

        var result = (await CallAsync(client, "PutResourcePolicy", new() { ["SecretId"] = Name, ["ResourcePolicy"] = Policy, ["BlockPublicPolicy"] = true })).Ok;

        Assert.Equal((arn, "ARN Name"), (result.Text("ARN"), result.Names()));
        Assert.Equal(Policy, (await RawAsync("GetResourcePolicy", new() { ["SecretId"] = Name })).Ok.Text("ResourcePolicy"));
    }

    [Theory, EveryClient("PutResourcePolicy")]
    public async Task PutResourcePolicy_blocks_a_public_policy_on_request(string client)
    {
        await CreateAsync();

        var answer = await CallAsync(client, "PutResourcePolicy", new() { ["SecretId"] = Name, ["ResourcePolicy"] = Public, ["BlockPublicPolicy"] = true });

        answer.Fails("PublicPolicyException");
    }

    [Theory, EveryClient("GetResourcePolicy")]
    public async Task GetResourcePolicy_shows_none_where_none_is(string client)
    {
        var (arn, _) = await CreateAsync();

        var without = (await CallAsync(client, "GetResourcePolicy", new() { ["SecretId"] = Name })).Ok;
        _ = (await RawAsync("PutResourcePolicy", new() { ["SecretId"] = Name, ["ResourcePolicy"] = Policy })).Ok;
        var with = (await CallAsync(client, "GetResourcePolicy", new() { ["SecretId"] = Name })).Ok;

        Assert.Equal((arn, "ARN Name"), (without.Text("ARN"), without.Names()));
        Assert.Equal(Policy, with.Text("ResourcePolicy"));
    }

    [Theory, EveryClient("DeleteResourcePolicy")]
    public async Task DeleteResourcePolicy_removes_it(string client)
    {
        var (arn, _) = await CreateAsync();
        _ = (await RawAsync("PutResourcePolicy", new() { ["SecretId"] = Name, ["ResourcePolicy"] = Policy })).Ok;

        var result = (await CallAsync(client, "DeleteResourcePolicy", new() { ["SecretId"] = Name })).Ok;

        Assert.Equal((arn, "ARN Name"), (result.Text("ARN"), result.Names()));
        Assert.False((await RawAsync("GetResourcePolicy", new() { ["SecretId"] = Name })).Ok.ContainsKey("ResourcePolicy"));
    }

    [Theory, EveryClient("ValidateResourcePolicy")]
    public async Task ValidateResourcePolicy_tells_a_good_policy_from_a_public_one(string client)
    {
        var good = (await CallAsync(client, "ValidateResourcePolicy", new() { ["ResourcePolicy"] = Policy })).Ok;
        var bad = (await CallAsync(client, "ValidateResourcePolicy", new() { ["ResourcePolicy"] = Public })).Ok;

        Assert.Equal("""{"PolicyValidationPassed":true,"ValidationErrors":[]}""", Ordered(good));
        Assert.False(bad["PolicyValidationPassed"]!.GetValue<bool>());
        Assert.Equal("CheckName ErrorMessage", Assert.Single(bad["ValidationErrors"]!.AsArray())!.AsObject().Names());
    }

    private static string Ordered(JsonObject json) =>
        new JsonObject(json.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => KeyValuePair.Create(m.Key, m.Value?.DeepClone()))).ToJsonString();
}
