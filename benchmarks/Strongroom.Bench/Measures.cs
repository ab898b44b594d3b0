using System.Globalization;
using System.Text.Json;

namespace Strongroom.Bench;

/// <summary>The measures, each with its baseline in the same run: A B A B, never A A B B, so that a busy machine slows both.</summary>
internal static class Measures
{
    private const int Few = 1_000;
    private const int Million = 1_000_000;

    /// <summary>How many secrets are read beside the thousand: spread evenly over the million, and more than fit the cache.</summary>
    private const int Cold = 50_000;

    private const int Threads = 2;
    private const int Connections = 32;
    private const int Rounds = 5;
    private const double RoundSeconds = 3;
    private const int WarmRequests = 60_000;

    private static readonly TimeSpan WarmPatience = TimeSpan.FromSeconds(40);

    /// <summary>Groups by the name that <c>./bench NAME</c> takes.</summary>
    public static IReadOnlyDictionary<string, Func<Task<IReadOnlyList<Measure>>>> All { get; } =
        new Dictionary<string, Func<Task<IReadOnlyList<Measure>>>>
        {
            ["get"] = GetAsync,
            ["user"] = UserAsync,
            ["cache"] = CacheAsync,
            ["audit"] = AuditAsync,
            ["moto"] = MotoAsync,
            ["put"] = PutMeasure.RunAsync,
            ["million"] = MillionAsync,
            ["list"] = ListAsync,
            ["start"] = StartAsync,
            ["decide"] = DecideMeasure.RunAsync,
            ["lookup"] = LookupMeasure.RunAsync,
            ["rotate"] = RotateMeasure.RunAsync,
        };

