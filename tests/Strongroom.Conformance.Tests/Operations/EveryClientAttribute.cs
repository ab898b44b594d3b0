using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Strongroom.Conformance.Tests.Operations;

/// <summary>Runs a theory once with each client, and names the operation that each must have called by the test's end.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EveryClientAttribute(string operation) : DataAttribute, ITraitAttribute
{
    /// <summary>AWS's name of the operation.</summary>
    public string Operation => operation;

    public override bool SupportsDiscoveryEnumeration() => true;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow(ClientNames.Cli), new TheoryDataRow(ClientNames.Boto3), new TheoryDataRow(ClientNames.JavaScript)]);

    IReadOnlyCollection<KeyValuePair<string, string>> ITraitAttribute.GetTraits() => [new("Operation", operation)];
}
