using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Strongroom.Bench;

/// <summary>Durable changes, 64 at once, against a single thread that commits single rows to SQLite just as durably on the same disk.</summary>
internal static class PutMeasure
{
    // So many that in all rounds no secret gets more versions than its quota for a day.
    private const int Secrets = 10_000;
    private const int Connections = 64;
    private const int Rounds = 5;
    private const int RoundSeconds = 3;
    private const int RequestsPerRound = 90_000;
    private const int WarmRequests = 60_000;

    private static readonly TimeSpan WarmPatience = TimeSpan.FromSeconds(60);

    public static async Task<IReadOnlyList<Measure>> RunAsync()
    {
        using var strongroom = ServerProcess.Strongroom(Workplace.Copy(await Seed.DirectoryAsync(Secrets)), Seed.Name(0));
        WarmUp(strongroom);
        var rounds = new List<(double, double)>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = strongroom.Processor;
            var put = Put(strongroom, RoundSeconds);
            var microseconds = (strongroom.Processor - before).TotalMicroseconds / put.Requests;
            rounds.Add((put.PerSecond, CommitRows()));
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"  round {round + 1}: {put.PerSecond / rounds[^1].Item2:F3}, {microseconds:F0} microseconds of processor a change"));
        }

        return [Measure.Of("put-throughput", "changes/s, against single-row SQLite commits", rounds, 1.0, atLeast: true)];
    }

    /// <summary>By changes rather than time, as for reads: a busy machine's compiler may need long to see what is hot.</summary>
    private static void WarmUp(ServerProcess server)
    {
        var patience = Stopwatch.StartNew();
        for (var done = 0L; done < WarmRequests && patience.Elapsed < WarmPatience;)
            done += Put(server, 4).Requests;
    }

    public static WrkResult Load(int port, double seconds) => Put(port, seconds);

    private static WrkResult Put(ServerProcess server, double seconds) => Put(server.Port, seconds);

    private static WrkResult Put(int port, double seconds)
    {
        // Each request is a new version: none may be sent twice, which would be a repeat and change nothing.
        var bodies = Enumerable.Range(0, RequestsPerRound).Select(n => JsonSerializer.Serialize(new
        {
            SecretId = Seed.Name(n % Secrets), ClientRequestToken = Guid.NewGuid().ToString(), SecretString = Seed.Value(n),
        }));
        using var requests = RequestFile.Write("PutSecretValue", bodies, port);
        return Wrk.Run(port, requests, Connections, 2, seconds, once: true);
    }

    private static double CommitRows()
    {
        var path = Path.Combine(Workplace.Temporary, Path.GetRandomFileName() + ".db");
        using var connection = new SqliteConnection($"Data Source={path};Pooling=false");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entry (id INTEGER PRIMARY KEY, value BLOB NOT NULL)");
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO entry (value) VALUES (@value)";
        insert.Parameters.AddWithValue("value", new byte[300]); // as a sealed value of these requests
        insert.Prepare();

        var clock = Stopwatch.StartNew();
        var commits = 0;
        for (; clock.Elapsed.TotalSeconds < RoundSeconds; commits++)
            insert.ExecuteNonQuery();
        return commits / clock.Elapsed.TotalSeconds;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
