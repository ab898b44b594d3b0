using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Identity;

/// <summary>A server with a user <c>app</c>, two secrets and the keys of an issuer out of reach, and the AWS clients that call it.</summary>
public sealed class RoleServer : IAsyncLifetime
{
    private readonly string home = Directory.CreateTempSubdirectory("strongroom-roles-").FullName;
    private readonly Issuer issuer = new();
    private ServerProcess server = null!;

    public string Account { get; private set; } = null!;

    public (string, string)[] AppKey { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        server = await ServerProcess.StartAsync(environment: issuer.Environment);
        Account = (await AwsAsync([], "sts", "get-caller-identity"))["Account"]!.GetValue<string>();
        await AwsAsync([], "secretsmanager", "create-secret", "--name", "team/a", "--secret-string", "for the team");
        await AwsAsync([], "secretsmanager", "create-secret", "--name", "other", "--secret-string", "for others");
        await AwsAsync([], "iam", "create-user", "--user-name", "app");
        await AwsAsync([], "iam", "create-open-id-connect-provider", "--url", Issuer.Url, "--client-id-list", "sts.amazonaws.com");
        var made = (await AwsAsync([], "iam", "create-access-key", "--user-name", "app"))["AccessKey"]!;
        AppKey = [("AWS_ACCESS_KEY_ID", made["AccessKeyId"]!.GetValue<string>()), ("AWS_SECRET_ACCESS_KEY", made["SecretAccessKey"]!.GetValue<string>())];
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        issuer.Dispose();
        Directory.Delete(home, recursive: true);
    }

    /// <returns>The path of a new file.</returns>
    public string Write(string text)
    {
        var file = Path.Combine(home, Guid.NewGuid().ToString("N"));
        File.WriteAllText(file, text);
        return file;
    }

