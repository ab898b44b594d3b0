using Strongroom.Server.Rotation;

namespace Strongroom.Tests.Server.Rotation;

/// <summary>
/// What a kill leaves at each place of a rotation: the data directory is copied there, as a killed server leaves it, and another server goes on with the
/// copy. The system whose password is changed is the test's and remembers what the killed one did. Source: API fact sheet 4.3.
/// </summary>
public sealed class RotationCrashTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string T3 = "33333333-3333-4333-8333-333333333333";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    private readonly string copy = Directory.CreateTempSubdirectory("strongroom-crash-").FullName;
    private RunningServer server = null!;

    // The system's password.
    private string password = "first";

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        server.Functions.Reachable.Add(Function);
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = T1, SecretString = "first" });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(copy, recursive: true);
    }

    public static TheoryData<RotationStep, bool> Places
    {
        get
        {
            var places = new TheoryData<RotationStep, bool>();
            foreach (var step in Enum.GetValues<RotationStep>())
            {
                places.Add(step, false);
                places.Add(step, true);
            }

            return places;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Killed_at_any_place_it_ends_with_a_current_value_that_works(RotationStep at, bool afterItsWork)
    {
        server.Functions.Step = async (step, ct) =>
        {
            if (step.Step == at && !afterItsWork)
                Kill();
            var result = await WorkAsync(server, step);
            if (step.Step == at && afterItsWork)
                Kill();
            return result;
        };
        var before = password;
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T2, RotationLambdaARN = Function, RotationRules = new { AutomaticallyAfterDays = 30 } });
        await server.Server.RotateAsync();
        Assert.True(File.Exists(Path.Combine(copy, "strongroom.db")), "The place was not reached.");

        // The other server finds the system as it was at the kill.
        password = at > RotationStep.SetSecret || (at == RotationStep.SetSecret && afterItsWork) ? T2 : before;
        var steps = new List<RotationStep>();
        var functions = new RunningServer.FakeFunctions();
        var opened = new TaskCompletionSource<RunningServer>();
        functions.Reachable.Add(Function);
        functions.Step = async (step, _) =>
        {
            steps.Add(step.Step);
            return await WorkAsync(await opened.Task, step);
        };
        await using var next = await RunningServer.StartAsync(copy, functions: functions);
        opened.SetResult(next);
        await next.Server.RotateAsync();

        // It begins with the step that was not noted as done, unless that was the last and had moved the label.
        Assert.Equal(at == RotationStep.FinishSecret && afterItsWork ? [] : Enum.GetValues<RotationStep>().Where(step => step >= at), steps);
        var described = await next.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.Equal("""["AWSCURRENT"]""", described["VersionIdsToStages"]![T2]!.ToJsonString());
        Assert.Equal("""["AWSPREVIOUS"]""", described["VersionIdsToStages"]![T1]!.ToJsonString());
        Assert.Equal(password, (string?)(await next.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"]);
        Assert.Equal(1, next.Records().Count(r => (string?)r["eventName"] == "RotationSucceeded"));
        await next.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T3 });
        await next.Server.RotateAsync();
        Assert.Equal(T3, (string?)(await next.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"]);
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task A_function_that_dies_at_any_place_is_asked_again(RotationStep at, bool afterItsWork)
    {
        var isAlive = false;
        server.Functions.Step = async (step, _) =>
        {
            if (isAlive || step.Step != at)
                return await WorkAsync(server, step);
            isAlive = true;
            if (afterItsWork)
                await WorkAsync(server, step);
            return new StepResult("Runtime exited with error: signal: killed");
        };
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T2, RotationLambdaARN = Function });
        await server.Server.RotateAsync();
        server.Time.Advance(TimeSpan.FromMinutes(1));
        await server.Server.RotateAsync();

        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.Equal("""["AWSCURRENT"]""", described["VersionIdsToStages"]![T2]!.ToJsonString());
        Assert.Equal(password, (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"]);
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T3 });
    }

    // As written to AWS's contract: each step looks first whether it has been done.
    private async Task<StepResult> WorkAsync(RunningServer at, RotationEvent step)
    {
        switch (step.Step)
        {
            case RotationStep.CreateSecret:
                var (status, _) = await at.SendAsync("GetSecretValue", Json(new { SecretId = "s", VersionId = step.Token, VersionStage = "AWSPENDING" }));
                if (status != 200)
                    await at.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = step.Token, SecretString = step.Token, VersionStages = new[] { "AWSPENDING" } });
                break;
            case RotationStep.SetSecret:
                password = await PendingAsync(at, step);
                break;
            case RotationStep.TestSecret:
                if (password != await PendingAsync(at, step))
                    return new StepResult("login refused");
                break;
            default:
                var stages = (await at.CallAsync("DescribeSecret", new { SecretId = "s" }))["VersionIdsToStages"]!.AsObject();
                var current = stages.First(v => v.Value!.ToJsonString().Contains("AWSCURRENT", StringComparison.Ordinal)).Key;
                if (current != step.Token)
                    await at.CallAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSCURRENT", MoveToVersionId = step.Token, RemoveFromVersionId = current });
                break;
        }

        return StepResult.Succeeded;
    }

    private static async Task<string> PendingAsync(RunningServer at, RotationEvent step) =>
        (string)(await at.CallAsync("GetSecretValue", new { SecretId = "s", VersionId = step.Token, VersionStage = "AWSPENDING" }))["SecretString"]!;

    // Nothing writes but the rotation, whose step this is: the files are as a kill would leave them.
    private void Kill()
    {
        foreach (var file in Directory.EnumerateFiles(server.Data, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock"))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(server.Data, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var to = File.Create(target);
            from.CopyTo(to);
            File.SetUnixFileMode(target, File.GetUnixFileMode(file));
        }

        File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Json(object parameters) => System.Text.Json.JsonSerializer.Serialize(parameters);
}
