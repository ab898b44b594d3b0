using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Strongroom.Tests.Server.Hosting;

namespace Strongroom.Tests.Server.Notifications;

/// <summary><c>strongroom notifications</c> with the real program at both ends.</summary>
public sealed class NotificationsCommandTests : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("strongroom-notifications-").FullName;
    private StrongroomProcess server = null!;

    public async ValueTask InitializeAsync()
    {
        server = StrongroomProcess.Start(new Dictionary<string, string>(), "serve", "--data", data, "--listen", "http://127.0.0.1:0");
        await server.SeeAsync("http://127.0.0.1:");
    }

    public ValueTask DisposeAsync()
    {
        server.Dispose();
        Directory.Delete(data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_was_given_up_is_listed_tried_again_and_dropped_from_the_command_line()
    {
        // As a sender leaves them after its last attempt.
        Insert(dead: 1);
        Insert(dead: 1);
        Insert(dead: 0);

        var output = await RunAsync(0, "list");
        Assert.Contains("gone  not configured  1 waiting, 2 given up", output, StringComparison.Ordinal);
        Assert.Contains("  1  2023-11-14 22:13:20  gone  given up  Secret Created  team/db  96 attempts  it answered 410", output, StringComparison.Ordinal);
        var listed = JsonNode.Parse(await RunAsync(0, "list", "--dead", "--json"))!;
        Assert.Equal(["1", "2"], listed["Notifications"]!.AsArray().Select(n => (string)n!["Id"]!));

        Assert.Contains("Tried again: 1.", await RunAsync(0, "retry", "--id", "1"), StringComparison.Ordinal);
        Assert.Contains("There is no notification 1 that was given up", await RunAsync(1, "retry", "--id", "1"), StringComparison.Ordinal);
        Assert.Contains("Forgotten: 1.", await RunAsync(0, "drop", "--destination", "gone"), StringComparison.Ordinal);
        Assert.Equal(2, (int)JsonNode.Parse(await RunAsync(0, "drop", "--destination", "gone", "--waiting", "--json"))!["Count"]!);
        Assert.Contains("either --destination or --id", await RunAsync(2, "drop"), StringComparison.Ordinal);
        Assert.Contains("either --destination or --id", await RunAsync(2, "retry", "--id", "1", "--destination", "gone"), StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(int expected, params string[] arguments)
    {
        var (code, output) = await StrongroomProcess.RunAsync(
            new Dictionary<string, string>(), ["notifications", .. arguments, .. (string[])(expected == 2 ? [] : ["--data", data])]);
        Assert.True(code == expected, output);
        return output;
    }

    private void Insert(int dead)
    {
        using var database = new SqliteConnection($"Data Source={Path.Combine(data, "strongroom.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = """
            INSERT INTO notification (event_id, destination, detail_type, event, created_at_ms, attempts, next_at_ms, dead, reason)
            VALUES (x'11111111222233334444555555555555', 'gone', 'Secret Created', CAST(@event AS BLOB), 1700000000000, 96, 0, @dead, 'it answered 410')
            """;
        command.Parameters.AddWithValue("@event", """{"detail":{"name":"team/db"}}""");
        command.Parameters.AddWithValue("@dead", dead.ToString(CultureInfo.InvariantCulture));
        command.ExecuteNonQuery();
    }
}
