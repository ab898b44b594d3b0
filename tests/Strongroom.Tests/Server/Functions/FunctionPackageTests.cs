using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Strongroom.Server.Functions;

namespace Strongroom.Tests.Server.Functions;

/// <summary>Packages as somebody who means harm would make them, written by .NET's and Python's ZIP libraries.</summary>
public sealed class FunctionPackageTests : IDisposable
{
    private const string NoZip = "Could not unzip uploaded file. Please check your file, then try to upload again.";
    private const string BadName = "The package holds an entry whose name is no relative path with forward slashes, or leads out of the package.";
    private const string Twice = "The package holds two entries of one name.";
    private const string Special = "The package holds a link or another special file. Strongroom takes files and folders only.";

    private readonly string root = Directory.CreateTempSubdirectory("strongroom-package-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Files_and_folders_are_unpacked_for_their_owner_alone()
    {
        var zip = Zip(("lambda_function.py", "def handler(): pass", 0x81A4), ("bin/", "", 0x41ED), ("bin/tool", "#!/bin/sh", 0x81ED), ("deep/er/data.txt", "x", 0));

        FunctionPackage.Unpack(zip, Target);

        Assert.Equal(
            ["bin Execute", "bin/tool Execute", "deep Execute", "deep/er Execute", "deep/er/data.txt", "lambda_function.py"],
            Directory.EnumerateFileSystemEntries(Target, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path =>
            {
                var mode = File.GetUnixFileMode(path);
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode & ~UnixFileMode.UserExecute);
                return Path.GetRelativePath(Target, path) + (mode.HasFlag(UnixFileMode.UserExecute) ? " Execute" : "");
            }));
        Assert.Equal("def handler(): pass", File.ReadAllText(Path.Combine(Target, "lambda_function.py")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Target));
    }

    [Theory]
    [InlineData("bootstrap", true)]
    [InlineData("lib/bootstrap", false)]
    public void Where_the_archive_has_no_modes_the_bootstrap_can_be_started(string name, bool executable)
    {
        FunctionPackage.Unpack(Zip((name, "x", 0)), Target);

        Assert.Equal(executable, File.GetUnixFileMode(Path.Combine(Target, name)).HasFlag(UnixFileMode.UserExecute));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/../../evil")]
    [InlineData("/etc/evil")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("..")]
    [InlineData("a\\..\\..\\evil")]
    [InlineData("C:/evil")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    public void A_name_that_leads_out_of_the_package_is_refused(string name)
    {
        var zip = Zip((name, "x", 0));

        Assert.Equal(BadName, Assert.Throws<FunctionPackageException>(() => FunctionPackage.Check(zip)).Message);
        Assert.Equal(BadName, Assert.Throws<FunctionPackageException>(() => FunctionPackage.Unpack(zip, Target)).Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Target));
        Assert.Single(Directory.EnumerateFileSystemEntries(root));
    }

    [Theory]
    [InlineData(0xA1FF, "link")] // symbolic link
    [InlineData(0x1180, "pipe")]
    [InlineData(0x21B6, "device")]
    [InlineData(0x4180, "folder-without-slash")]
    [InlineData(0x8180, "file-with-slash/")]
    public void Links_and_special_files_are_refused(int mode, string name) =>
        Assert.Equal(Special, Assert.Throws<FunctionPackageException>(() => FunctionPackage.Check(Zip((name, "/etc/passwd", mode)))).Message);

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "a")]
    [InlineData("a", "a/")]
    [InlineData("a/", "a")]
    [InlineData("a/b", "a/b/c/d")]
    public void Two_entries_of_one_name_are_refused(string first, string second) =>
        Assert.Equal(Twice, Assert.Throws<FunctionPackageException>(() => FunctionPackage.Check(Zip((first, "", 0), (second, "", 0)))).Message);

    [Fact]
    public void A_folder_may_stand_more_than_once()
    {
        FunctionPackage.Unpack(Zip(("a/", "", 0), ("a/b", "x", 0), ("a/", "", 0)), Target);

        Assert.True(File.Exists(Path.Combine(Target, "a", "b")));
    }

    [Fact]
    public void A_bomb_is_refused_by_what_comes_out_of_it()
    {
        // 263 MB of zeros in 256 KB, and a header that says otherwise.
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var bomb = archive.CreateEntry("zeros", CompressionLevel.Optimal).Open();
            var zeros = new byte[1 << 20];
            for (var i = 0; i < 251; i++)
                bomb.Write(zeros);
        }

        Assert.InRange(memory.Length, 1, 1 << 20);
        Assert.Equal(
            "Unzipped size must be smaller than 262144000 bytes", Assert.Throws<FunctionPackageException>(() => FunctionPackage.Check(memory.ToArray())).Message);
    }

    [Fact]
    public void What_is_no_archive_is_refused()
    {
        var good = Zip(("a", new string('x', 4000), 0));
        Assert.Equal("Uploaded file must be a non-empty zip", Assert.Throws<FunctionPackageException>(() => FunctionPackage.Check(Zip())).Message);
        byte[][] bad = [[], "not a zip"u8.ToArray(), good[..^30], [.. good[..10], .. new byte[good.Length - 40], .. good[^30..]]];
        foreach (var bytes in bad)
            Assert.Equal(NoZip, Assert.Throws<FunctionPackageException>(() => FunctionPackage.Check(bytes)).Message);
    }

    [Fact]
    public void Nothing_is_written_over_what_is_there()
    {
        Directory.CreateDirectory(Target);
        Assert.Throws<IOException>(() => FunctionPackage.Unpack(Zip(("a", "x", 0)), Target));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Target));
    }

    [Fact]
    public async Task What_Python_packs_is_unpacked_and_has_the_hash_that_Lambda_shows()
    {
        var path = Path.Combine(root, "f.zip");
        const string Script = """
            import zipfile, hashlib, base64, sys
            with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('lambda_function.py', 'x = 1')
            print(base64.b64encode(hashlib.sha256(open(sys.argv[1], 'rb').read()).digest()).decode())
            """;
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Script, path]) { RedirectStandardOutput = true })!;
        var hash = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        var zip = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        FunctionPackage.Unpack(zip, Target);

        Assert.Equal("x = 1", await File.ReadAllTextAsync(Path.Combine(Target, "lambda_function.py"), TestContext.Current.CancellationToken));
        Assert.Equal(hash.Trim(), FunctionPackage.Sha256(zip));
    }

    private string Target => Path.Combine(root, "unpacked");

    private static byte[] Zip(params (string Name, string Content, int Mode)[] entries)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, mode) in entries)
            {
                var entry = archive.CreateEntry(name);
                entry.ExternalAttributes = mode << 16;
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return memory.ToArray();
    }
}