    public async Task CreateRoleAsync(string name, string principal, string action, string condition)
    {
        await AwsAsync([], "iam", "create-role", "--role-name", name, "--assume-role-policy-document",
            $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{{principal}},"Action":"{{action}}","Condition":{{condition}}}]}""");
        await AwsAsync([], "iam", "put-role-policy", "--role-name", name, "--policy-name", "read", "--policy-document",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:*:secret:team/*"}]}""");
    }

    public static (string, string)[] Environment(JsonNode credentials) =>
    [
        ("AWS_ACCESS_KEY_ID", credentials["AccessKeyId"]!.GetValue<string>()),
        ("AWS_SECRET_ACCESS_KEY", credentials["SecretAccessKey"]!.GetValue<string>()),
        ("AWS_SESSION_TOKEN", credentials["SessionToken"]!.GetValue<string>()),
    ];

    public (string, string)[] WithToken(string subject)
    {
        var file = Write(issuer.Token(subject));
        return [("AWS_ROLE_ARN", $"arn:aws:iam::{Account}:role/web"), ("AWS_WEB_IDENTITY_TOKEN_FILE", file), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")];
    }

    public static string Value((string Name, string Value)[] environment, string name) => environment.Single(v => v.Name == name).Value;

    public async Task<JsonObject> AwsAsync((string, string)[] environment, params string[] arguments)
    {
        var (code, output, error) = await RunAsync("aws", environment, [.. arguments, "--output", "json"]);
        Assert.True(code == 0, $"aws {string.Join(' ', arguments)}: {error}");
        return output.Length == 0 ? [] : JsonNode.Parse(output)!.AsObject();
    }

    /// <returns>Code and message of the error.</returns>
    public async Task<string> RefusedAsync((string, string)[] environment, params string[] arguments)
    {
        var (code, output, error) = await RunAsync("aws", environment, arguments);
        Assert.True(code != 0, $"aws {string.Join(' ', arguments)}: {output}");
        var open = error.IndexOf('(', StringComparison.Ordinal);
        var close = error.IndexOf(')', StringComparison.Ordinal);
        var message = close < 0 ? -1 : error.IndexOf(": ", close, StringComparison.Ordinal);
        var retries = error.IndexOf("(reached max retries: 0): ", StringComparison.Ordinal);
        if (retries >= 0)
            message = retries + "(reached max retries: 0)".Length;
        Assert.True(open >= 0 && close > open && message > 0, error);
        return $"{error[(open + 1)..close]}: {error[(message + 2)..].TrimEnd()}";
    }

    public async Task<string> PythonAsync((string, string)[] environment, string script)
    {
        var (code, output, error) = await RunAsync("python3", environment, ["-c", "import boto3\n" + script]);
        Assert.True(code == 0, error);
        return output.TrimEnd();
    }

    public async Task<(int Code, string Output, string Error)> RunAsync(string program, (string, string)[] environment, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        ClientEnvironment.Apply(start, server, home);
        start.Environment["HOME"] = Directory.CreateDirectory(Path.Combine(home, Guid.NewGuid().ToString("N"))).FullName; // the CLI keeps sessions there
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}

/// <summary>Roles as people use them: with the AWS CLI and boto3, by profile, by hand, and with a token file. The page is docs/identity.md.</summary>
public sealed class RoleTests(RoleServer shared) : IClassFixture<RoleServer>
{
    [Fact]
    public async Task The_CLI_assumes_a_role_and_reads_what_the_role_may()
    {
        await shared.CreateRoleAsync("reader", $$"""{"AWS":"arn:aws:iam::{{shared.Account}}:user/app"}""", "sts:AssumeRole", """{"StringEquals":{"sts:ExternalId":"agreed"}}""");
        var app = shared.AppKey;
        var role = $"arn:aws:iam::{shared.Account}:role/reader";

        Assert.Equal(
            $"AccessDenied: User: arn:aws:iam::{shared.Account}:user/app is not authorized to perform: sts:AssumeRole on resource: {role}",
            await shared.RefusedAsync(app, "sts", "assume-role", "--role-arn", role, "--role-session-name", "build-42"));
        var answer = await shared.AwsAsync(app, "sts", "assume-role", "--role-arn", role, "--role-session-name", "build-42", "--external-id", "agreed", "--duration-seconds", "900");
        var session = RoleServer.Environment(answer["Credentials"]!);

        Assert.Equal($"arn:aws:sts::{shared.Account}:assumed-role/reader/build-42", (await shared.AwsAsync(session, "sts", "get-caller-identity"))["Arn"]!.GetValue<string>());
        await ReadsTheTeamsAloneAsync(session);
    }

    [Fact]
    public async Task The_CLI_assumes_the_role_of_a_profile()
    {
        await shared.CreateRoleAsync("profiled", $$"""{"AWS":"arn:aws:iam::{{shared.Account}}:user/app"}""", "sts:AssumeRole", "{}");
        var (id, secret) = (RoleServer.Value(shared.AppKey, "AWS_ACCESS_KEY_ID"), RoleServer.Value(shared.AppKey, "AWS_SECRET_ACCESS_KEY"));
        var config = shared.Write($"""
            [profile reader]
            region = us-east-1
            cli_pager =
            role_arn = arn:aws:iam::{shared.Account}:role/profiled
            source_profile = base
            role_session_name = from-a-profile
            """);
        var credentials = shared.Write($"[base]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");

        await ReadsTheTeamsAloneAsync([("AWS_CONFIG_FILE", config), ("AWS_SHARED_CREDENTIALS_FILE", credentials), ("AWS_PROFILE", "reader")]);
    }

    [Fact]
    public async Task The_CLI_and_boto3_come_with_a_token_file_and_no_key_at_all()
    {
        await shared.CreateRoleAsync(
            "web", $$"""{"Federated":"arn:aws:iam::{{shared.Account}}:oidc-provider/issuer.invalid/clusters/one"}""", "sts:AssumeRoleWithWebIdentity",
            """{"StringEquals":{"issuer.invalid/clusters/one:sub":"system:serviceaccount:shop:web"}}""");
        var good = shared.WithToken("system:serviceaccount:shop:web");

        await ReadsTheTeamsAloneAsync(good);
        Assert.StartsWith($"arn:aws:sts::{shared.Account}:assumed-role/web/", (await shared.AwsAsync(good, "sts", "get-caller-identity"))["Arn"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("for the team", await shared.PythonAsync(good, "print(boto3.client('secretsmanager').get_secret_value(SecretId='team/a')['SecretString'])"));
        Assert.Equal(
            "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
            await shared.RefusedAsync(shared.WithToken("system:serviceaccount:bank:web"), "sts", "get-caller-identity"));
    }

    [Fact]
    public async Task Boto3_assumes_a_role()
    {
        await shared.CreateRoleAsync("python", $$"""{"AWS":"arn:aws:iam::{{shared.Account}}:user/app"}""", "sts:AssumeRole", "{}");

        Assert.Equal(
            $"arn:aws:sts::{shared.Account}:assumed-role/python/boto for the team AccessDeniedException",
            await shared.PythonAsync(shared.AppKey, $"""
                c = boto3.client('sts').assume_role(RoleArn='arn:aws:iam::{shared.Account}:role/python', RoleSessionName='boto')['Credentials']
                s = boto3.Session(c['AccessKeyId'], c['SecretAccessKey'], c['SessionToken'])
                m = s.client('secretsmanager')
                try:
                    m.get_secret_value(SecretId='other')
                except m.exceptions.ClientError as e:
                    print(s.client('sts').get_caller_identity()['Arn'], m.get_secret_value(SecretId='team/a')['SecretString'], e.response['Error']['Code'])
                """));
    }

    [Fact]
    public async Task The_CLI_gets_sessions_of_users()
    {
        var app = shared.AppKey;
        var session = RoleServer.Environment((await shared.AwsAsync(app, "sts", "get-session-token"))["Credentials"]!);
        Assert.Equal($"arn:aws:iam::{shared.Account}:user/app", (await shared.AwsAsync(session, "sts", "get-caller-identity"))["Arn"]!.GetValue<string>());

        var federated = await shared.AwsAsync([], "sts", "get-federation-token", "--name", "bob", "--policy",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*:secret:team/*"}]}""".Replace("\"*:secret", "\"arn:aws:secretsmanager:*:*:secret", StringComparison.Ordinal));
        await ReadsTheTeamsAloneAsync(RoleServer.Environment(federated["Credentials"]!));
        Assert.Equal(shared.Account, (await shared.AwsAsync([], "sts", "get-access-key-info", "--access-key-id", RoleServer.Value(session, "AWS_ACCESS_KEY_ID")))["Account"]!.GetValue<string>());
        Assert.StartsWith("InvalidAuthorizationMessageException", await shared.RefusedAsync([], "sts", "decode-authorization-message", "--encoded-message", "x"), StringComparison.Ordinal);
    }

    private async Task ReadsTheTeamsAloneAsync((string, string)[] environment)
    {
        Assert.Equal("for the team", (await shared.AwsAsync(environment, "secretsmanager", "get-secret-value", "--secret-id", "team/a"))["SecretString"]!.GetValue<string>());
        Assert.StartsWith("AccessDeniedException", await shared.RefusedAsync(environment, "secretsmanager", "get-secret-value", "--secret-id", "other"), StringComparison.Ordinal);
    }
}
