using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using Strongroom.Crypto;

namespace Strongroom.Server.Functions;

/// <summary>One process of one function: started, given events one at a time, stopped between them, killed at the end. Used by one caller at a time.</summary>
internal sealed class FunctionProcess : IAsyncDisposable
{
    /// <summary>How long a function may take to load, beside its timeout. Lambda gives 10 s; a busy machine without Lambda's may need more.</summary>
    public static readonly TimeSpan InitLimit = TimeSpan.FromSeconds(30);

    /// <summary>After so many events it is replaced.</summary>
    private const int MaxEvents = 100;

    private readonly FunctionDefinition function;
    private readonly FunctionFiles files;
    private readonly FunctionPlace place;
    private readonly FunctionSession? session;
    private readonly RuntimeApi api;
    private readonly Process process;
    private readonly TimeProvider time;
    private readonly Task exited;
    private readonly Task reading;
    private readonly Lock gate = new();
    private readonly OutputTail output = new();
    private readonly byte[] chunk = new byte[OutputTail.MaxBytes];
    private readonly int[] pipes;
    private volatile bool isOver;
    private int events;

    private FunctionProcess(
        FunctionDefinition function, FunctionFiles files, FunctionPlace place, FunctionSession? session, RuntimeApi api, Process process, TimeProvider time)
    {
        (this.function, this.files, this.place, this.session, this.api, this.process, this.time) = (function, files, place, session, api, process, time);
        pipes = [Descriptor(process.StandardOutput), Descriptor(process.StandardError)];
        exited = process.WaitForExitAsync();
        reading = Task.Factory.StartNew(ReadOutput, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Its session's secrets, which its output may hold.</summary>
    public FunctionSession? Session => session;

    /// <summary>Whether it can take an event of a function as that is configured now.</summary>
    public bool IsUsable(FunctionDefinition now) =>
        !isOver && !exited.IsCompleted && events < MaxEvents && function.RevisionId == now.RevisionId && function.CodeId == now.CodeId && IsSame(now)
        && (session is null || session.ExpiresAt - time.GetUtcNow() > now.Timeout + FunctionHost.SessionMargin);

    /// <exception cref="IOException">It could not be started.</exception>
    public static async Task<FunctionProcess> StartAsync(
        FunctionDefinition function, string code, FunctionSession? session, FunctionFiles files, Confinement confinement, FunctionOptions options,
        Uri endpoint, TimeProvider time, Entropy entropy, CancellationToken ct)
    {
        var command = Command(function, code, files.Runtime, options.SearchPath);
        var place = new FunctionPlace(code, files.Runtime, files.NewTemporary(), await files.ShareAuthoritiesAsync(ct));
        RuntimeApi? api = null;
        try
        {
            api = await RuntimeApi.StartAsync(ct);
            var stream = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow().UtcDateTime:yyyy/MM/dd}/[$LATEST]{entropy.NewGuid():N}");
            var environment = FunctionEnvironment.Of(function, place, session, api.Address, stream, options.SearchPath, endpoint);
            var cpu = (int)Math.Min(MaxEvents * (function.Timeout + InitLimit).TotalSeconds * Environment.ProcessorCount, int.MaxValue);
            var started = confinement.Start(command, code, environment, new ProcessLimits(DataMegabytes(function), cpu));
            api.Open((peer, port) => SessionPeer.IsOfAsync(started.Id, peer, port, confinement, CancellationToken.None));
            return new FunctionProcess(function, files, place, session, api, started, time);
        }
        catch
        {
            if (api is not null)
                await api.DisposeAsync();
            await files.RemoveTemporaryAsync(place.Temporary, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Runs one event to its end. Whatever goes wrong ends the process too.</summary>
    /// <returns>The answer, and what was written meanwhile: as it is, with every secret in it.</returns>
    public async Task<(RuntimeAnswer Answer, byte[] Output, bool IsCut)> InvokeAsync(string requestId, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        events++;
        try
        {
            var answer = await RunAsync(requestId, payload, ct);
            lock (gate)
            {
                Drain();
                var isCut = output.IsCut;
                return (answer, output.Take(), isCut);
            }
        }
        catch
        {
            Kill();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await exited;
        await reading;
        process.Dispose();
        await api.DisposeAsync();
        await files.RemoveTemporaryAsync(place.Temporary, CancellationToken.None);
    }

    private async Task<RuntimeAnswer> RunAsync(string requestId, ReadOnlyMemory<byte> payload, CancellationToken ct)
    {
        if (events > 1)
            Signal(Posix.Continue);
        using var init = new CancellationTokenSource(InitLimit, time);
        if (!await WaitAsync(api.NextAsked, init.Token, ct))
            return await FailAsync(requestId, InitLimit);

        var now = time.GetUtcNow();
        var what = new RuntimeEvent(requestId, payload, now + function.Timeout, function.Arn);
        using var limit = new CancellationTokenSource(function.Timeout, time);
        api.Offer(what);
        if (!await WaitAsync(what.Answer.Task, limit.Token, ct))
            return await FailAsync(requestId, function.Timeout);
        var answer = await what.Answer.Task;
        // Lambda counts what a function does until its runtime asks for more, and then freezes it. One that answered and ends, ends.
        if (await WaitAsync(api.NextAsked, limit.Token, ct))
            Signal(Posix.Stop);
        else
            Kill();
        return answer;
    }

    /// <returns>False when something else comes first: its end, the time's, a broken protocol, no function.</returns>
    private async Task<bool> WaitAsync(Task wanted, CancellationToken limit, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit, ct);
        var ended = new TaskCompletionSource();
        await using var registration = either.Token.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), ended);
        await Task.WhenAny(wanted, exited, api.Violation, api.InitError, ended.Task);
        ct.ThrowIfCancellationRequested();
        return wanted.IsCompletedSuccessfully && !api.Violation.IsCompleted;
    }

    private async Task<RuntimeAnswer> FailAsync(string requestId, TimeSpan limit)
    {
        RuntimeAnswer Error(byte[] payload) => new(payload, IsError: true);
        if (api.InitError.IsCompletedSuccessfully)
        {
            Kill();
            return await api.InitError;
        }

        if (api.Violation.IsCompletedSuccessfully)
        {
            Kill();
            return Error(FunctionErrors.BrokeProtocol(requestId, await api.Violation));
        }

        if (exited.IsCompleted)
        {
            var code = process.ExitCode;
            Kill();
            return Error(FunctionErrors.Exited(requestId, code));
        }

        Kill();
        await exited;
        return Error(FunctionErrors.TimedOut(requestId, limit, time.GetUtcNow()));
    }

    private bool IsSame(FunctionDefinition now) =>
        function.Runtime == now.Runtime && function.Handler == now.Handler && function.RoleArn == now.RoleArn && function.Timeout == now.Timeout
        && function.MemoryMegabytes == now.MemoryMegabytes && function.Environment.Count == now.Environment.Count
        && function.Environment.All(variable => now.Environment.TryGetValue(variable.Key, out var value) && value == variable.Value);

    /// <summary>Ends the process and all of its group and session that can be found; twice does nothing more.</summary>
    private void Kill()
    {
        if (isOver)
            return;
        isOver = true;
        try
        {
            if (!exited.IsCompleted)
                process.Kill(entireProcessTree: true); // also those that have left its group
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or NotSupportedException)
        {
            // It ended meanwhile. The group is next in any case.
        }

        Posix.SignalGroup(process.Id, Posix.Kill);
    }

    private void Signal(int signal)
    {
        // The number of a process that is gone may be somebody else's by now.
        if (!exited.IsCompleted)
            Posix.SignalGroup(process.Id, signal);
    }

    // Always reading, so that a function that writes much does not stall, and none that writes little is heard late.
    private void ReadOutput()
    {
        while (!isOver && (pipes[0] >= 0 || pipes[1] >= 0))
        {
            var (first, second) = Posix.WaitReadable(pipes[0], pipes[1], 200);
            if (!first && !second)
                continue;
            lock (gate)
                Take(maxRounds: 1);
        }
    }

    // What was written before the answer is in the pipes when the answer is here: under the lock, once they are empty, it has been read.
    private void Drain() => Take(maxRounds: 64);

    private void Take(int maxRounds)
    {
        for (var round = 0; round < maxRounds; round++)
        {
            var (first, second) = Posix.WaitReadable(pipes[0], pipes[1], 0);
            if (!first && !second)
                return;
            if (first)
                Take(ref pipes[0]);
            if (second)
                Take(ref pipes[1]);
        }
    }

    private void Take(ref int pipe)
    {
        if (Posix.Read(pipe, chunk) is > 0 and var length)
            output.Append(chunk.AsSpan(0, length));
        else
            pipe = -1; // its end; poll passes over it
    }

    private static int Descriptor(StreamReader reader) => (int)((PipeStream)reader.BaseStream).SafePipeHandle.DangerousGetHandle();

    // What Python and Node need for themselves comes on top, or the smallest function would not start. Node bounds its own heap.
    private static int DataMegabytes(FunctionDefinition function) =>
        function.MemoryMegabytes + (function.Runtime.StartsWith("nodejs", StringComparison.Ordinal) ? 256 : 64);

    /// <exception cref="IOException">There is nothing to run it with.</exception>
    private static List<string> Command(FunctionDefinition function, string code, string runtime, string searchPath)
    {
        if (function.Runtime.StartsWith("python", StringComparison.Ordinal))
            return [Find(searchPath, function.Runtime, "python3"), "-u", "-B", Path.Combine(runtime, "bootstrap.py")];
        if (function.Runtime.StartsWith("nodejs", StringComparison.Ordinal))
        {
            var heap = string.Create(CultureInfo.InvariantCulture, $"--max-old-space-size={Math.Max(function.MemoryMegabytes, 64)}");
            return [Find(searchPath, "node"), heap, Path.Combine(runtime, "bootstrap.cjs")];
        }

        if (function.Runtime.StartsWith("provided", StringComparison.Ordinal))
        {
            var own = Path.Combine(code, "bootstrap");
            return File.Exists(own) ? [own] : throw new IOException("The function has no file 'bootstrap'.");
        }

        throw new IOException($"The runtime '{function.Runtime}' can't be run here. Use python3.*, nodejs*, or provided.* with a bootstrap.");
    }

    private static string Find(string searchPath, params string[] names) =>
        names.SelectMany(name => searchPath.Split(':').Where(Path.IsPathRooted).Select(directory => Path.Combine(directory, name))).FirstOrDefault(File.Exists)
        ?? throw new IOException($"There is no {names[^1]} in {searchPath} (functions-path).");
}
