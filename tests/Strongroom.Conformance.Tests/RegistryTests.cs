using System.Diagnostics;
using System.Reflection;
using Strongroom.Conformance.Tests.Operations;

namespace Strongroom.Conformance.Tests;

/// <summary>Keeps the list of tested operations honest: AWS's list is the measure, not ours.</summary>
public sealed class RegistryTests
{
    private static readonly string Vectors = Path.Combine(Repository.Root, "tests", "vectors");

    /// <summary>The compact copies of the service models that the request shapes are compared with, too.</summary>
    public static TheoryData<string> Services =>
        [.. Directory.EnumerateFiles(Vectors, "*-model.json").Select(file => Path.GetFileName(file)[..^"-model.json".Length]).Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_operation_of_the_service_model_is_tested_with_every_client()
    {
        var operations = JsonNode.Parse(File.ReadAllText(Path.Combine(Vectors, "secretsmanager-model.json")))!["operations"]!.AsObject().Select(o => o.Key).Append("GetCallerIdentity");

        var tested = typeof(RegistryTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods())
            .Select(m => m.GetCustomAttribute<EveryClientAttribute>()?.Operation)
            .OfType<string>();

        Assert.Equal(operations.Order(StringComparer.Ordinal), tested.Distinct().Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cloudtrail")]
    [InlineData("iam")]
    [InlineData("kms")]
    [InlineData("lambda")]
    [InlineData("sts")]
    public void Every_operation_that_is_served_is_called_by_the_SDKs(string service)
    {
        // A unit test holds this list and the server's table of operations to each other.
        var served = JsonNode.Parse(File.ReadAllText(Path.Combine(Vectors, $"{service}-model.json")))!["operations"]!.AsObject().Select(o => o.Key);

        var called = typeof(RegistryTests).Assembly.GetTypes()
            .SelectMany(t => t.GetMethods())
            .Select(m => m.GetCustomAttribute<ScenarioAttribute>())
            .Where(scenario => scenario?.Service == service)
            .SelectMany(scenario => scenario!.Names);

        Assert.Equal(served.Order(StringComparer.Ordinal), called.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_shape_check_finds_what_is_wrong()
    {
        using var check = Process.Start(new ProcessStartInfo("python3", [Path.Combine(Repository.ClientScripts, "shapes_check.py")]) { RedirectStandardOutput = true })!;
        var output = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            [
                "GetUser has an unknown More; GetUser.User has an unknown UserNam; GetUser.User lacks UserName; GetUser.User.CreateDate is no timestamp: 2026-01-01",
                "the answer is called ListUserResponse; ListUsers.IsTruncated is no boolean: no; ListUsers.Users has a User; ListUsers.Users[] lacks Path; "
                    + "ListUsers.Users[] lacks UserName; ListUsers.Users[] lacks UserId; ListUsers.Users[] lacks Arn; ListUsers.Users[] lacks CreateDate",
                "DeleteUser has no error NoSuchKey",
                "DescribeKey.KeyMetadata has an unknown More; DescribeKey.KeyMetadata lacks KeyId; DescribeKey.KeyMetadata.KeyState is On, which KeyState does not have; "
                    + "DescribeKey.KeyMetadata.Enabled is a str, not a boolean; DescribeKey.KeyMetadata.CreationDate is a str, not a timestamp",
                "GenerateRandom.Plaintext is no base64",
                "a body",
                "EnableKey has no error TagException",
                "nothing",
                "nothing",
                "GetFunction has an unknown More; GetFunction.Configuration.State is On, which State does not have",
                "CreateFunction has the status 200, not 201",
                "GetFunction has no error NoneOfThese",
                "a body",
                "nothing",
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_kept_service_model_is_that_of_the_installed_botocore(string service)
    {
        using var check = Process.Start("python3", [Path.Combine(Vectors, "service-model.py"), service, "--check"]);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.SkipWhen(check.ExitCode == 2, "The installed botocore is older than the kept model.");
        Assert.Equal(0, check.ExitCode);
    }
}
