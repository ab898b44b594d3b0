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
    [MemberData(nameof(Services))]
    public async Task The_kept_service_model_is_that_of_the_installed_botocore(string service)
    {
        using var check = Process.Start("python3", [Path.Combine(Vectors, "service-model.py"), service, "--check"]);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.SkipWhen(check.ExitCode == 2, "The installed botocore is older than the kept model.");
        Assert.Equal(0, check.ExitCode);
    }
}
