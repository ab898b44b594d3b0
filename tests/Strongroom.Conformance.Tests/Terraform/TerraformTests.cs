using System.Diagnostics;

namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>The unmodified Terraform AWS provider, from a local mirror. Skipped where Terraform or the mirror is missing.</summary>
public sealed class TerraformTests(SharedServer server)
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

    [Fact]
    public async Task A_secret_is_applied_planned_changed_imported_and_destroyed()
    {
        var mirror = Mirrors.FirstOrDefault(m => m is { Length: > 0 } && Directory.Exists(Path.Combine(m, "registry.terraform.io", "hashicorp", "aws")));
        Assert.SkipWhen(mirror is null, "No local mirror of the Terraform AWS provider: set TF_PLUGIN_DIR.");
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, "terraform"))), "Terraform is not installed.");
        var directory = Directory.CreateTempSubdirectory("strongroom-terraform-").FullName;
        try
        {
            await RunAsync(directory, mirror!, $"tf/{Guid.NewGuid():N}");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task RunAsync(string directory, string mirror, string name)
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "terraform.rc"), $$"""
            provider_installation {
              filesystem_mirror {
                path    = "{{mirror}}"
                include = ["registry.terraform.io/hashicorp/aws"]
              }
            }
            """, TestContext.Current.CancellationToken);
        await WriteAsync(directory, name, "first", "s1");

        await TerraformAsync(directory, 0, "init", "-no-color", "-input=false");
        await TerraformAsync(directory, 0, "apply", "-no-color", "-input=false", "-auto-approve");
        await TerraformAsync(directory, 0, "plan", "-no-color", "-input=false", "-detailed-exitcode");
        Assert.Equal("s1", (await ReadAsync(name)).Text("SecretString"));

        await WriteAsync(directory, name, "second", "s2");
        await TerraformAsync(directory, 0, "apply", "-no-color", "-input=false", "-auto-approve");
        await TerraformAsync(directory, 0, "plan", "-no-color", "-input=false", "-detailed-exitcode");
        Assert.Equal("s2", (await ReadAsync(name)).Text("SecretString"));
        var described = (await server.Raw.CallAsync("DescribeSecret", new() { ["SecretId"] = name })).Ok;
        Assert.Equal("second", described.Text("Description"));

        await TerraformAsync(directory, 0, "state", "rm", "aws_secretsmanager_secret.it");
        await TerraformAsync(directory, 0, "import", "-no-color", "-input=false", "aws_secretsmanager_secret.it", described.Text("ARN"));

        // Import cannot know arguments that only matter to Terraform, so it sets them; nothing is to be replaced for it.
        await TerraformAsync(directory, 0, "apply", "-no-color", "-input=false", "-auto-approve");
        await TerraformAsync(directory, 0, "plan", "-no-color", "-input=false", "-detailed-exitcode");
        Assert.Equal(described.Text("ARN"), (await ReadAsync(name)).Text("ARN"));

        await TerraformAsync(directory, 0, "destroy", "-no-color", "-input=false", "-auto-approve");
        (await server.Raw.CallAsync("DescribeSecret", new() { ["SecretId"] = name })).Fails("ResourceNotFoundException");
    }

    private async Task<JsonObject> ReadAsync(string name) => (await server.Raw.CallAsync("GetSecretValue", new() { ["SecretId"] = name })).Ok;

    private static Task WriteAsync(string directory, string name, string description, string value) =>
        File.WriteAllTextAsync(Path.Combine(directory, "main.tf"), $$"""
            terraform {
              required_providers {
                aws = { source = "hashicorp/aws" }
              }
            }

            provider "aws" {
              skip_metadata_api_check = true
              skip_region_validation  = true
            }

            resource "aws_secretsmanager_secret" "it" {
              name                    = "{{name}}"
              description             = "{{description}}"
              recovery_window_in_days = 0
              tags                    = { team = "{{description}}" }
            }

            resource "aws_secretsmanager_secret_version" "it" {
              secret_id     = aws_secretsmanager_secret.it.id
              secret_string = "{{value}}"
            }

            resource "aws_secretsmanager_secret_policy" "it" {
              secret_arn = aws_secretsmanager_secret.it.arn
              policy = jsonencode({
                Version = "2012-10-17"
                Statement = [{
                  Sid       = "{{description}}"
                  Effect    = "Allow"
                  Principal = { AWS = "arn:aws:iam::111122223333:root" }
                  Action    = "secretsmanager:GetSecretValue"
                  Resource  = "*"
                }]
              })
            }
            """);

    private async Task TerraformAsync(string directory, int expected, params string[] arguments)
    {
        var start = new ProcessStartInfo("terraform", arguments) { WorkingDirectory = directory, RedirectStandardOutput = true, RedirectStandardError = true };
        ClientEnvironment.Apply(start, server.Process, directory);
        start.Environment["TF_CLI_CONFIG_FILE"] = Path.Combine(directory, "terraform.rc");
        start.Environment["CHECKPOINT_DISABLE"] = "1";
        start.Environment["TF_IN_AUTOMATION"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == expected, $"terraform {arguments[0]} ended with {process.ExitCode}:\n{output}\n{await error}");
    }
}
