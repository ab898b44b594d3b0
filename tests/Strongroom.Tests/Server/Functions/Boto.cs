using System.Diagnostics;

namespace Strongroom.Tests.Server.Functions;

/// <summary>boto3 where the functions' user can read it: this user's own may lie where nobody else can look.</summary>
internal static class Boto
{
    // With the service models that the tests use: the others are many megabytes.
    private const string Copy = """
        import importlib, os, shutil, sys
        target = sys.argv[1]
        for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six"):
            source = importlib.import_module(name).__file__
            if os.path.basename(source) != "__init__.py":
                shutil.copy(source, target)
                continue
            def skip(folder, names):
                if folder.endswith("botocore/data"):
                    return [n for n in names if os.path.isdir(os.path.join(folder, n)) and n != "secretsmanager"]
                return [n for n in names if n == "__pycache__" or folder.endswith("boto3") and n == "examples"]
            shutil.copytree(os.path.dirname(source), os.path.join(target, name), ignore=skip)
        for folder, folders, files in os.walk(target):
            os.chmod(folder, 0o755)
            for file in files:
                os.chmod(os.path.join(folder, file), 0o644)
        """;

    /// <summary>Puts it into a directory of code, as a deployment package has it.</summary>
    public static async Task CopyToAsync(string directory)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", Copy, directory]) { RedirectStandardError = true })!;
        var errors = await python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await python.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(python.ExitCode == 0, errors);
    }
}
