using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>A secret's life through the whole server. Expected texts and shapes: API fact sheet, sections 2 and 3.</summary>
public sealed class SecretLifeTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string T3 = "33333333-3333-4333-8333-333333333333";
    private const string Marked = "You can't perform this operation on the secret because it was marked for deletion.";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_created_secret_is_read_back_with_AWSs_members_only()
    {
        var created = await server.CallAsync("CreateSecret", new { Name = "app/db", ClientRequestToken = T1, SecretString = "s3cret \"ü\"" });
        var read = await server.CallAsync("GetSecretValue", new { SecretId = "app/db" });

        Assert.Equal(["ARN", "Name", "VersionId"], created.Select(m => m.Key));
        Assert.Matches("^arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-[A-Za-z0-9]{6}$", (string?)created["ARN"]);
        Assert.Equal(T1, (string?)created["VersionId"]);
        Assert.Equal(["ARN", "CreatedDate", "Name", "SecretString", "VersionId", "VersionStages"], read.Select(m => m.Key));
        Assert.Equal("s3cret \"ü\"", (string?)read["SecretString"]);
        Assert.Equal(1770114030.456m, (decimal)read["CreatedDate"]!);
        Assert.Equal(["AWSCURRENT"], Strings(read["VersionStages"]));
    }

    // Source: PutSecretValue and the quotas of the user guide: about a hundred versions, none removed within a day.
    [Fact]
    public async Task More_versions_in_a_day_than_may_be_pruned_are_refused_and_taken_again_a_day_later()
    {
        static string Token(int i) => $"00000000-0000-4000-8000-{i:D12}";
        await server.CallAsync("CreateSecret", new { Name = "busy", ClientRequestToken = Token(0), SecretString = "0" });
        for (var i = 1; i < 102; i++) // AWSCURRENT, AWSPREVIOUS and a hundred without labels
            await server.CallAsync("PutSecretValue", new { SecretId = "busy", ClientRequestToken = Token(i), SecretString = $"{i}" });

        await server.FailAsync("PutSecretValue", new { SecretId = "busy", ClientRequestToken = Token(102), SecretString = "102" }, "LimitExceededException");
        await server.FailAsync("UpdateSecret", new { SecretId = "busy", ClientRequestToken = Token(102), SecretString = "102" }, "LimitExceededException");
        await server.CallAsync("UpdateSecret", new { SecretId = "busy", Description = "no new version" });
        await server.CallAsync("PutSecretValue", new { SecretId = "busy", ClientRequestToken = Token(101), SecretString = "101" });
        Assert.Equal("101", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "busy" }))["SecretString"]);

        server.Time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
        await server.CallAsync("PutSecretValue", new { SecretId = "busy", ClientRequestToken = Token(102), SecretString = "102" });
    }

    // Source: API fact sheet 3.10.
    [Fact]
    public async Task A_filter_without_key_or_values_is_named()
    {
        object[] noKey = [new { Values = new[] { "a" } }], noValues = [new { Key = "name" }];

        Assert.Equal("Invalid filter key", await server.FailAsync("ListSecrets", new { Filters = noKey }, "InvalidParameterException"));
        Assert.Equal("Invalid filter values for key: name", await server.FailAsync("BatchGetSecretValue", new { Filters = noValues }, "InvalidParameterException"));
    }

    [Fact]
    public async Task A_secret_without_a_value_has_no_version()
    {
        var created = await server.CallAsync("CreateSecret", new { Name = "empty" });

        Assert.Null(created["VersionId"]);
        Assert.Equal(["ARN", "CreatedDate", "LastChangedDate", "Name"], (await server.CallAsync("DescribeSecret", new { SecretId = "empty" })).Select(m => m.Key));
        Assert.Equal(
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
            await server.FailAsync("GetSecretValue", new { SecretId = "empty" }, "ResourceNotFoundException"));
    }

    [Theory]
    [InlineData(T1, "one", null, null)]
    [InlineData(T1, "two", "ResourceExistsException", "You can't use ClientRequestToken " + T1 + " because that value is already in use for a version of secret {arn}.")]
    [InlineData(T2, "one", "ResourceExistsException", "The operation failed because the secret s already exists.")]
    public async Task Creating_again_depends_on_token_and_value(string token, string value, string? code, string? message)
    {
        var arn = await CreateAsync("s", "one");
        var again = new { Name = "s", ClientRequestToken = token, SecretString = value };

        if (code is null)
            Assert.Equal(arn, (string?)(await server.CallAsync("CreateSecret", again))["ARN"]);
        else
            Assert.Equal(message!.Replace("{arn}", arn, StringComparison.Ordinal), await server.FailAsync("CreateSecret", again, code));
    }

    [Fact]
    public async Task Putting_a_value_moves_the_labels_and_repeating_it_does_not()
    {
        await CreateAsync("s", "one");
        for (var i = 0; i < 2; i++)
        {
            var put = await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "two" });
            Assert.Equal(["AWSCURRENT"], Strings(put["VersionStages"]));
        }

        await AssertLabelsAsync("s", (T1, "AWSPREVIOUS"), (T2, "AWSCURRENT"));
        await server.FailAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "other" }, "ResourceExistsException");
        // The same bytes as another kind are another value.
        await server.FailAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretBinary = "dHdv" }, "ResourceExistsException");
    }

    [Fact]
    public async Task Labels_move_as_in_the_recorded_example()
    {
        // Source: API fact sheet 2.7, the worked example, step by step.
        await CreateAsync("s", "v1");
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "v2", VersionStages = new[] { "AWSPENDING", "PUT1" } });
        await AssertLabelsAsync("s", (T1, "AWSCURRENT"), (T2, "AWSPENDING PUT1"));
        await MoveCurrentAsync(T1, T2);
        await AssertLabelsAsync("s", (T1, "AWSPREVIOUS"), (T2, "AWSCURRENT AWSPENDING PUT1"));
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T3, SecretString = "v3", VersionStages = new[] { "AWSPENDING", "PUT2" } });
        await AssertLabelsAsync("s", (T1, "AWSPREVIOUS"), (T2, "AWSCURRENT PUT1"), (T3, "AWSPENDING PUT2"));
        await MoveCurrentAsync(T2, T3);
        await AssertLabelsAsync("s", (T2, "AWSPREVIOUS PUT1"), (T3, "AWSCURRENT AWSPENDING PUT2"));

        Assert.Equal("v1", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s", VersionId = T1 }))["SecretString"]);
        await MoveCurrentAsync(T3, T2);
        await AssertLabelsAsync("s", (T2, "AWSCURRENT PUT1"), (T3, "AWSPENDING AWSPREVIOUS PUT2"));
    }

    [Fact]
    public async Task Moving_a_label_needs_its_holder()
    {
        await CreateAsync("s", "one");
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "two", VersionStages = new[] { "X" } });

        Assert.Equal(
            $"The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version {T1}, so you must explicitly reference that version in RemoveFromVersionId.",
            await server.FailAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSCURRENT", MoveToVersionId = T2 }, "InvalidParameterException"));
        Assert.Equal(
            "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.",
            await server.FailAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSCURRENT", RemoveFromVersionId = T1 }, "InvalidParameterException"));
        await server.FailAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "X", MoveToVersionId = T1, RemoveFromVersionId = T1 }, "InvalidParameterException");
        await server.FailAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "X", MoveToVersionId = T3 }, "ResourceNotFoundException");
        await server.CallAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "X", RemoveFromVersionId = T2 });
        await AssertLabelsAsync("s", (T1, "AWSCURRENT"));
    }

    [Fact]
    public async Task A_marked_secret_can_be_described_and_restored_but_not_used()
    {
        var arn = await CreateAsync("s", "one");
        var deleted = await server.CallAsync("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 });
        Assert.Equal(1770114030.456m + (7 * 86400), (decimal)deleted["DeletionDate"]!);

        object id = new { SecretId = "s" };
        foreach (var operation in new[] { "GetSecretValue", "UpdateSecret", "DeleteSecret", "GetResourcePolicy", "DeleteResourcePolicy", "CancelRotateSecret" })
            Assert.Equal(Marked, await server.FailAsync(operation, id, "InvalidRequestException"));
        Assert.Equal(Marked, await server.FailAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "x" }, "InvalidRequestException"));
        Assert.Equal(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
            await server.FailAsync("CreateSecret", new { Name = "s", ClientRequestToken = T2, SecretString = "x" }, "InvalidRequestException"));
        Assert.NotNull((await server.CallAsync("DescribeSecret", id))["DeletedDate"]);
        Assert.Empty((await server.CallAsync("ListSecrets"))["SecretList"]!.AsArray());
        Assert.Single((await server.CallAsync("ListSecrets", new { IncludePlannedDeletion = true }))["SecretList"]!.AsArray());

        await server.CallAsync("RestoreSecret", id);
        Assert.Equal(arn, (string?)(await server.CallAsync("GetSecretValue", id))["ARN"]);
    }

    [Fact]
    public async Task The_purge_removes_a_secret_when_its_window_ends_and_not_before()
    {
        await CreateAsync("s", "one");
        await server.CallAsync("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 });

        server.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(5));
        await server.CallAsync("DescribeSecret", new { SecretId = "s" });

        server.Time.Advance(TimeSpan.FromMinutes(6));
        await Eventually.ComesAsync("the record of the purge", () => server.Records().Any(r => (string?)r["eventName"] == "EndSecretVersionDelete"));
        await server.FailAsync("DescribeSecret", new { SecretId = "s" }, "ResourceNotFoundException");
        await CreateAsync("s", "new");
    }

    [Theory]
    [InlineData(6, null, "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")]
    [InlineData(31, null, "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")]
    [InlineData(7, true, "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")]
    public async Task Deletion_options_are_checked(int window, bool? force, string message)
    {
        await CreateAsync("s", "one");
        Assert.Equal(message, await server.FailAsync(
            "DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = window, ForceDeleteWithoutRecovery = force }, "InvalidParameterException"));
    }

    [Fact]
    public async Task Forced_deletion_frees_the_name_at_once_and_can_be_repeated()
    {
        var first = await CreateAsync("s", "one");
        await server.CallAsync("DeleteSecret", new { SecretId = "s", ForceDeleteWithoutRecovery = true });
        await server.CallAsync("DeleteSecret", new { SecretId = "s", ForceDeleteWithoutRecovery = true });

        Assert.NotEqual(first, await CreateAsync("s", "two"));
        Assert.Equal("Secrets Manager can't find the specified secret.", await server.FailAsync("GetSecretValue", new { SecretId = first }, "ResourceNotFoundException"));
    }

    [Fact]
    public async Task A_name_that_ends_like_a_suffix_is_not_found_by_its_partial_ARN()
    {
        // Source: API fact sheet 2.3, the recorded trap.
        foreach (var (name, isFound) in new[] { ("db-a1b2c3", false), ("db-a1b2", true), ("db-a1b2c3-", true) })
        {
            var arn = await CreateAsync(name, "x");
            await server.CallAsync("DescribeSecret", new { SecretId = arn });
            var partial = arn[..^7];
            if (isFound)
                await server.CallAsync("DescribeSecret", new { SecretId = partial });
            else
                await server.FailAsync("DescribeSecret", new { SecretId = partial }, "ResourceNotFoundException");
        }

        await server.FailAsync("DescribeSecret", new { SecretId = (await CreateAsync("plain", "x")).Split(':')[^1] }, "ResourceNotFoundException");
    }

    [Fact]
    public async Task Tags_are_replaced_in_place_and_an_emptied_list_is_not_an_unset_one()
    {
        await CreateAsync("s", "one");
        Assert.Null((await server.CallAsync("DescribeSecret", new { SecretId = "s" }))["Tags"]);
        await server.CallAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "a", Value = "1" }, new { Key = "b", Value = "2" } } });
        await server.CallAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "a", Value = "3" } } });
        Assert.Equal("""[{"Key":"a","Value":"3"},{"Key":"b","Value":"2"}]""", (await server.CallAsync("DescribeSecret", new { SecretId = "s" }))["Tags"]!.ToJsonString());

        await server.CallAsync("UntagResource", new { SecretId = "s", TagKeys = new[] { "a", "b", "unknown" } });
        Assert.Equal("[]", (await server.CallAsync("DescribeSecret", new { SecretId = "s" }))["Tags"]!.ToJsonString());

        await server.FailAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "aws:x", Value = "" } } }, "InvalidParameterException");
        await server.FailAsync("TagResource", new { SecretId = "s", Tags = Enumerable.Range(0, 51).Select(i => new { Key = $"k{i}", Value = "" }) }, "InvalidParameterException");
        await server.CallAsync("TagResource", new { SecretId = "s", Tags = Enumerable.Range(0, 50).Select(i => new { Key = $"k{i}", Value = "" }) });
    }

    [Fact]
    public async Task Reading_sets_the_day_of_access_only()
    {
        await CreateAsync("s", "one");
        await server.CallAsync("GetSecretValue", new { SecretId = "s" });
        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });

        Assert.Equal(1770076800m, (decimal)described["LastAccessedDate"]!); // 2026-02-03T00:00:00Z
        Assert.Equal(1770114030.456m, (decimal)described["LastChangedDate"]!);
    }

    [Fact]
    public async Task Old_unlabelled_versions_are_pruned_and_young_ones_never()
    {
        await CreateAsync("s", "one");
        for (var i = 0; i < 101; i++)
            await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = Token(i), SecretString = $"{i}" });
        Assert.Equal(102, await CountVersionsAsync());

        server.Time.Advance(TimeSpan.FromHours(25));
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = Token(999), SecretString = "last" });
        Assert.Equal(102, await CountVersionsAsync());

        static string Token(int i) => $"00000000-0000-4000-8000-{i:D12}";
    }

    [Fact]
    public async Task A_value_of_64_KiB_is_kept_and_one_byte_more_is_refused()
    {
        var largest = new string('x', 65_536);
        await CreateAsync("s", largest);
        Assert.Equal(largest, (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"]);
        Assert.Equal(
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536",
            await server.FailAsync("CreateSecret", new { Name = "t", ClientRequestToken = T1, SecretString = largest + "x" }, "ValidationException"));
    }

    [Fact]
    public async Task Everything_is_there_after_a_restart()
    {
        var arn = await CreateAsync("s", "kept");
        await server.CloseAsync();
        await server.OpenAsync();

        var read = await server.CallAsync("GetSecretValue", new { SecretId = arn });
        Assert.Equal("kept", (string?)read["SecretString"]);
    }

    private async Task<string> CreateAsync(string name, string value) =>
        (string)(await server.CallAsync("CreateSecret", new { Name = name, ClientRequestToken = T1, SecretString = value }))["ARN"]!;

    private Task MoveCurrentAsync(string from, string to) =>
        server.CallAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSCURRENT", RemoveFromVersionId = from, MoveToVersionId = to });

    private async Task AssertLabelsAsync(string secret, params (string Version, string Labels)[] expected)
    {
        var stages = (await server.CallAsync("DescribeSecret", new { SecretId = secret }))["VersionIdsToStages"]!.AsObject();
        Assert.Equal(
            expected.Select(e => $"{e.Version}: {e.Labels}").Order(),
            stages.Select(s => $"{s.Key}: {string.Join(' ', Strings(s.Value).Order(StringComparer.Ordinal))}").Order());
    }

    private async Task<int> CountVersionsAsync()
    {
        var count = 0;
        string? next = null;
        do
        {
            var page = await server.CallAsync("ListSecretVersionIds", new { SecretId = "s", IncludeDeprecated = true, NextToken = next });
            count += page["Versions"]!.AsArray().Count;
            next = (string?)page["NextToken"];
        }
        while (next is not null);
        return count;
    }

    private static IEnumerable<string> Strings(JsonNode? node) => node!.AsArray().Select(n => (string)n!);
}
