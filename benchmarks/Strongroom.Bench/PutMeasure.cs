using System.Diagnostics;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Strongroom.Bench;

/// <summary>Durable changes, 64 at once, against a single thread that commits single rows to SQLite just as durably on the same disk.</summary>
internal static class PutMeasure
{
    private const int Secrets = 2_000;
    private const int Connections = 64;
    private const int Rounds = 5;
    private const int RoundSeconds = 3;
    private const int RequestsPerRound = 90_000;

    public static async Task<IReadOnlyList<Measure>> RunAsync()
    {
        using var strongroom = ServerProcess.Strongroom(Workplace.Copy(await Seed.DirectoryAsync(Secrets)), Seed.Name(0));
        Put(strongroom);
        var rounds = new List<(double, double)>();
        for (var round = 0; round < Rounds; round++)
        {
            var value = Put(strongroom);
            rounds.Add((value, CommitRows()));
            await Console.Error.WriteLineAsync($"  round {round + 1}: {value / rounds[^1].Item2:F3}");
        }

        return [Measure.Of("put-throughput", "changes/s, against single-row SQLite commits", rounds, 1.0, atLeast: true)];
    }

    private static double Put(ServerProcess server)
    {
        // Each request is a new version: none may be sent twice, which would be a repeat and change nothing.
        var bodies = Enumerable.Range(0, RequestsPerRound).Select(n => JsonSerializer.Serialize(new
        {
            SecretId = Seed.Name(n % Secrets), ClientRequestToken = Guid.NewGuid().ToString(), SecretString = Seed.Value(n),
        }));
        using var requests = RequestFile.Write("PutSecretValue", bodies, server.Port);
        return Wrk.Run(server.Port, requests, Connections, 2, RoundSeconds, once: true).PerSecond;
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
