using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Strongroom.Policy;

namespace Strongroom.Bench;

/// <summary>What one decision costs with ten attached policies of ten statements, of which the last allows. BenchmarkDotNet's mean, in this process.</summary>
public class DecideMeasure
{
    private readonly Principal user = new()
    {
        Kind = PrincipalKind.User,
        Account = "123456789012",
        Arn = "arn:aws:iam::123456789012:user/bench",
        UserId = "AIDABENCHBENCHBENCHBE",
        UserName = "bench",
    };

    private readonly PrincipalPolicies policies = new()
    {
        Identity = [.. Enumerable.Range(0, 10).Select(policy => new AttachedPolicy(
            new PolicySource(PolicySourceKind.Managed, $"bench-{policy}"), CompiledPolicy.Compile(PolicyDocument.Parse(PolicyUser.Document(policy)))))],
    };

    private readonly IResource secret = new Secret();

    [Benchmark]
    public Decision Decide() => PolicyEvaluator.Evaluate(new AccessRequest(user, "secretsmanager:GetSecretValue", secret, RequestFacts.Unknown), policies);

    internal static Task<IReadOnlyList<Measure>> RunAsync()
    {
        if (!new DecideMeasure().Decide().IsAllowed)
            throw new InvalidOperationException("The decision that is measured is not the one that is meant.");
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
            .AddLogger(NullLogger.Instance)
            .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
            .WithArtifactsPath(Workplace.Temporary);
        var summary = BenchmarkRunner.Run<DecideMeasure>(config);
        var found = summary.Reports.Single().ResultStatistics ?? throw new InvalidOperationException("BenchmarkDotNet measured nothing.");
        return Task.FromResult<IReadOnlyList<Measure>>(
            [Measure.Of("decide", "microseconds a decision, 10 policies of 10 statements", [.. found.OriginalValues.Select(ns => ns / 1000)], 2)]);
    }

    private sealed class Secret : IResource
    {
        public string Account => "123456789012";
        public string ResourceArn => "arn:aws:secretsmanager:us-east-1:123456789012:secret:app/service-0000001/database-AbCdEf";
    }
}
