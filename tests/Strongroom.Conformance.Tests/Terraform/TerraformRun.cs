using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>A directory in which the unmodified Terraform runs with the AWS provider from a local mirror. Skips the test where either is missing.</summary>
internal sealed class TerraformRun : IAsyncDisposable
{
    /// <summary>Where mirrors are usually kept; the environment variable comes first.</summary>
    private static readonly string?[] Mirrors =
    [
        Environment.GetEnvironmentVariable("TF_PLUGIN_DIR"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".terraform.d", "plugins"),
        "/opt/tf-plugins",
        "/usr/local/share/terraform/plugins",
        "/usr/share/terraform/plugins",
    ];

    private readonly ServerProcess server;
    private readonly string directory = Directory.CreateTempSubdirectory("strongroom-terraform-").FullName;

    private TerraformRun(ServerProcess server) => this.server = server;

    public static async Task<TerraformRun> StartAsync(ServerProcess server)
    {
        var mirror = Mirrors.FirstOrDefault(m => m is { Length: > 0 } && Directory.Exists(Path.Combine(m, "registry.terraform.io", "hashicorp", "aws")));
        Assert.SkipWhen(mirror is null, "No local mirror of the Terraform AWS provider: set TF_PLUGIN_DIR.");
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "terraform"))), "Terraform is not installed.");
        var run = new TerraformRun(server);
        await File.WriteAllTextAsync(Path.Combine(run.directory, "terraform.rc"), $$"""
            provider_installation {
              filesystem_mirror {
                path    = "{{mirror}}"
                include = ["registry.terraform.io/hashicorp/aws"]
              }
            }
            """);
        await File.WriteAllTextAsync(Path.Combine(run.directory, "provider.tf"), """
            terraform {
              required_providers {
                aws = { source = "hashicorp/aws" }
              }
            }

            provider "aws" {
              skip_metadata_api_check = true
              skip_region_validation  = true
            }
            """);
        return run;
    }

    /// <summary>Replaces the resources.</summary>
    public Task WriteAsync(string resources) => File.WriteAllTextAsync(Path.Combine(directory, "main.tf"), resources);

    /// <summary>Puts a file beside them.</summary>
    public Task WriteAsync(string name, byte[] content) => File.WriteAllBytesAsync(Path.Combine(directory, name), content);

    public Task InitAsync() => RunAsync("init", "-no-color", "-input=false");

    public Task ApplyAsync() => RunAsync("apply", "-no-color", "-input=false", "-auto-approve");

    /// <summary>Requires that nothing is left to do.</summary>
    public Task PlanIsEmptyAsync() => RunAsync("plan", "-no-color", "-input=false", "-detailed-exitcode");

    public Task DestroyAsync() => RunAsync("destroy", "-no-color", "-input=false", "-auto-approve");

    public async Task RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("terraform", arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        ClientEnvironment.Apply(start, server, directory);
        start.Environment["TF_CLI_CONFIG_FILE"] = Path.Combine(directory, "terraform.rc");
        start.Environment["CHECKPOINT_DISABLE"] = "1";
        start.Environment["TF_IN_AUTOMATION"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"terraform {arguments[0]} ended with {process.ExitCode}:\n{output}\n{await error}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return default;
    }
}
