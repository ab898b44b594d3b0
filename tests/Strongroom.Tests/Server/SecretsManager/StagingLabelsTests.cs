using CsCheck;
using Strongroom.Protocol;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>Source: API fact sheet 2.7. The worked example is in <see cref="SecretLifeTests"/>.</summary>
public sealed class StagingLabelsTests
{
    private static readonly string[] Names = ["AWSCURRENT", "AWSPENDING", "AWSPREVIOUS", "a", "b"];

    private static readonly Gen<(bool IsNew, string Version, string[] Labels)> Step = Gen.Select(
        Gen.Bool,
        Gen.Int[0, 5].Select(i => $"v{i}"),
        Gen.Int[0, 4].Select(i => Names[i]).Array[1, 3]);

    [Fact]
    public void After_any_moves_one_version_is_current_and_no_label_is_on_two() => Step.Array[1, 30].Sample(steps =>
    {
        IReadOnlyList<LabelledVersion> versions = [];
        foreach (var (isNew, version, labels) in steps)
        {
            versions = isNew || versions.Count == 0
                ? StagingLabels.AttachNew(versions, version, labels)
                : StagingLabels.Attach(versions, version, labels, hasValue: true);

            var all = versions.SelectMany(v => v.Labels).ToList();
            Assert.Equal(all.Count, all.Distinct().Count());
            Assert.Single(all, l => l == "AWSCURRENT");
            Assert.DoesNotContain(versions, v => v.Labels.Count == 0);
            Assert.True(labels.Where(l => l != "AWSPREVIOUS" && l != "AWSPENDING").All(l => versions.Of(version).Contains(l)));
        }
    });

    [Fact]
    public void Twenty_labels_are_allowed_and_one_more_is_not()
    {
        var versions = StagingLabels.AttachNew([], "v0", [.. Enumerable.Range(0, 19).Select(i => $"l{i}")]); // and AWSCURRENT

        Assert.Equal(20, versions.Sum(v => v.Labels.Count));
        Assert.Equal("LimitExceededException", Assert.Throws<ServiceException>(() => StagingLabels.Attach(versions, "v1", ["more"], true)).Code);
    }

    [Fact]
    public void The_first_version_is_current_whatever_was_asked_for() =>
        Assert.Equal(["AWSCURRENT", "AWSPENDING"], StagingLabels.AttachNew([], "v1", ["AWSPENDING"]).Of("v1"));
}
