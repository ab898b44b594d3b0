using System.Diagnostics;
using System.Globalization;
using Strongroom.Tests.Architecture;

namespace Strongroom.Tests.Server.Functions;

/// <summary><c>lambda_invoke.py</c> in a process of its own, with credentials for the server.</summary>
internal sealed class LambdaStandIn : IDisposable
{
    public const string KeyId = "AKIAINVOKEREXAMPLE01";
    public const string Key = "invoker/secret+canary00000000000000000000";

    private readonly Process process;

    private LambdaStandIn(Process process, int port)
    {
        this.process = process;
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A111122223333%3Afunction%3Arotate/invocations"));
    }

    public Uri Address { get; }

    public static async Task<LambdaStandIn> StartAsync(string endpointFile, TestClient client, bool isSigned, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("python3", [Path.Combine(Repository.Root, "tests", "Strongroom.Tests", "Server", "Functions", "lambda_invoke.py")]) { RedirectStandardOutput = true };
        foreach (var (name, value) in ((string, string)[])
        [
            ("ENDPOINT_FILE", endpointFile), ("AWS_ACCESS_KEY_ID", client.AccessKeyId), ("AWS_SECRET_ACCESS_KEY", client.SecretAccessKey), ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_CONFIG_FILE", "/nowhere"), ("PYTHONDONTWRITEBYTECODE", "1"),
            .. isSigned ? (ReadOnlySpan<(string, string)>)[("EXPECTED_ID", KeyId), ("EXPECTED_SECRET", Key)] : [], .. variables,
        ])
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        var port = await Eventually.ComesAsync("the port of the stand-in", process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        return new LambdaStandIn(process, int.Parse(port!, CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }
}
