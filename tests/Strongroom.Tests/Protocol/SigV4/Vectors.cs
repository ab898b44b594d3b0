using System.Text;

namespace Strongroom.Tests.Protocol.SigV4;

/// <summary>The AWS and project vectors under tests/vectors/sigv4.</summary>
internal static class Vectors
{
    // Constants of both AWS suites.
    public const string AccessKeyId = "AKIDEXAMPLE";
    public const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    public static readonly DateTimeOffset Time = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    public static string Root { get; } = Path.Combine(RepositoryRoot(), "tests", "vectors", "sigv4");

    public static string Text(string path) =>
        Encoding.Latin1.GetString(File.ReadAllBytes(path)).Replace("\r\n", "\n", StringComparison.Ordinal);

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Strongroom.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the repository; the vectors are not here.");
    }
}
