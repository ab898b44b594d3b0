using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Strongroom.Conformance.Tests.Operations;

/// <summary>
/// Runs a theory once with each SDK, and names the operations that each must have called by the test's end. boto3 compares every answer on the wire with
/// the service model (clients/shapes.py); the AWS CLI is botocore too and takes most of a second to start, so it walks through shorter stories elsewhere.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ScenarioAttribute(string service, string operations) : DataAttribute, ITraitAttribute
{
    public string Service => service;

    /// <summary>AWS's names of the operations, blanks between.</summary>
    public string Operations => operations;

    public IReadOnlyList<string> Names => operations.Split(' ');

    public override bool SupportsDiscoveryEnumeration() => true;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker) =>
        new([new TheoryDataRow(ClientNames.Boto3), new TheoryDataRow(ClientNames.JavaScript)]);

    IReadOnlyCollection<KeyValuePair<string, string>> ITraitAttribute.GetTraits() => [.. Names.Select(name => KeyValuePair.Create("Operation", name))];
}
