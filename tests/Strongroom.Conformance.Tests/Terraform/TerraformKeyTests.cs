namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>KMS keys, aliases and grants as Terraform keeps them: applied, nothing left to do, changed, destroyed.</summary>
public sealed class TerraformKeyTests(SharedServer server)
{
    [Fact]
    public async Task Keys_aliases_and_grants()
    {
        await using var terraform = await TerraformRun.StartAsync(server.Process);
        var name = $"tf-{Guid.NewGuid():N}";

        await terraform.WriteAsync(Resources(name, "first", 90));
        await terraform.InitAsync();
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        Assert.Equal("first", (await DescribeAsync(name)).Ok["KeyMetadata"]!.AsObject().Text("Description"));

        await terraform.WriteAsync(Resources(name, "second", 180));
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        Assert.Equal("second", (await DescribeAsync(name)).Ok["KeyMetadata"]!.AsObject().Text("Description"));

        await terraform.DestroyAsync();
        (await DescribeAsync(name)).Fails("NotFoundException");
    }

    private Task<Answer> DescribeAsync(string name) =>
        server.Client(ClientNames.Boto3).CallAsync("DescribeKey", new() { ["KeyId"] = $"alias/{name}" }, service: "kms");

    private static string Resources(string name, string description, int days) => $$"""
        data "aws_caller_identity" "me" {}

        resource "aws_kms_key" "it" {
          description             = "{{description}}"
          deletion_window_in_days = 7
          enable_key_rotation     = true
          rotation_period_in_days = {{days}}
          tags                    = { team = "{{description}}" }
        }

        resource "aws_kms_alias" "it" {
          name          = "alias/{{name}}"
          target_key_id = aws_kms_key.it.key_id
        }

        resource "aws_kms_grant" "it" {
          key_id            = aws_kms_key.it.key_id
          grantee_principal = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root"
          operations        = ["Encrypt", "Decrypt"]
        }

        resource "aws_secretsmanager_secret" "it" {
          name                    = "{{name}}"
          kms_key_id              = aws_kms_key.it.arn
          recovery_window_in_days = 0
        }
        """;
}
