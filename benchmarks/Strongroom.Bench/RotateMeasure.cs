using System.Globalization;
using Microsoft.Data.Sqlite;
using Strongroom.Storage;

namespace Strongroom.Bench;

/// <summary>Reads while ten thousand secrets that were due in the same minute are rotated, against the same server with nothing to rotate.</summary>
internal static class RotateMeasure
{
    private const int Secrets = 10_000;
    private const int Rounds = 5;
    private const int WarmRounds = 3;
    private const double RoundSeconds = 3;
    private const int PerCommit = 500;

    public static async Task<IReadOnlyList<Measure>> RunAsync()
    {
        var seed = await Seed.DirectoryAsync(Secrets);
        var (busy, idle) = (Workplace.Copy(seed), Workplace.Copy(seed));
        await ScheduleAsync(busy);
        using var rotating = ServerProcess.Strongroom(busy, Seed.Name(0));
        using var resting = ServerProcess.Strongroom(idle, Seed.Name(0));
        for (var round = 0; round < WarmRounds; round++)
        {
            Measures.Load(rotating.Port, 4);
            Measures.Load(resting.Port, 4);
        }

        var rounds = new List<(double, double)>();
        for (var round = 0; round < Rounds; round++)
        {
            var before = Finished(busy);
            var loaded = Measures.Load(rotating.Port, RoundSeconds);
            var rate = (Finished(busy) - before) / loaded.Seconds;
            if (rate < 1)
                throw new InvalidOperationException("Nothing was rotated while it was measured.");
            rounds.Add((loaded.PerSecond, Measures.Load(resting.Port, RoundSeconds).PerSecond));
            await Console.Error.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"  round {round + 1}: {rounds[^1].Item1 / rounds[^1].Item2:F3} beside {rate:F0} rotations/s"));
        }

        return [Measure.Of("rotate-get", "reads/s while 10,000 due secrets are rotated, against none", rounds, 0.80, atLeast: true)];
    }

    /// <summary>Makes all secrets due for the built-in rotator that needs nothing outside.</summary>
    private static async Task ScheduleAsync(string directory)
    {
        await using var store = await SqlStore.OpenSqliteAsync(Path.Combine(directory, "strongroom.db"), TimeProvider.System, CancellationToken.None);
        var account = (await store.ListAccountsAsync(CancellationToken.None)).Single().Account;
        var rotation = new SecretRotation
        {
            Enabled = true,
            LambdaArn = $"arn:aws:lambda:{Seed.Region}:{account}:function:SecretsManagerRotationTemplate",
            AutomaticallyAfterDays = 30,
            DueAt = DateTimeOffset.FromUnixTimeMilliseconds(0),
        };
        foreach (var numbers in Enumerable.Range(0, Secrets).Chunk(PerCommit))
        {
            var changes = new List<SecretChange>();
            foreach (var number in numbers)
            {
                var secret = (await store.FindAsync(account, Seed.Region, Seed.Name(number), CancellationToken.None))!;
                changes.Add(new SecretChange { Before = secret, After = secret with { Document = secret.Document with { Rotation = rotation } } });
            }

            await store.CommitAsync(new SecretCommit(changes, []), CancellationToken.None);
        }
    }

    private static long Finished(string directory)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "strongroom.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM rotation_step WHERE step = 'finishSecret' AND error IS NULL";
        return (long)command.ExecuteScalar()!;
    }
}
