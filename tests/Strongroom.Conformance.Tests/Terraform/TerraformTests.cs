namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>The unmodified Terraform AWS provider, from a local mirror. Skipped where Terraform or the mirror is missing.</summary>
public sealed class TerraformTests(SharedServer server)
{
    [Fact]
    public async Task A_secret_is_applied_planned_changed_imported_and_destroyed()
    {
        await using var terraform = await TerraformRun.StartAsync(server.Process);
        var name = $"tf/{Guid.NewGuid():N}";
        await WriteAsync(terraform, name, "first", "s1");

        await terraform.InitAsync();
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        Assert.Equal("s1", (await ReadAsync(name)).Text("SecretString"));

        await WriteAsync(terraform, name, "second", "s2");
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        Assert.Equal("s2", (await ReadAsync(name)).Text("SecretString"));
        var described = (await server.Raw.CallAsync("DescribeSecret", new() { ["SecretId"] = name })).Ok;
        Assert.Equal("second", described.Text("Description"));

        await terraform.RunAsync("state", "rm", "aws_secretsmanager_secret.it");
        await terraform.RunAsync("import", "-no-color", "-input=false", "aws_secretsmanager_secret.it", described.Text("ARN"));

        // Import cannot know arguments that only matter to Terraform, so it sets them; nothing is to be replaced for it.
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        Assert.Equal(described.Text("ARN"), (await ReadAsync(name)).Text("ARN"));

        await terraform.DestroyAsync();
        (await server.Raw.CallAsync("DescribeSecret", new() { ["SecretId"] = name })).Fails("ResourceNotFoundException");
    }

    private async Task<JsonObject> ReadAsync(string name) => (await server.Raw.CallAsync("GetSecretValue", new() { ["SecretId"] = name })).Ok;

    private static Task WriteAsync(TerraformRun terraform, string name, string description, string value) =>
        terraform.WriteAsync($$"""
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
}
