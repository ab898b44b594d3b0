namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>Roles, policies, attachments and OpenID Connect providers as Terraform keeps them: applied, nothing left to do, changed, destroyed.</summary>
public sealed class TerraformAccessTests(SharedServer server)
{
    [Fact]
    public async Task Roles_policies_attachments_and_providers()
    {
        await using var terraform = await TerraformRun.StartAsync(server.Process);
        var name = $"tf-{Guid.NewGuid():N}";

        await terraform.WriteAsync(Resources(name, "first", "GetSecretValue", 3600, "sts.amazonaws.com"));
        await terraform.InitAsync();
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        Assert.Equal("first", (await RoleAsync(name)).Ok["Role"]!.AsObject().Text("Description"));

        await terraform.WriteAsync(Resources(name, "second", "DescribeSecret", 7200, "other"));
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        var role = (await RoleAsync(name)).Ok["Role"]!.AsObject();
        Assert.Equal(("second", 7200), (role.Text("Description"), role["MaxSessionDuration"]!.GetValue<int>()));

        await terraform.DestroyAsync();
        (await RoleAsync(name)).Fails("NoSuchEntity");
    }

    private Task<Answer> RoleAsync(string name) => server.Client(ClientNames.Boto3).CallAsync("GetRole", new() { ["RoleName"] = name }, service: "iam");

    private static string Resources(string name, string description, string action, int seconds, string client) => $$"""
        data "aws_caller_identity" "me" {}

        data "aws_iam_policy" "shipped" {
          name = "SecretsManagerReadWrite"
        }

        resource "aws_iam_openid_connect_provider" "ci" {
          url            = "https://{{name}}.example.com:8443/id"
          client_id_list = ["{{client}}"]
          tags           = { team = "{{description}}" }
        }

        resource "aws_iam_openid_connect_provider" "plain" {
          url            = "https://{{name}}.example.com"
          client_id_list = ["{{client}}"]
        }

        resource "aws_iam_policy" "it" {
          name   = "{{name}}"
          path   = "/tf/"
          policy = jsonencode({
            Version   = "2012-10-17"
            Statement = [{ Effect = "Allow", Action = "secretsmanager:{{action}}", Resource = "*" }]
          })
          tags = { team = "{{description}}" }
        }

        resource "aws_iam_role" "it" {
          name                 = "{{name}}"
          path                 = "/tf/"
          description          = "{{description}}"
          max_session_duration = {{seconds}}
          permissions_boundary = aws_iam_policy.it.arn
          assume_role_policy = jsonencode({
            Version = "2012-10-17"
            Statement = [
              { Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = data.aws_caller_identity.me.account_id } },
              {
                Effect    = "Allow"
                Action    = "sts:AssumeRoleWithWebIdentity"
                Principal = { Federated = aws_iam_openid_connect_provider.ci.arn }
                Condition = { StringEquals = { "{{name}}.example.com:8443/id:aud" = "{{client}}" } }
              },
            ]
          })
          tags = { team = "{{description}}" }
        }

        resource "aws_iam_role" "other" {
          name = "{{name}}-other"
          assume_role_policy = jsonencode({
            Version   = "2012-10-17"
            Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = [aws_iam_role.it.arn] } }]
          })
        }

        resource "aws_iam_role_policy" "it" {
          name = "inline"
          role = aws_iam_role.it.id
          policy = jsonencode({
            Version   = "2012-10-17"
            Statement = [{ Effect = "Allow", Action = "secretsmanager:{{action}}", Resource = "*" }]
          })
        }

        resource "aws_iam_role_policy_attachment" "own" {
          role       = aws_iam_role.it.name
          policy_arn = aws_iam_policy.it.arn
        }

        resource "aws_iam_role_policy_attachment" "shipped" {
          role       = aws_iam_role.it.name
          policy_arn = data.aws_iam_policy.shipped.arn
        }
        """;
}
