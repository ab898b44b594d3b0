using System.Runtime.Versioning;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Tests.Crypto.KeyProviders;

// File modes are what most of it is about.
[UnsupportedOSPlatform("windows")]
public sealed class FileSealTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-seal-").FullName;

    private string KeyFile => Path.Combine(directory, "root.key");

    private FileSeal Seal => new(KeyFile, SystemEntropy.Instance);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task The_file_and_the_sealed_key_are_those_of_another_implementation()
    {
        var vector = Vectors.Read("root-key-file.json");
        var seal = new FileSeal(KeyFile, new TapeEntropy([.. vector.Hex("fileKey"), .. vector.Hex("nonce")]));
        seal.Create();

        using var opened = await Seal.UnwrapAsync(vector.Hex("sealed"), Ct);

        Assert.Equal(vector.Text("file"), await File.ReadAllTextAsync(KeyFile, Ct));
        Assert.Equal(vector.Hex("rootKey"), opened.Reveal().ToArray());
        Assert.Equal(vector.Hex("sealed"), await seal.WrapAsync(opened, Ct));
    }

    [Fact]
    public void The_file_is_made_for_its_owner_alone()
    {
        Seal.Create();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeyFile));
    }

    [Fact]
    public async Task An_existing_file_is_left_alone()
    {
        await File.WriteAllTextAsync(KeyFile, "precious", Ct);

        var refusal = Assert.Throws<SealException>(Seal.Create);

        Assert.Contains("exists already", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(KeyFile, Ct));
    }

    [Fact]
    public void A_directory_that_is_missing_is_named()
    {
        var path = Path.Combine(directory, "absent", "root.key");

        var refusal = Assert.Throws<SealException>(new FileSeal(path, SystemEntropy.Instance).Create);

        Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    public async Task A_file_that_others_may_open_is_refused(UnixFileMode extra)
    {
        Seal.Create();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | extra);

        await AssertRefusedAsync($"chmod 600 {KeyFile}");
    }

    [Fact]
    public async Task A_file_that_only_its_owner_may_read_is_accepted()
    {
        Seal.Create();
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead);

        Assert.NotEmpty(await WrapAsync());
    }

    [Fact]
    public async Task A_missing_file_is_to_be_restored() => await AssertRefusedAsync("Restore it from where you saved it; without it nothing can be read");

    [Theory]
    [InlineData("")]
    [InlineData("strongroom root key v1\n")]
    [InlineData("strongroom root key v2\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("strongroom root key v1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("strongroom root key v1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")]
    [InlineData("strongroom root key v1\nAAAAAAAAAAAAAAAAAAAAA!AAAAAAAAAAAAAAAAAAAAA=\n")]
    [InlineData("strongroom root key v1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    public async Task A_malformed_file_is_refused(string content)
    {
        Write(content);

        await AssertRefusedAsync("malformed");
    }

    [Fact]
    public async Task Comments_and_line_ends_of_other_systems_do_no_harm()
    {
        Write("strongroom root key v1\r\n\r\n# saved by Ana\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

        Assert.NotEmpty(await WrapAsync());
    }

    [Fact]
    public async Task A_directory_in_place_of_the_file_is_refused()
    {
        Directory.CreateDirectory(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        await AssertRefusedAsync("cannot be read");
    }

    [Fact]
    public async Task Another_key_file_does_not_open_the_data()
    {
        Seal.Create();
        var wrapped = await WrapAsync();
        File.Delete(KeyFile);
        Seal.Create();

        var refusal = await Assert.ThrowsAsync<SealException>(async () => await Seal.UnwrapAsync(wrapped, Ct));

        Assert.Contains("not the one this data was sealed with", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_flipped_byte_of_the_sealed_root_key_is_refused()
    {
        Seal.Create();
        var wrapped = await WrapAsync();

        for (var i = 0; i < wrapped.Length; i++)
        {
            var flipped = wrapped.ToArray();
            flipped[i] ^= 1;
            await Assert.ThrowsAsync<SealException>(async () => await Seal.UnwrapAsync(flipped, Ct));
        }

        await Assert.ThrowsAsync<SealException>(async () => await Seal.UnwrapAsync(wrapped.AsMemory(1), Ct));
        await Assert.ThrowsAsync<SealException>(async () => await Seal.UnwrapAsync(default, Ct));
    }

    private void Write(string content)
    {
        File.WriteAllText(KeyFile, content);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task<byte[]> WrapAsync()
    {
        using var rootKey = SecretBytes.CopyFrom(new byte[32]);
        return await Seal.WrapAsync(rootKey, Ct);
    }

    private async Task AssertRefusedAsync(string advice)
    {
        var refusal = await Assert.ThrowsAsync<SealException>(WrapAsync);

        Assert.Contains(advice, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(KeyFile, refusal.Message, StringComparison.Ordinal);
    }
}
