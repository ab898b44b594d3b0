using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Strongroom.Server.Functions;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Functions;

/// <summary>What an answer of Lambda, or of its emulator, means. Source: IAM fact sheet 9.1, 9.5.</summary>
public sealed class HttpFunctionTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private string secretArn = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        secretArn = (string)(await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = "11111111-1111-4111-8111-111111111111", SecretString = "secret-canary" }))["ARN"]!;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(200, "", "null", null)]
    [InlineData(200, "", "", null)]
    [InlineData(200, "", "no json at all", null)]
    [InlineData(200, "", """{"errorType":"a result of its own"}""", null)]
    [InlineData(200, "X-Amz-Function-Error: Unhandled", """{"errorMessage":"bad secret-canary","errorType":"ValueError"}""", "ValueError: bad [redacted]")]
    [InlineData(200, "X-Amz-Function-Error: Unhandled", """{"errorMessage":"2026-01-15T12:30:45.123Z 1 Task timed out after 30.00 seconds"}""", "2026-01-15T12:30:45.123Z 1 Task timed out after 30.00 seconds")]
    [InlineData(200, "X-Amz-Function-Error: Handled", "null", "The function failed and does not say why.")]
    [InlineData(200, "", """{"errorMessage":"no header","errorType":"ValueError","stackTrace":[]}""", "ValueError: no header")] // the emulator's
    [InlineData(200, "", "Task timed out after 300.00 seconds", "Task timed out after 300.00 seconds")] // the emulator's
    [InlineData(202, "", "", "The function's address answered 202")]
    [InlineData(400, "", "", "The function's address answered 400")]
    [InlineData(404, "x-amzn-ErrorType: ResourceNotFoundException:http://x", """{"Message":"Function not found: secret-canary"}""", "The function's address answered 404 ResourceNotFoundException {\"Message\":\"Function not found: [redacted]\"}")]
    [InlineData(502, "", """{"errorMessage":"m","errorType":"Runtime.ExitError"}""", "The function's address answered 502  {\"errorMessage\":\"m\",\"errorType\":\"Runtime.ExitError\"}")]
    [InlineData(302, "Location: http://127.0.0.1:1/", "", "The function's address answered 302")]
    public async Task Whether_a_step_succeeded_is_told_by_status_header_and_body(int status, string header, string body, string? error)
    {
        await using var lambda = await Answering.StartAsync(async context =>
        {
            context.Response.StatusCode = status;
            if (header.Length > 0)
                context.Response.Headers[header.Split(": ")[0]] = header.Split(": ")[1];
            await context.Response.WriteAsync(body);
        });
        using var function = Function(lambda);

        Assert.Equal(error, (await function.InvokeAsync(Step, Ct)).Error);
    }

    [Fact]
    public async Task The_request_is_lambdas_and_the_log_comes_back_without_secrets()
    {
        string seen = "", body = "";
        await using var lambda = await Answering.StartAsync(async context =>
        {
            seen = string.Join('|', context.Request.Method, context.Request.Path, context.Request.Headers["X-Amz-Invocation-Type"], context.Request.Headers["X-Amz-Log-Type"],
                context.Request.ContentType, context.Request.Headers.ContainsKey("Authorization"));
            body = await new StreamReader(context.Request.Body).ReadToEndAsync(Ct);
            context.Response.Headers["X-Amz-Log-Result"] = Convert.ToBase64String("canary, then secret-canary and 33333333-3333-4333-8333-333333333333"u8);
            await context.Response.WriteAsync("null");
        });
        using var function = Function(lambda);

        var result = await function.InvokeAsync(Step, Ct);

        Assert.Equal("POST|/2015-03-31/functions/function/invocations|RequestResponse|Tail|application/json|False", seen);
        Assert.Equal($$"""{"SecretId":"{{secretArn}}","ClientRequestToken":"11111111-1111-4111-8111-111111111111","Step":"testSecret","RotationToken":"33333333-3333-4333-8333-333333333333"}""", body);
        // The first could be the end of a value whose beginning is cut off.
        Assert.Equal("[redacted], then [redacted] and [redacted]", result.Output);
    }

    [Fact]
    public async Task A_function_that_does_not_answer_in_time_has_failed()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var lambda = await Answering.StartAsync(async context =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using var function = Function(lambda);
        var running = function.InvokeAsync(Step, Ct);
        await asked.Task.WaitAsync(TimeSpan.FromMinutes(1), Ct);

        server.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal("The function did not answer within 30 seconds.", (await running).Error);
    }

    [Fact]
    public async Task An_answer_larger_than_lambda_gives_is_not_read()
    {
        await using var lambda = await Answering.StartAsync(context => context.Response.Body.WriteAsync(new byte[(6 << 20) + 1], context.RequestAborted).AsTask());
        using var function = Function(lambda);

        Assert.Contains("larger than 6291456 bytes", (await function.InvokeAsync(Step, Ct)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_is_not_there_is_an_error_in_words()
    {
        Uri address;
        await using (var lambda = await Answering.StartAsync(_ => Task.CompletedTask))
            address = lambda.Address;
        using var function = new HttpFunction(new HttpFunctionOptions { Address = address }, "f", server.Server.Functions.Secrets, server.Time);

        Assert.StartsWith("The function can't be reached: Connection refused", (await function.InvokeAsync(Step, Ct)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_is_believed_from_the_named_authorities_alone()
    {
        using var authority = new TestAuthority();
        using var certificate = authority.Issue("127.0.0.1");
        await using var receiver = new LoopbackReceiver(certificate) { Answer = _ => "200 OK" };
        using var trusting = new HttpFunction(new HttpFunctionOptions { Address = receiver.Address, CertificateAuthorities = authority.AuthorityFile }, "f", server.Server.Functions.Secrets, server.Time);
        using var other = new HttpFunction(new HttpFunctionOptions { Address = receiver.Address }, "f", server.Server.Functions.Secrets, server.Time);

        Assert.Null((await trusting.InvokeAsync(Step, Ct)).Error);
        Assert.Contains("certificate", (await other.InvokeAsync(Step, Ct)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_or_open_credentials_fail_the_step_before_anything_is_sent()
    {
        var credentials = Path.Combine(server.Data, "invoker");
        async Task<string?> InvokeAsync()
        {
            using var function = new HttpFunction(
                new HttpFunctionOptions { Address = new Uri("http://127.0.0.1:1/"), Signing = ("us-east-1", new InvokerCredentials.InFile(credentials, "default")) },
                "f", server.Server.Functions.Secrets, server.Time);
            return (await function.InvokeAsync(Step, Ct)).Error;
        }

        Assert.Contains("is missing", await InvokeAsync(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(credentials, "[default]\naws_access_key_id = id\naws_secret_access_key = canary\n", Ct);
        File.SetUnixFileMode(credentials, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("open to other users", await InvokeAsync(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(credentials, "[other]\naws_access_key_id = id\n", Ct);
        File.SetUnixFileMode(credentials, UnixFileMode.UserRead);
        Assert.Contains("no aws_access_key_id and aws_secret_access_key in the profile [default]", await InvokeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_value_cannot_be_read_the_output_is_withheld()
    {
        await using var lambda = await Answering.StartAsync(async context =>
        {
            context.Response.Headers["X-Amz-Log-Result"] = Convert.ToBase64String("secret-canary"u8);
            context.Response.Headers["X-Amz-Function-Error"] = "Unhandled";
            await context.Response.WriteAsync("""{"errorMessage":"secret-canary"}""");
        });
        var key = (string)(await server.Root.JsonAsync("TrentService.CreateKey", new { }))["KeyMetadata"]!["KeyId"]!;
        await server.CallAsync("UpdateSecret", new { SecretId = "s", ClientRequestToken = "22222222-2222-4222-8222-222222222222", KmsKeyId = key });
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = "44444444-4444-4444-8444-444444444444", SecretString = "another" });
        await server.Root.JsonAsync("TrentService.DisableKey", new { KeyId = key });
        using var function = Function(lambda);

        var result = await function.InvokeAsync(Step, Ct);

        Assert.StartsWith("[withheld: values of ", result.Output, StringComparison.Ordinal);
        Assert.StartsWith("[withheld: values of ", result.Error, StringComparison.Ordinal);
    }

    private RotationEvent Step => new(RotationStep.TestSecret, secretArn, "11111111-1111-4111-8111-111111111111", "33333333-3333-4333-8333-333333333333");

    private HttpFunction Function(Answering lambda) => new(new HttpFunctionOptions { Address = lambda.Address }, "f", server.Server.Functions.Secrets, server.Time);

    private sealed class Answering : IAsyncDisposable
    {
        private readonly WebApplication app;

        private Answering(WebApplication app) => this.app = app;

        public Uri Address { get; private set; } = null!;

        public static async Task<Answering> StartAsync(RequestDelegate answer)
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1));
            var app = builder.Build();
            app.Run(answer);
            await app.StartAsync(Ct);
            var bound = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
            return new Answering(app) { Address = new Uri(bound + "/2015-03-31/functions/function/invocations") };
        }

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
