using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Strongroom.Tests.Crypto.KeyProviders;

/// <summary>SoftHSM with tokens in a directory of this test run.</summary>
internal static class SoftHsm
{
    public const string Pin = "7351-user-canary";

    private const string SoPin = "9182-so-canary";

    private static readonly string[] Places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so"];
    private static readonly Lock Gate = new();
    private static int tokens;

    static SoftHsm()
    {
        var directory = Directory.CreateTempSubdirectory("strongroom-softhsm-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(Path.Combine(directory, "tokens"));
        Configuration = Path.Combine(directory, "softhsm2.conf");
        File.WriteAllText(Configuration, $"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n");

        // .NET's own variables are not those that native code in this process sees.
        if (SetEnvironment("SOFTHSM2_CONF", Configuration, 1) != 0)
            throw new InvalidOperationException("setenv failed.");
    }

    public static string Module => Places.FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException("SoftHSM is missing. ./test installs it; or: apt-get install softhsm2");

    /// <summary>For <c>SOFTHSM2_CONF</c> of a child process.</summary>
    public static string Configuration { get; }

    /// <returns>The label of a new, empty token with <see cref="Pin"/>.</returns>
    public static string NewToken()
    {
        lock (Gate)
        {
            var label = $"token-{++tokens}";
            Run("--init-token", "--free", "--label", label, "--so-pin", SoPin, "--pin", Pin);
            return label;
        }
    }

    public static void DeleteToken(string label) => Run("--delete-token", "--token", label);

    private static void Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("softhsm2-util", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SOFTHSM2_CONF"] = Configuration;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
    }

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment([MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, int overwrite);
}