    private static async Task<IReadOnlyList<Measure>> GetAsync()
    {
        using var strongroom = ServerProcess.Strongroom(Workplace.Copy(await Seed.DirectoryAsync(Few)), Seed.Name(0));
        using var bare = ServerProcess.Bare(Exchange.Send(strongroom.Port, "GetSecretValue", Seed.Get(0)).Body);
        WarmUp(strongroom, Few, Few);
        WarmUp(bare, Few, Few);
        var pairs = Pairs(() => Read(strongroom, Few, Few), () => Read(bare, Few, Few));
        return
        [
            Measure.Of("get-throughput", "requests/s, against bare Kestrel", [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 0.60, atLeast: true),
            Measure.Of("get-p99", "microseconds, against bare Kestrel", [.. pairs.Select(p => (p.A.P99, p.B.P99))], 3, atLeast: false),
        ];
    }

    /// <summary>As <see cref="GetAsync"/>, by a user with ten attached policies of ten statements instead of the root.</summary>
    private static async Task<IReadOnlyList<Measure>> UserAsync()
    {
        using var strongroom = ServerProcess.Strongroom(Workplace.Copy(await Seed.DirectoryAsync(Few)), Seed.Name(0));
        using var bare = ServerProcess.Bare(Exchange.Send(strongroom.Port, "GetSecretValue", Seed.Get(0)).Body);
        var user = PolicyUser.Make(strongroom.Port);
        for (var done = 0L; done < WarmRequests;)
            done += Read(strongroom.Port, Few, Few, 4, user).Requests;
        WarmUp(bare, Few, Few);
        var pairs = Pairs(() => Read(strongroom.Port, Few, Few, RoundSeconds, user), () => Read(bare, Few, Few));
        return
        [
            Measure.Of("get-as-user-throughput", "requests/s by a user with 10 policies of 10 statements, against bare Kestrel", [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 0.60, atLeast: true),
        ];
    }

    /// <summary>Whether the cache of encrypted records earns its place.</summary>
    private static async Task<IReadOnlyList<Measure>> CacheAsync()
    {
        var seed = await Seed.DirectoryAsync(Few);
        using var with = ServerProcess.Strongroom(Workplace.Copy(seed), Seed.Name(0));
        using var without = ServerProcess.Strongroom(Workplace.Copy(seed), Seed.Name(0), cacheBytes: 0);
        WarmUp(with, Few, Few);
        WarmUp(without, Few, Few);
        var pairs = Pairs(() => Read(with, Few, Few), () => Read(without, Few, Few));
        return [Measure.Of("cache-throughput", "requests/s, against the same server without its cache", [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 1.1, atLeast: true)];
    }

    /// <summary>What it costs that the record of a read reaches the operating system before the answer leaves.</summary>
    private static async Task<IReadOnlyList<Measure>> AuditAsync()
    {
        var seed = await Seed.DirectoryAsync(Few);
        using var with = ServerProcess.Strongroom(Workplace.Copy(seed), Seed.Name(0));
        using var without = ServerProcess.Strongroom(Workplace.Copy(seed), Seed.Name(0), forgetsRecords: true);
        WarmUp(with, Few, Few);
        WarmUp(without, Few, Few);
        var pairs = Pairs(() => Read(with, Few, Few), () => Read(without, Few, Few));
        return [Measure.Of("audit-throughput", "requests/s, against the same server with its records only in memory", [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 0.85, atLeast: true)];
    }

    public static async Task<Measure> CompareAsync(string other)
    {
        var seed = await Seed.DirectoryAsync(Few);
        using var after = ServerProcess.Strongroom(Workplace.Copy(seed), Seed.Name(0));
        using var before = ServerProcess.Strongroom(Workplace.Copy(seed), Seed.Name(0), Path.Combine(other, "Strongroom.Bench"));
        WarmUp(after, Few, Few);
        WarmUp(before, Few, Few);
        var pairs = Pairs(() => Read(after, Few, Few), () => Read(before, Few, Few));
        return Measure.Of("compare", "requests/s, against " + other, [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 1, atLeast: true);
    }

    private static async Task<IReadOnlyList<Measure>> MotoAsync()
    {
        using var moto = ServerProcess.Moto();
        if (moto is null)
        {
            await Console.Error.WriteLineAsync("moto: not run, moto_server is not installed.");
            return [];
        }

        using var strongroom = ServerProcess.Strongroom(Workplace.Copy(await Seed.DirectoryAsync(Few)), Seed.Name(0));
        for (var n = 0; n < Few; n++)
        {
            Exchange.Send(moto.Port, "CreateSecret", JsonSerializer.Serialize(new
            {
                Name = Seed.Name(n), SecretString = Seed.Value(n), ClientRequestToken = Guid.NewGuid().ToString(),
            }));
        }

        WarmUp(strongroom, Few, Few);
        WarmUp(moto, Few, Few);
        var pairs = Pairs(() => Read(strongroom, Few, Few), () => Read(moto, Few, Few), rounds: 3);
        return [Measure.Of("moto-throughput", "requests/s, against moto's server", [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 50, atLeast: true)];
    }

    private static async Task<IReadOnlyList<Measure>> MillionAsync()
    {
        var (small, large) = (Workplace.Copy(await Seed.DirectoryAsync(Few)), await Seed.DirectoryAsync(Million));
        var starts = new List<(double, double)>();
        for (var round = 0; round < Rounds; round++)
        {
            // One after the other: the first is gone when the second starts.
            starts.Add((Startup(large), Startup(small)));
        }

        using var many = ServerProcess.Strongroom(large, Seed.Name(0));
        using var few = ServerProcess.Strongroom(small, Seed.Name(0));
        WarmUp(many, Few, Million);
        WarmUp(few, Few, Few);
        var pairs = Pairs(() => Read(many, Few, Million), () => Read(few, Few, Few));
        WarmUp(many, Cold, Million);
        var cold = Pairs(() => Read(many, Cold, Million), () => Read(few, Few, Few), rounds: 3);
        return
        [
            Measure.Of("million-throughput", "requests/s with 1,000,000 secrets, against 1,000", [.. pairs.Select(p => (p.A.PerSecond, p.B.PerSecond))], 0.90, atLeast: true),
            Measure.Of("million-cold", "requests/s over 50,000 of 1,000,000, which is more than the cache holds, against 1,000 of 1,000", [.. cold.Select(p => (p.A.PerSecond, p.B.PerSecond))], 0, atLeast: true),
            Measure.Of("million-memory", "MiB resident under load beyond that with 1,000", [many.ResidentMiB - few.ResidentMiB], 300),
            Measure.Of("million-start", "seconds to the first answer, against 1,000", starts, 1.2, atLeast: false),
        ];
    }

    private static async Task<IReadOnlyList<Measure>> ListAsync()
    {
        using var many = ServerProcess.Strongroom(await Seed.DirectoryAsync(Million), Seed.Name(0));
        using var few = ServerProcess.Strongroom(Workplace.Copy(await Seed.DirectoryAsync(Few)), Seed.Name(0));
        WrkResult Page(ServerProcess server)
        {
            using var requests = RequestFile.Write("ListSecrets", Pages(server), server.Port);
            return Wrk.Run(server.Port, requests, 1, 1, 2);
        }

        Page(many);
        Page(few);
        var pairs = Pairs(() => Page(many), () => Page(few));
        return [Measure.Of("list-page", "microseconds a page of 100 (median), 1,000,000 against 1,000", [.. pairs.Select(p => (p.A.P50, p.B.P50))], 3, atLeast: false)];
    }

    private static async Task<IReadOnlyList<Measure>> StartAsync()
    {
        var directory = Workplace.Copy(await Seed.DirectoryAsync(Few));
        var (seconds, memory) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            using var server = ServerProcess.Strongroom(directory, Seed.Name(round));
            seconds.Add(server.Startup.TotalSeconds);
            await Task.Delay(TimeSpan.FromSeconds(2));
            memory.Add(server.ResidentMiB);
        }

        return
        [
            Measure.Of("start", "seconds to the first answer", seconds, 1),
            Measure.Of("idle-memory", "MiB resident after the start", memory, 120),
        ];
    }

    private static double Startup(string directory)
    {
        using var server = ServerProcess.Strongroom(directory, Seed.Name(0));
        return server.Startup.TotalSeconds;
    }

    /// <summary>The first nine pages; a walk is nine times the same work wherever it stands.</summary>
    private static IEnumerable<string> Pages(ServerProcess server)
    {
        var request = """{"MaxResults":100}""";
        for (var page = 0; page < 9; page++)
        {
            yield return request;
            using var answer = JsonDocument.Parse(Exchange.Send(server.Port, "ListSecrets", request).Body);
            request = $$"""{"MaxResults":100,"NextToken":"{{answer.RootElement.GetProperty("NextToken").GetString()}}"}""";
        }
    }

    /// <summary>By requests rather than time: on a busy machine the compiler may need long to see what is hot.</summary>
    private static void WarmUp(ServerProcess server, int count, int of)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        for (var done = 0L; done < Math.Max(WarmRequests, 2 * count) && patience.Elapsed < WarmPatience;)
            done += Read(server, count, of, 4).Requests;
    }

    public static WrkResult Load(int port, double seconds) => Read(port, Few, Few, seconds);

    private static WrkResult Read(ServerProcess server, int count, int of, double seconds = RoundSeconds) =>
        Read(server.Port, count, of, seconds);

    private static WrkResult Read(int port, int count, int of, double seconds, Protocol.SigV4.SigV4Credentials? credentials = null)
    {
        // In no order, so that neighbours in the database are not neighbours in time.
        var numbers = Enumerable.Range(0, count).Select(n => n * (of / count)).ToArray();
        new Random(1).Shuffle(numbers);
        using var requests = RequestFile.Write("GetSecretValue", numbers.Select(Seed.Get), port, credentials);
        return Wrk.Run(port, requests, Connections, Threads, seconds);
    }

    private static List<(WrkResult A, WrkResult B)> Pairs(Func<WrkResult> a, Func<WrkResult> b, int rounds = Rounds)
    {
        var pairs = new List<(WrkResult, WrkResult)>();
        for (var round = 0; round < rounds; round++)
        {
            var first = a();
            pairs.Add((first, b()));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  round {round + 1}: {first.PerSecond / pairs[^1].Item2.PerSecond:F3}"));
        }

        return pairs;
    }
}
