using Strongroom.Server.Strongroom;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Strongroom;

/// <summary>Source: AWS Security Hub User Guide, "Security Hub CSPM controls for Secrets Manager"; docs/report.md for what AWS leaves open.</summary>
public sealed class SecretControlsTests
{
    private static readonly DateTimeOffset Now = new(2026, 2, 3, 10, 0, 0, TimeSpan.Zero);

    private static readonly ControlLimits Usual = new(ControlLimits.UsualUnusedDays, ControlLimits.UsualRotationDays, null, []);

    /// <summary>Rotated yesterday, read today, tagged: nothing is the matter.</summary>
    private static readonly StoredSecret Good = new()
    {
        Account = "111122223333",
        Region = "us-east-1",
        Name = "s",
        Suffix = "AbCdEf",
        CreatedAt = Now.AddDays(-400),
        ChangedAt = Now.AddDays(-1),
        AccessedOn = new DateOnly(2026, 2, 3),
        Document = new SecretDocument
        {
            Tags = [new SecretTag("team", "a")],
            Rotation = new SecretRotation { Enabled = true, AutomaticallyAfterDays = 30, LastRotatedAt = Now.AddDays(-1), NextRotationAt = Now.AddDays(29) },
        },
    };

    [Fact]
    public void A_secret_as_it_should_be_has_no_findings() => Assert.Empty(Kinds(Good));

    [Fact]
    public void The_usual_limits_are_Security_Hubs() => Assert.Equal((90L, 90L), (ControlLimits.UsualUnusedDays, ControlLimits.UsualRotationDays));

    [Fact]
    public void Rotation_must_be_on_and_often_enough()
    {
        Assert.Equal(["SecretsManager.1 WithoutRotation"], Kinds(With(rotation: Good.Document.Rotation! with { Enabled = false })));
        Assert.Equal(["SecretsManager.1 WithoutRotation", "SecretsManager.4 NotRotatedInTime"], Kinds(Good with { Document = Good.Document with { Rotation = null } }));
        Assert.Empty(Kinds(Good, Usual with { MaxRotationFrequency = 30 }));
        Assert.Equal(["SecretsManager.1 WithoutRotation"], Kinds(Good, Usual with { MaxRotationFrequency = 29 }));
    }

    [Fact]
    public void Rotations_must_succeed_in_their_windows()
    {
        Assert.Equal(["SecretsManager.2 RotationOverdue"], Kinds(With(rotation: Good.Document.Rotation! with { NextRotationAt = Now.AddSeconds(-1) })));
        Assert.Empty(Kinds(With(rotation: Good.Document.Rotation! with { NextRotationAt = Now })));
        Assert.Equal(["SecretsManager.2 RotationFailed"], Kinds(Good, last: new RotationOutcome(Now.AddHours(-1), HasFailed: true)));
        Assert.Empty(Kinds(Good, last: new RotationOutcome(Now.AddHours(-1), HasFailed: false)));
        // A failure that a later rotation made good.
        Assert.Empty(Kinds(Good, last: new RotationOutcome(Now.AddDays(-2), HasFailed: true)));
        // Without rotation there is nothing to succeed.
        Assert.Equal(
            ["SecretsManager.1 WithoutRotation"],
            Kinds(With(rotation: Good.Document.Rotation! with { Enabled = false, NextRotationAt = Now.AddDays(-1) }), last: new RotationOutcome(Now, HasFailed: true)));
    }

    [Theory]
    [InlineData("2025-11-06", false)] // 89 days and some hours
    [InlineData("2025-11-05", true)]
    public void A_secret_that_nobody_read_for_ninety_days_is_unused(string day, bool isFound) =>
        Assert.Equal(isFound ? ["SecretsManager.3 Unused"] : [], Kinds(Good with { AccessedOn = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture) }));

    [Theory]
    [InlineData(90, false)]
    [InlineData(91, true)]
    public void What_was_never_read_is_as_old_as_the_secret(int days, bool isFound) =>
        Assert.Equal(isFound ? ["SecretsManager.3 Unused"] : [], Kinds(Good with { AccessedOn = null, CreatedAt = Now.AddDays(-days) }));

    [Theory]
    [InlineData(90, false)]
    [InlineData(91, true)]
    public void A_value_must_be_rotated_within_ninety_days(int days, bool isFound) =>
        Assert.Equal(isFound ? ["SecretsManager.4 NotRotatedInTime"] : [], Kinds(With(rotation: Good.Document.Rotation! with { LastRotatedAt = Now.AddDays(-days) })));

    [Fact]
    public void Tags_of_AWS_do_not_count_and_keys_have_their_case()
    {
        Assert.Equal(["SecretsManager.5 Untagged"], Kinds(Tagged()));
        Assert.Equal(["SecretsManager.5 Untagged"], Kinds(Tagged("aws:cloudformation:stack-name")));
        Assert.Empty(Kinds(Tagged("team", "stage"), Usual with { RequiredTags = ["team", "stage"] }));
        Assert.Equal(["SecretsManager.5 Untagged"], Kinds(Tagged("Team", "stage"), Usual with { RequiredTags = ["team", "stage"] }));
    }

    [Fact]
    public void A_replica_is_not_blamed_for_its_primarys_rotation()
    {
        var replica = Good with { AccessedOn = null, Document = new SecretDocument { PrimaryRegion = "eu-west-1" } };

        Assert.Equal(["SecretsManager.3 Unused", "SecretsManager.5 Untagged"], Kinds(replica));
    }

    [Fact]
    public void A_secret_that_is_being_deleted_is_told_and_judged_no_more()
    {
        var found = Assert.Single(SecretControls.Find(
            Good with { AccessedOn = null, PurgeAt = Now.AddDays(3), Document = new SecretDocument() }, Usual, null, Now));

        Assert.Equal(("AboutToBePurged", null, Now.AddDays(3)), (found.Kind, found.Control, found.Since));
        Assert.All(SecretControls.All, control => Assert.False(SecretControls.Covers(control.Id, found.Secret)));
    }

    private static StoredSecret With(SecretRotation rotation) => Good with { Document = Good.Document with { Rotation = rotation } };

    private static StoredSecret Tagged(params string[] keys) => Good with { Document = Good.Document with { Tags = [.. keys.Select(key => new SecretTag(key, ""))] } };

    private static IEnumerable<string> Kinds(StoredSecret secret, ControlLimits? limits = null, RotationOutcome? last = null) =>
        SecretControls.Find(secret, limits ?? Usual, last, Now).Select(finding => $"{finding.Control} {finding.Kind}");
}
