using Strongroom.Conformance.Tests.Operations;

namespace Strongroom.Conformance.Tests.Behaviour;

/// <summary>How labels move. Source: API fact sheet 2.7, its worked example and its rules by number.</summary>
public sealed class LabelTableTests(SharedServer server) : OperationTest(server)
{
    private async Task MoveCurrentAsync(string from, string to) => _ = (await RawAsync("UpdateSecretVersionStage", new()
    {
        ["SecretId"] = Name, ["VersionStage"] = "AWSCURRENT", ["RemoveFromVersionId"] = from, ["MoveToVersionId"] = to,
    })).Ok;

    [Fact]
    public async Task The_worked_example()
    {
        var (_, v1) = await CreateAsync();
        var v2 = await PutAsync("s2", "AWSPENDING", "PUT1");
        Assert.Equal("v1: AWSCURRENT; v2: AWSPENDING PUT1", await LabelsAsync(v1, v2));

        await MoveCurrentAsync(v1, v2);
        Assert.Equal("v1: AWSPREVIOUS; v2: AWSCURRENT AWSPENDING PUT1", await LabelsAsync(v1, v2));

        var v3 = await PutAsync("s3", "AWSPENDING", "PUT2");
        Assert.Equal("v1: AWSPREVIOUS; v2: AWSCURRENT PUT1; v3: AWSPENDING PUT2", await LabelsAsync(v1, v2, v3));

        await MoveCurrentAsync(v2, v3);
        Assert.Equal("v1: -; v2: AWSPREVIOUS PUT1; v3: AWSCURRENT AWSPENDING PUT2", await LabelsAsync(v1, v2, v3));
    }

    [Fact]
    public async Task Rule_1_the_first_version_is_current_whatever_its_stages()
    {
        _ = (await RawAsync("CreateSecret", new() { ["Name"] = Name })).Ok;

        var v1 = await PutAsync("s1", "AWSPENDING");

        Assert.Equal("v1: AWSCURRENT AWSPENDING", await LabelsAsync(v1));
    }

    [Fact]
    public async Task Rule_8_a_new_current_version_ends_a_finished_rotation_label()
    {
        var (_, v1) = await CreateAsync();
        var v2 = await PutAsync("s2", "AWSPENDING");
        await MoveCurrentAsync(v1, v2);

        var v3 = await PutAsync("s3");

        Assert.Equal("v1: -; v2: AWSPREVIOUS; v3: AWSCURRENT", await LabelsAsync(v1, v2, v3));
    }

    [Fact]
    public async Task A_deprecated_version_is_read_by_its_id_without_stages()
    {
        var (_, v1) = await CreateAsync(value: "s1");
        await PutAsync("s2");
        await PutAsync("s3");

        var value = (await RawAsync("GetSecretValue", new() { ["SecretId"] = Name, ["VersionId"] = v1 })).Ok;

        Assert.Equal(("s1", false), (value.Text("SecretString"), value.ContainsKey("VersionStages")));
    }
}
