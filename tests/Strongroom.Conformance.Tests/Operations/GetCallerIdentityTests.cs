namespace Strongroom.Conformance.Tests.Operations;

public sealed class GetCallerIdentityTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("GetCallerIdentity")]
    public async Task The_caller_learns_its_account(string client)
    {
        var account = (await CreateAsync()).Arn.Split(':')[4];

        var result = (await CallAsync(client, "GetCallerIdentity", [], service: "sts")).Ok;

        Assert.Equal((account, $"arn:aws:iam::{account}:root", account), (result.Text("Account"), result.Text("Arn"), result.Text("UserId")));
    }
}
