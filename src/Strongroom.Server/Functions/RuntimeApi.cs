using System.Buffers;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Functions;

/// <summary>What a function answered to one event.</summary>
/// <param name="IsError">It failed, and the payload is its error object.</param>
internal sealed record RuntimeAnswer(ReadOnlyMemory<byte> Payload, bool IsError);

/// <summary>One event for a function.</summary>
/// <param name="Arn">As it was invoked.</param>
internal sealed record RuntimeEvent(string RequestId, ReadOnlyMemory<byte> Payload, DateTimeOffset Deadline, string Arn)
{
    public TaskCompletionSource<RuntimeAnswer> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// The Lambda Runtime API for one process, on a loopback port of its own. Whoever reaches it could read the event and answer for the function, so a
/// connection is served only when it was opened by that process or one of its session. Source: IAM fact sheet 9.6.
/// </summary>
internal sealed class RuntimeApi : IAsyncDisposable
{
    /// <summary>Source: IAM fact sheet 9.6: a result is at most 6 MiB and 100 bytes.</summary>
    public const int MaxAnswerBytes = (6 << 20) + 100;

    private const string Base = "/2018-06-01/";
    private const string InvocationPath = Base + "runtime/invocation/";

    private readonly WebApplication app;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource<Func<IPEndPoint, int, ValueTask<bool>>> guard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RuntimeAnswer> initError = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> violation = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource nextAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<RuntimeEvent>? waiting;
    private RuntimeEvent? current;
    private bool hasAsked;

    private RuntimeApi()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // bounded where it is read, to answer as Lambda does
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MaxConcurrentConnections = 16;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromHours(1); // longer than any timeout; for ever would overflow there, and close at once
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => async connection =>
                {
                    var isOurs = await guard.Task.WaitAsync(connection.ConnectionClosed);
                    if (connection is { RemoteEndPoint: IPEndPoint peer, LocalEndPoint: IPEndPoint own } && await isOurs(peer, own.Port))
                        await next(connection);
                    else
                        connection.Abort();
                });
            });
        });
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        app = builder.Build();
        app.Run(HandleAsync);
    }

    /// <summary><c>AWS_LAMBDA_RUNTIME_API</c>: address and port.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Completes when the runtime could not load the function, with what it says about that.</summary>
    public Task<RuntimeAnswer> InitError => initError.Task;

    /// <summary>Completes when the process breaks the protocol, with what it did.</summary>
    public Task<string> Violation => violation.Task;

    /// <summary>Completes when the runtime waits for an event.</summary>
    public Task NextAsked
    {
        get
        {
            lock (gate)
                return nextAsked.Task;
        }
    }

    public static async Task<RuntimeApi> StartAsync(CancellationToken ct)
    {
        var api = new RuntimeApi();
        await api.app.StartAsync(ct);
        api.Address = new Uri(api.app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Authority;
        return api;
    }

    /// <summary>Lets connections in. Until then they wait.</summary>
    /// <param name="isOurs">Given the peer, and the port that it reached.</param>
    public void Open(Func<IPEndPoint, int, ValueTask<bool>> isOurs) => guard.TrySetResult(isOurs);

    /// <summary>Hands an event to the runtime, which must be waiting for one.</summary>
    public void Offer(RuntimeEvent what)
    {
        lock (gate)
        {
            current = what;
            nextAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting?.TrySetResult(what);
            waiting = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        guard.TrySetCanceled();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        var method = context.Request.Method;
        if (method == "GET" && path == InvocationPath + "next")
            return NextAsync(context);
        if (method == "GET" && path == Base + "ping")
            return WriteAsync(context, 200, "pong", "text/plain");
        if (method == "POST" && path == Base + "runtime/init/error")
            return InitErrorAsync(context);
        if (method == "POST" && path.StartsWith(InvocationPath, StringComparison.Ordinal)
            && path[InvocationPath.Length..].Split('/') is [var id, "response" or "error"])
            return AnswerAsync(context, id, path.EndsWith("/error", StringComparison.Ordinal));
        return RefuseAsync(context, 404, "ResourceNotFound", "No such path.");
    }

    private async Task NextAsync(HttpContext context)
    {
        TaskCompletionSource<RuntimeEvent>? mine = null;
        lock (gate)
        {
            // What it was waiting for on a connection that it has given up is not waited for any more.
            if (current is null)
            {
                hasAsked = true;
                mine = waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
                nextAsked.TrySetResult();
            }
        }

        if (mine is null)
        {
            await BreakAsync(context, 403, "InvalidStateTransition", "The last event has no answer yet.");
            return;
        }

        RuntimeEvent what;
        try
        {
            what = await mine.Task.WaitAsync(context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return; // it ended, or asks again
        }

        var headers = context.Response.Headers;
        headers["Lambda-Runtime-Aws-Request-Id"] = what.RequestId;
        headers["Lambda-Runtime-Deadline-Ms"] = what.Deadline.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        headers["Lambda-Runtime-Invoked-Function-Arn"] = what.Arn;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = what.Payload.Length;
        await context.Response.Body.WriteAsync(what.Payload, context.RequestAborted);
    }

    private async Task AnswerAsync(HttpContext context, string id, bool isError)
    {
        RuntimeEvent? what;
        lock (gate)
            what = current;
        if (what is null || what.RequestId != id)
        {
            await BreakAsync(context, what is null ? 403 : 400, what is null ? "InvalidStateTransition" : "InvalidRequestID",
                what is null ? "There is no event to answer." : "Invalid request ID");
            return;
        }

        if (await ReadAsync(context) is not { } body)
        {
            End(what, new RuntimeAnswer(FunctionErrors.TooLarge(), IsError: true));
            await RefuseAsync(context, 413, "RequestEntityTooLarge", $"Exceeded maximum allowed payload size ({MaxAnswerBytes} bytes).");
            return;
        }

        End(what, new RuntimeAnswer(body, isError));
        await WriteAsync(context, 202, "{\"status\":\"OK\"}");
    }

    private void End(RuntimeEvent what, RuntimeAnswer answer)
    {
        lock (gate)
            current = null;
        what.Answer.TrySetResult(answer);
    }

    private async Task InitErrorAsync(HttpContext context)
    {
        bool isLate;
        lock (gate)
            isLate = hasAsked;
        if (isLate)
        {
            await BreakAsync(context, 403, "InvalidStateTransition", "The initialization has ended.");
            return;
        }

        var body = await ReadAsync(context);
        await WriteAsync(context, 202, "{\"status\":\"OK\"}");
        initError.TrySetResult(new RuntimeAnswer(body ?? FunctionErrors.TooLarge(), IsError: true));
    }

    private static async Task<byte[]?> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxAnswerBytes)
            return null;
        var body = new ArrayBufferWriter<byte>(1024);
        while (await context.Request.Body.ReadAsync(body.GetMemory(1024), context.RequestAborted) is > 0 and var read)
        {
            body.Advance(read);
            if (body.WrittenCount > MaxAnswerBytes)
                return null;
        }

        return body.WrittenSpan.ToArray();
    }

    private async Task BreakAsync(HttpContext context, int status, string type, string message)
    {
        await RefuseAsync(context, status, type, message);
        violation.TrySetResult($"{type}: {message}");
    }

    private static Task RefuseAsync(HttpContext context, int status, string type, string message) =>
        WriteAsync(context, status, $$"""{"errorMessage":"{{message}}","errorType":"{{type}}"}""");

    private static Task WriteAsync(HttpContext context, int status, string body, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body, context.RequestAborted);
    }
}
