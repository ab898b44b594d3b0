using System.Globalization;
using System.IO.Enumeration;
using Strongroom.Protocol;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Functions;

/// <summary>The functions of the operator's file that are reached over HTTP or run as processes.</summary>
internal sealed class ConfiguredFunctions : IRotationFunctions, IDisposable
{
    private const string Prefix = "function:";

    private readonly IReadOnlyList<ConfiguredFunction> all;
    private readonly IFunctionHost host;
    private readonly StepSecrets secrets;
    private readonly Dictionary<ConfiguredFunction, HttpFunction> http;

    /// <exception cref="Storage.StoreRefusedException">A file that one of them names can't be read; the message says what to do.</exception>
    public ConfiguredFunctions(IReadOnlyList<ConfiguredFunction> all, IFunctionHost host, StepSecrets secrets, TimeProvider time)
    {
        (this.all, this.host, this.secrets) = (all, host, secrets);
        http = all.Where(function => function.Http is not null)
            .ToDictionary(function => function, function => new HttpFunction(function.Http!, function.Name, secrets, time));
    }

    public ValueTask<IRotationFunction?> FindAsync(string account, string region, string secretArn, string functionArn, CancellationToken ct) => new(Open(
        all.FirstOrDefault(function => !function.IsBuiltIn && function.IsFor(account, region) && IsNamed(function, account, region, functionArn)), account, region, secretArn));

    public ValueTask<IRotationFunction?> FindForTypeAsync(string account, string region, string secretArn, string type, CancellationToken ct) => new(Open(
        all.FirstOrDefault(function => !function.IsBuiltIn && function.IsFor(account, region) && function.Types.Contains(type)), account, region, secretArn));

    public void Dispose()
    {
        foreach (var function in http.Values)
            function.Dispose();
    }

    private IRotationFunction? Open(ConfiguredFunction? found, string account, string region, string secretArn) =>
        found is null || (found.Process is not null && !host.IsOn) || !IsFor(found, secretArn) ? null
        : found.Http is not null ? http[found]
        : Hosted(found.Process!, account, region);

    // By its own ARN an operator may give a function to accounts other than the ARN's, as a Lambda function's policy can.
    private static bool IsNamed(ConfiguredFunction function, string account, string region, string functionArn) =>
        function.Arn is not null
            ? function.Arn == functionArn
            : Arn.TryParse(functionArn) is { Service: "lambda" } arn && arn.Account == account && arn.Region == region && arn.Partition == Arn.PartitionOf(region)
                && arn.Resource.StartsWith(Prefix, StringComparison.Ordinal) && arn.Resource[Prefix.Length..] == function.Name;

    private HostedFunction Hosted(FunctionDefinition function, string account, string region) => new(
        host,
        function with
        {
            Account = account,
            Region = region,
            RoleArn = function.RoleArn is { } role && !role.StartsWith("arn:", StringComparison.Ordinal) ? $"arn:aws:iam::{account}:role/{role}" : function.RoleArn,
            RevisionId = LastChange(function.CodeId),
        },
        code: null,
        secrets);

    // Who edits a handler expects the next step to run it.
    private static string LastChange(string directory)
    {
        try
        {
            return new DirectoryInfo(directory).EnumerateFiles().Select(file => file.LastWriteTimeUtc.Ticks).DefaultIfEmpty().Max().ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // the host says what is wrong with it
        }
    }

    // The operator's list of secrets stands in for a function's policy.
    private static bool IsFor(ConfiguredFunction function, string secretArn)
    {
        if (function.Secrets is not { } patterns)
            return true;
        var name = SecretArn.NameOf(secretArn);
        return patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
    }
}
