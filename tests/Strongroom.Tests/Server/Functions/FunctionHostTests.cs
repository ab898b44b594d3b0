using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Strongroom.Server.Functions;

namespace Strongroom.Tests.Server.Functions;

/// <summary>Functions as processes. What they expect is Lambda's: Developer Guide, "Using the Lambda runtime API", handlers and contexts of Python and Node.js.</summary>
public sealed class FunctionHostTests
{
    // A function that says something to the test and waits for its word.
    private const string Calls = """
        import os, socket, subprocess, sys
        def call(event, text):
            line = socket.create_connection(("127.0.0.1", event["port"]))
            line.sendall((text + "\n").encode())
            return line.makefile().readline().strip()

        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_python_handler_gets_the_event_and_a_context_and_its_answer_comes_back()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("""
            import logging
            logging.getLogger().setLevel(logging.INFO)
            def lambda_handler(event, context):
                logging.getLogger().info("logged %s", event["word"])
                print("printed")
                return {"word": event["word"], "id": context.aws_request_id, "name": context.function_name, "version": context.function_version,
                        "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb, "group": context.log_group_name,
                        "stream": context.log_stream_name, "left": context.get_remaining_time_in_millis()}
            """);

        var result = await host.InvokeAsync(function, new { word = "grün \" \\" });

        Assert.Null(result.FunctionError);
        var answer = JsonNode.Parse(result.Payload.Span)!;
        Assert.Equal("grün \" \\", (string?)answer["word"]);
        Assert.Equal((function.Name, "$LATEST", function.Arn, "128"), ((string?)answer["name"], (string?)answer["version"], (string?)answer["arn"], (string?)answer["memory"]));
        Assert.Equal("/aws/lambda/" + function.Name, (string?)answer["group"]);
        Assert.Matches(@"\A\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}\z", (string?)answer["stream"]);
        Assert.InRange((int)answer["left"]!, 1, 3000 + 60_000);
        Assert.Matches($@"\[INFO\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z\t{(string?)answer["id"]}\tlogged grün", result.Log);
        Assert.Contains("printed\n", result.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_is_an_error_object_and_the_process_goes_on()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("""
            import os
            def lambda_handler(event, context):
                if event["fail"]:
                    raise ValueError("no good: " + event["fail"])
                return os.getpid()
            """);
        var before = (int)(await host.CallAsync(function, new { fail = "" }))!;

        var result = await host.InvokeAsync(function, new { fail = "this" });

        var error = JsonNode.Parse(result.Payload.Span)!;
        Assert.Equal(("Unhandled", "ValueError", "no good: this"), (result.FunctionError, (string?)error["errorType"], (string?)error["errorMessage"]));
        Assert.Contains("lambda_function.py", (string?)error["stackTrace"]![0], StringComparison.Ordinal);
        Assert.Contains("[ERROR] ValueError: no good: this", result.Log, StringComparison.Ordinal);
        Assert.Equal(before, (int)(await host.CallAsync(function, new { fail = "" }))!);
    }

    [Theory]
    [InlineData("def lambda_handler(event, context): return 1", "lambda_function.other", "Runtime.HandlerNotFound", "Handler 'other' missing on module 'lambda_function'")]
    [InlineData("import nothing_there", "lambda_function.lambda_handler", "Runtime.ImportModuleError", "Unable to import module 'lambda_function': No module named 'nothing_there'")]
    [InlineData("def lambda_handler(event, context) return 1", "lambda_function.lambda_handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'lambda_function'")]
    [InlineData("raise KeyError('at import')", "lambda_function.lambda_handler", "KeyError", "'at import'")]
    [InlineData("", "lambda_handler", "Runtime.MalformedHandlerName", "Bad handler 'lambda_handler'")]
    [InlineData("import os\nos._exit(7)", "lambda_function.lambda_handler", "Runtime.ExitError", "Runtime exited with error: exit status 7")]
    [InlineData("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "lambda_function.lambda_handler", "Runtime.ExitError", "Runtime exited with error: signal: killed")]
    public async Task A_python_function_that_cannot_be_loaded_says_why(string code, string handler, string type, string message)
    {
        await using var host = await RunningHost.StartAsync();

        var error = await host.FailAsync(host.Function("python3.11", "lambda_function.py", code, handler), new { });

        Assert.Equal(type, error.Type);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("index.js", "index.handler", "exports.handler = async (event, context) => ({ word: event.word, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 });")]
    [InlineData("index.js", "index.handler", "exports.handler = (event, context, callback) => setTimeout(() => callback(null, { word: event.word, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 }), 1);")]
    [InlineData("app.mjs", "app.run", "export const run = async (event, context) => ({ word: event.word, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 });")]
    [InlineData("app.mjs", "app.a.run", "export const a = { run: async (event, context) => ({ word: event.word, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 }) };")]
    public async Task A_node_handler_answers_by_a_promise_or_a_callback(string file, string handler, string code)
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Function("nodejs20.x", file, code, handler);

        foreach (var word in (string[])["first", "grün"])
            Assert.Equal($$"""{"word":"{{word}}","name":"{{function.Name}}","left":true}""", (await host.CallAsync(function, new { word }))!.ToJsonString(Relaxed));
    }

    private static readonly System.Text.Json.JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Theory]
    [InlineData("exports.handler = async () => { throw new RangeError('too far'); };", "index.handler", "RangeError", "too far")]
    [InlineData("exports.handler = (event, context, callback) => callback(new TypeError('called back'));", "index.handler", "TypeError", "called back")]
    [InlineData("exports.handler = (event, context, callback) => setTimeout(() => { throw new Error('thrown later'); }, 1);", "index.handler", "Error", "thrown later")]
    [InlineData("exports.handler = (event, context, callback) => { Promise.reject(new Error('rejected')); };", "index.handler", "Runtime.UnhandledPromiseRejection", "rejected")]
    [InlineData("exports.handler = 1;", "index.handler", "Runtime.HandlerNotFound", "index.handler is undefined or not exported")]
    [InlineData("", "other.handler", "Runtime.ImportModuleError", "Cannot find module 'other'")]
    [InlineData("require('nothing-there');", "index.handler", "Runtime.ImportModuleError", "nothing-there")]
    [InlineData("exports.handler = (", "index.handler", "Runtime.UserCodeSyntaxError", "")]
    [InlineData("exports.handler = async () => process.exit(3);", "index.handler", "Runtime.ExitError", "exit status 3")]
    public async Task A_node_function_that_fails_says_why(string code, string handler, string type, string message)
    {
        await using var host = await RunningHost.StartAsync();

        var error = await host.FailAsync(host.Function("nodejs20.x", "index.js", code, handler), new { });

        Assert.Equal(type, error.Type);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    // The Runtime API by hand, as the tutorial for custom runtimes shows it with curl; bash opens the connection itself.
    private const string Bootstrap = """
        #!/bin/bash
        set -eu
        host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
        request() {
            exec 3<>"/dev/tcp/$host/$port"
            printf '%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' "$1" "$2" "${#3}" "$3" >&3
            answer=$(cat <&3)
            exec 3>&-
        }
        while true; do
            request GET /2018-06-01/runtime/invocation/next ""
            id=$(printf '%s' "$answer" | tr -d '\r' | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
            event=${answer##*$'\r\n'}
            echo "event: $event"
            request POST "/2018-06-01/runtime/invocation/$id/response" "{\"got\":$event}"
        done
        """;

    private const string Answer = "request POST \"/2018-06-01/runtime/invocation/$id/response\" \"{\\\"got\\\":$event}\"";

    [Fact]
    public async Task A_bootstrap_of_the_functions_own_speaks_the_runtime_api()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Function("provided.al2023", "bootstrap", Bootstrap);

        var result = await host.InvokeAsync(function, new { Step = "createSecret" });

        Assert.Equal("""{"got":{"Step":"createSecret"}}""", Encoding.UTF8.GetString(result.Payload.Span));
        Assert.Contains("event: {\"Step\":\"createSecret\"}", result.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("request POST \"/2018-06-01/runtime/invocation/somebody-elses/response\" 1", "InvalidRequestID")]
    [InlineData("request POST \"/2018-06-01/runtime/init/error\" 1", "InvalidStateTransition: The initialization has ended.")]
    [InlineData(":", "InvalidStateTransition: The last event has no answer yet.")]
    public async Task A_bootstrap_that_breaks_the_protocol_is_ended(string instead, string reason)
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Function("provided.al2023", "bootstrap", Bootstrap.Replace(Answer, instead, StringComparison.Ordinal));

        var error = await host.FailAsync(function, new { });

        Assert.Equal("Runtime.ProtocolError", error.Type);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_is_killed_with_all_its_children_when_its_time_is_up()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python(Calls + """
            def lambda_handler(event, context):
                if "port" not in event:
                    return os.getpid()
                kept = subprocess.Popen(["/bin/sleep", "1000"])
                left = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
                print("before the end")
                call(event, "%d %d %d" % (os.getpid(), kept.pid, left.pid))
            """);
        var running = host.InvokeAsync(function, new { port = host.CallPort });
        using var call = await host.AnswerAsync();
        var processes = (await call.HearAsync()).Split(' ').Select(id => int.Parse(id, CultureInfo.InvariantCulture)).ToArray();

        host.Time.Advance(TimeSpan.FromMilliseconds(2999));
        Assert.False(running.IsCompleted);
        host.Time.Advance(TimeSpan.FromMilliseconds(1));

        var (type, message, log) = RunningHost.Read(await running);
        Assert.Equal("Sandbox.Timedout", type);
        Assert.Matches(@"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [0-9a-f-]{36} Task timed out after 3\.00 seconds\z", message);
        Assert.Contains("before the end", log, StringComparison.Ordinal);
        foreach (var process in processes)
            await UntilGoneAsync(process);
        Assert.DoesNotContain((int)(await host.CallAsync(function, new { }))!, processes);
    }

    [Fact]
    public async Task A_crash_ends_the_invocation_alone()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("import os, sys\ndef lambda_handler(event, context):\n    if event:\n        print('last words'); sys.stdout.flush(); os._exit(event)\n    return 'well'");
        await host.CallAsync(function, 0);

        var (type, message, log) = await host.FailAsync(function, 9);

        Assert.Equal("Runtime.ExitError", type);
        Assert.EndsWith("Error: Runtime exited with error: exit status 9", message, StringComparison.Ordinal);
        Assert.Contains("last words", log, StringComparison.Ordinal);
        Assert.Equal("well", (string?)await host.CallAsync(function, 0));
    }

    [Theory]
    [InlineData("python3.11", "lambda_function.py", "lambda_function.lambda_handler", "def lambda_handler(event, context):\n    return len(bytearray(event << 20))", "MemoryError")]
    [InlineData("nodejs20.x", "index.js", "index.handler", "exports.handler = async megabytes => { const kept = []; for (let i = 0; i < megabytes; i++) kept.push(Buffer.alloc(1 << 20, 1)); return kept.length << 20; };", "Error")]
    public async Task A_function_gets_the_memory_that_it_was_given_and_no_more(string runtime, string file, string handler, string code, string error)
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Function(runtime, file, code, handler);

        Assert.Equal(64 << 20, (int)(await host.CallAsync(function, 64))!);
        var failed = await host.FailAsync(function, 1024);

        Assert.Contains(error, failed.Type, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_is_lambdas_and_the_functions_own_and_nothing_else()
    {
        Environment.SetEnvironmentVariable("STRONGROOM_TEST_CANARY", "inherited");
        await using var host = await RunningHost.StartAsync();
        const string Tricky = "it's \"$HOME\" `id` $(id) \\ \n second line";
        var function = host.Python("import os\ndef lambda_handler(event, context):\n    return {'env': dict(os.environ), 'files': [os.readlink('/proc/self/fd/' + f) if os.path.islink('/proc/self/fd/' + f) else f for f in sorted(os.listdir('/proc/self/fd'))], 'cwd': os.getcwd(), 'ids': [os.getuid(), os.geteuid(), os.getgroups()]}") with
        {
            Environment = new Dictionary<string, string> { ["EXCLUDE_CHARACTERS"] = Tricky, ["LD_LIBRARY_PATH"] = "/own/lib", ["AWS_REGION"] = "xx-own-1", ["AWS_SESSION_TOKEN"] = "own", ["not a name"] = "x" },
        };

        var answer = (await host.CallAsync(function, new { }))!;

        var environment = answer["env"]!.AsObject().ToDictionary(variable => variable.Key, variable => (string?)variable.Value);
        string[] expected =
        [
            "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_ENDPOINT_URL", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME",
            "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION",
            "EXCLUDE_CHARACTERS", "HOME", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "LD_LIBRARY_PATH", "PATH", "SECRETS_MANAGER_ENDPOINT", "TMPDIR", "TZ", "_HANDLER",
        ];
        // PWD, SHLVL and _ are a shell's, and stand in Lambda's environments too.
        Assert.Equal(expected, environment.Keys.Except(["PWD", "OLDPWD", "SHLVL", "_"]).Order(StringComparer.Ordinal));
        Assert.Equal((Tricky, "us-east-1", "http://127.0.0.1:1"), (environment["EXCLUDE_CHARACTERS"], environment["AWS_REGION"], environment["SECRETS_MANAGER_ENDPOINT"]));
        Assert.Equal((function.CodeId, function.CodeId), (environment["LAMBDA_TASK_ROOT"], (string?)answer["cwd"]));
        // Its three streams, the connection to the Runtime API, and the directory that was being listed: nothing of this process.
        var files = answer["files"]!.AsArray().Select(file => (string)file!).ToList();
        Assert.True(
            files.Count == 5 && files.Count(file => file.StartsWith("socket:", StringComparison.Ordinal)) == 1 && files.Count(file => file.StartsWith("pipe:", StringComparison.Ordinal)) == 2
            && files.Contains("/dev/null") && files.Count(file => file.All(char.IsAsciiDigit)) == 1, string.Join(' ', files));
        var user = FunctionUser.Resolve(RunningHost.User);
        Assert.Equal($"[{user.Id},{user.Id},{(user.IsOther ? "[]" : answer["ids"]![2]!.ToJsonString())}]", answer["ids"]!.ToJsonString());
    }

    [Fact]
    public async Task What_the_environment_says_reaches_no_program_that_runs_as_the_server()
    {
        // A library that the dynamic linker cannot load makes it complain, once for each program that it starts.
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("def lambda_handler(event, context):\n    return 1") with
        {
            Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = "/nowhere/canary.so" },
        };

        var result = await host.InvokeAsync(function, new { });

        Assert.Null(result.FunctionError);
        Assert.Single(result.Log.Split('\n'), line => line.Contains("canary.so", StringComparison.Ordinal) || line.Contains("LD_PRELOAD", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_the_functions_own_connections_are_served()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python(Calls + """
            def lambda_handler(event, context):
                return call(event, os.environ["AWS_LAMBDA_RUNTIME_API"])
            """);
        // Another function of the same user.
        var thief = host.Python("""
            import http.client
            def lambda_handler(event, context):
                try:
                    line = http.client.HTTPConnection(event["address"])
                    line.request("GET", "/2018-06-01/ping")
                    return line.getresponse().read().decode()
                except OSError as error:
                    return type(error).__name__
                except http.client.HTTPException as error:
                    return type(error).__name__
            """);
        var running = host.InvokeAsync(function, new { port = host.CallPort });
        using var call = await host.AnswerAsync();
        var address = await call.HearAsync();

        using var http = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"http://{address}/2018-06-01/ping"), Ct));
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetAsync(new Uri($"http://{address}/2018-06-01/runtime/invocation/next"), Ct));
        Assert.Contains((string)(await host.CallAsync(thief, new { address }))!, (string[])["RemoteDisconnected", "ConnectionResetError"]);

        await call.SayAsync("done");
        Assert.Equal("\"done\"", Encoding.UTF8.GetString((await running).Payload.Span) + (await running).Log);
    }

    [Fact]
    public async Task A_child_of_the_function_may_speak_for_it()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("""
            import subprocess, sys
            PING = "import http.client, os; c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API']); c.request('GET', '/2018-06-01/ping'); print(c.getresponse().read().decode())"
            def lambda_handler(event, context):
                return subprocess.run([sys.executable, "-c", PING], capture_output=True, text=True).stdout.strip()
            """);

        Assert.Equal("pong", (string?)await host.CallAsync(function, new { }));
    }

    [Fact]
    public async Task A_function_that_writes_much_does_not_stall_and_the_end_is_kept()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("""
            import sys
            def lambda_handler(event, context):
                for i in range(200000):
                    print("line %d of many, all of them on one of two streams" % i, file=sys.stderr if i % 2 else sys.stdout)
                sys.stdout.write("x" * 20000 + "\n")
                return "done"
            """);

        var result = await host.InvokeAsync(function, new { });

        Assert.True("\"done\"" == Encoding.UTF8.GetString(result.Payload.Span), Encoding.UTF8.GetString(result.Payload.Span) + result.Log[^1000..]);
        Assert.InRange(result.Log.Length, 32 << 10, 64 << 10);
        Assert.Contains("line 199999 of many", result.Log, StringComparison.Ordinal);
        Assert.EndsWith("xxx [cut]\n", result.Log, StringComparison.Ordinal);
        Assert.All(result.Log.Split('\n'), line => Assert.InRange(line.Length, 0, (8 << 10) + 6));
    }

    [Fact]
    public async Task Variables_and_rotation_tokens_are_not_in_the_log()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("import os\ndef lambda_handler(event, context):\n    print(event, os.environ['OWN'])") with
        {
            Environment = new Dictionary<string, string> { ["OWN"] = "own-canary" },
        };

        var result = await host.InvokeAsync(function, new { Step = "createSecret", RotationToken = "token-canary" });

        Assert.Contains("'Step': 'createSecret'", result.Log, StringComparison.Ordinal);
        Assert.Contains("[redacted]", result.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", result.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_larger_than_lambda_takes_is_refused()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("def lambda_handler(event, context):\n    return 'x' * event");

        var most = (await host.InvokeAsync(function, (6 << 20) + 98)).Payload.Length;
        var error = await host.FailAsync(function, (6 << 20) + 99);

        Assert.Equal((6 << 20) + 100, most);
        Assert.True("Function.ResponseSizeTooLarge" == error.Type, error.ToString());
    }

    [Fact]
    public async Task One_process_serves_one_event_at_a_time()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python(Calls + "def lambda_handler(event, context):\n    return [os.getpid(), call(event, str(event['number']))]");
        var first = host.InvokeAsync(function, new { port = host.CallPort, number = 1 });
        using var call = await host.AnswerAsync();

        var second = host.InvokeAsync(function, new { port = host.CallPort, number = 2 });
        var next = host.AnswerAsync();
        Assert.Equal("1", await call.HearAsync());
        Assert.False(next.IsCompleted);
        await call.SayAsync("go");
        using var after = await next;
        Assert.Equal("2", await after.HearAsync());
        await after.SayAsync("go");

        Assert.Equal(JsonNode.Parse((await first).Payload.Span)![0]!.ToJsonString(), JsonNode.Parse((await second).Payload.Span)![0]!.ToJsonString());
    }

    [Fact]
    public async Task Too_many_that_wait_are_turned_away()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python(Calls + "def lambda_handler(event, context):\n    return call(event, 'here') if event else 1");
        var first = host.InvokeAsync(function, new { port = host.CallPort });
        using var call = await host.AnswerAsync();
        var waiting = Enumerable.Range(0, 100).Select(_ => host.CallAsync(function, new { })).ToList();

        Assert.Equal("TooManyRequestsException", (await host.FailAsync(function, new { })).Type);

        await call.SayAsync("go");
        await first;
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(1, (int)answer!));
    }

    [Fact]
    public async Task A_process_is_used_again_until_the_function_changes_or_has_long_had_nothing_to_do()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("import os\ndef lambda_handler(event, context):\n    return os.getpid()");
        async Task<int> ProcessAsync(FunctionDefinition function) => (int)(await host.CallAsync(function, new { }))!;

        var first = await ProcessAsync(function);
        Assert.Equal(first, await ProcessAsync(function));
        host.Time.Advance(TimeSpan.FromSeconds(299));
        await host.Host.SweepAsync(Ct);
        Assert.Equal(first, await ProcessAsync(function));
        host.Time.Advance(TimeSpan.FromSeconds(300));
        await host.Host.SweepAsync(Ct);
        await UntilGoneAsync(first);

        var second = await ProcessAsync(function);
        var third = await ProcessAsync(function with { RevisionId = "other" });
        var fourth = await ProcessAsync(function with { RevisionId = "other", Environment = new Dictionary<string, string> { ["A"] = "1" } });
        Assert.Equal(4, new HashSet<int> { first, second, third, fourth }.Count);
        await UntilGoneAsync(second);
        await UntilGoneAsync(third);
    }

    [Fact]
    public async Task Between_two_events_nothing_of_the_function_runs()
    {
        await using var host = await RunningHost.StartAsync();
        var function = host.Python("import os\ndef lambda_handler(event, context):\n    return os.getpid()");

        var process = (int)(await host.CallAsync(function, new { }))!;

        await Eventually.ComesAsync("the process to be stopped", () => StateOf(process) == 'T');
        Assert.Equal(process, (int)(await host.CallAsync(function, new { }))!);
    }

    [Fact]
    public async Task A_package_is_unpacked_where_the_function_can_read_it_and_not_change_it()
    {
        await using var host = await RunningHost.StartAsync();
        using var stream = new MemoryStream();
        await using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            await using (var writer = new StreamWriter(await zip.CreateEntry("lambda_function.py").OpenAsync(Ct)))
                await writer.WriteAsync("import os, tempfile, part.names\ndef lambda_handler(event, context):\n    try:\n        open('new', 'w')\n        can = True\n    except OSError:\n        can = False\n    return [part.names.NAME, can, tempfile.mkdtemp(), os.getcwd()]");
            await using (var writer = new StreamWriter(await zip.CreateEntry("part/names.py").OpenAsync(Ct)))
                await writer.WriteAsync("NAME = 'packed'");
        }

        var fetched = 0;
        var function = host.FunctionIn(FunctionPackage.Sha256(stream.ToArray()), "python3.11", "lambda_function.lambda_handler");
        async Task<JsonNode> CallAsync() => JsonNode.Parse((await host.Host.InvokeAsync(function, _ => { fetched++; return new(stream.ToArray()); }, "{}"u8.ToArray(), Ct)).Payload.Span)!;
        var answer = await CallAsync();
        function = function with { RevisionId = "next" };
        await CallAsync();

        Assert.Equal("packed", (string?)answer[0]);
        if (FunctionUser.Resolve(RunningHost.User).IsOther)
            Assert.False((bool)answer[1]!);
        Assert.Equal(1, fetched);
        Assert.False(Directory.Exists((string?)answer[2])); // the first process has gone, and its files with it
        Assert.True(Directory.Exists((string?)answer[3]));
        await host.Host.DisposeAsync();
        Assert.False(Directory.Exists(Path.GetDirectoryName((string?)answer[3])));
    }

    [Fact]
    public async Task Code_that_is_not_there_or_no_package_is_an_error_in_words()
    {
        await using var host = await RunningHost.StartAsync();

        Assert.Contains("There is no directory /nowhere", (await host.FailAsync(host.FunctionIn("/nowhere", "python3.11", "a.b"), 1)).Message, StringComparison.Ordinal);
        Assert.Contains("no file 'bootstrap'", (await host.FailAsync(host.Function("provided.al2", "other", ""), 1)).Message, StringComparison.Ordinal);
        Assert.Contains("'java21' can't be run here", (await host.FailAsync(host.Function("java21", "other", ""), 1)).Message, StringComparison.Ordinal);
        var noPackage = await host.Host.InvokeAsync(host.FunctionIn("sha", "python3.11", "a.b"), _ => new([1, 2, 3]), "{}"u8.ToArray(), Ct);
        Assert.Contains("Could not unzip", RunningHost.Read(noPackage).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_functions_are_off_none_runs()
    {
        var function = new FunctionDefinition { Account = RunningServer.Account, Region = "us-east-1", Name = "f", Runtime = "python3.11", CodeId = "/tmp" };

        var result = await new NoFunctionHost().InvokeAsync(function, null, "{}"u8.ToArray(), Ct);

        Assert.Contains("'functions' is off", RunningHost.Read(result).Message, StringComparison.Ordinal);
    }

    // A process that was killed may wait for somebody to ask how it ended.
    private static Task UntilGoneAsync(int process) => Eventually.ComesAsync($"the end of process {process}", () => StateOf(process) is null or 'Z' or 'X');

    private static char? StateOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[1][0];
        }
        catch (IOException)
        {
            return null; // gone
        }
    }
}
