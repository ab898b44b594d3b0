namespace Strongroom.Conformance.Tests.Server;

/// <summary>Finds the repository's files from the directory that the tests were built into.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string ClientScripts => Path.Combine(Root, "tests", "Strongroom.Conformance.Tests", "clients");

    /// <summary>The server's executable: <c>STRONGROOM_EXECUTABLE</c>, or the one built with these tests in the same configuration.</summary>
    public static string Executable
    {
        get
        {
            if (Environment.GetEnvironmentVariable("STRONGROOM_EXECUTABLE") is { Length: > 0 } chosen)
                return chosen;
            var configuration = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
            return Path.Combine(Root, "src", "Strongroom.Cli", "bin", configuration, "net10.0", "strongroom");
        }
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Strongroom.slnx")))
                return directory.FullName;
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
