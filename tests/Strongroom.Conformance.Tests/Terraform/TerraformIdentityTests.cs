namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>Users with keys and groups, by the unmodified Terraform AWS provider.</summary>
public sealed class TerraformIdentityTests(SharedServer server)
{
    [Fact]
    public async Task Users_groups_and_keys_are_applied_planned_changed_and_destroyed()
    {
        await using var terraform = await TerraformRun.StartAsync(server.Process);
        var account = (await server.Client(ClientNames.Cli).CallAsync("GetCallerIdentity", [], service: "sts")).Ok.Text("Account");
        var name = $"tf-{Guid.NewGuid():N}";

        await terraform.WriteAsync(Configuration(account, name, "first", "/team/"));
        await terraform.InitAsync();
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();

        await terraform.WriteAsync(Configuration(account, name, "second", "/ops/"));
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        var user = (await server.Client(ClientNames.Cli).CallAsync("GetUser", new() { ["UserName"] = name }, service: "iam")).Ok["User"]!.AsObject();
        Assert.Equal($"arn:aws:iam::{account}:user/ops/{name}", user.Text("Arn"));

        await terraform.DestroyAsync();
        (await server.Client(ClientNames.Cli).CallAsync("GetUser", new() { ["UserName"] = name }, service: "iam")).Fails("NoSuchEntity");
    }

    // The postcondition is what people use the simulation for: an apply fails when it does not hold.
    private static string Configuration(string account, string name, string tag, string path) => $$"""
        resource "aws_iam_user" "it" {
          name          = "{{name}}"
          path          = "{{path}}"
          force_destroy = true
          tags          = { team = "{{tag}}" }
        }

        resource "aws_iam_access_key" "it" {
          user = aws_iam_user.it.name
        }

        resource "aws_iam_group" "it" {
          name = "{{name}}-{{tag}}"
        }

        resource "aws_iam_user_group_membership" "it" {
          user   = aws_iam_user.it.name
          groups = [aws_iam_group.it.name]
        }

        resource "aws_iam_user_policy" "it" {
          user = aws_iam_user.it.name
          name = "read"
          policy = jsonencode({
            Version   = "2012-10-17"
            Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:*:*:secret:team-a/*" }]
          })
        }

        data "aws_iam_principal_policy_simulation" "it" {
          policy_source_arn = aws_iam_user.it.arn
          action_names      = ["secretsmanager:GetSecretValue"]
          resource_arns     = ["arn:aws:secretsmanager:us-east-1:{{account}}:secret:team-a/db-AbCdEf"]
          depends_on        = [aws_iam_user_policy.it]

          lifecycle {
            postcondition {
              condition     = self.all_allowed
              error_message = "The user may not read its secret."
            }
          }
        }
        """;
}
