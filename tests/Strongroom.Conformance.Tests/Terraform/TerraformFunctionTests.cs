using System.IO.Compression;

namespace Strongroom.Conformance.Tests.Terraform;

/// <summary>A rotation function with its role and its permission as Terraform keeps them: applied, nothing left to do, changed, destroyed.</summary>
public sealed class TerraformFunctionTests(SharedServer server)
{
    [Fact]
    public async Task A_function_with_its_permission_and_a_rotation()
    {
        await using var terraform = await TerraformRun.StartAsync(server.Process);
        var name = $"tf-{Guid.NewGuid():N}";

        await terraform.WriteAsync(Resources(name, 10));
        await terraform.WriteAsync("function.zip", Zip("def lambda_handler(event, context): pass"));
        await terraform.InitAsync();
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        var first = (await GetAsync(name)).Ok["Configuration"]!.AsObject();
        Assert.Equal((10, "v"), (first["Timeout"]!.GetValue<int>(), first["Environment"]!["Variables"]!.AsObject().Text("NAME")));

        await terraform.WriteAsync(Resources(name, 20));
        await terraform.WriteAsync("function.zip", Zip("def lambda_handler(event, context): return 1"));
        await terraform.ApplyAsync();
        await terraform.PlanIsEmptyAsync();
        var second = (await GetAsync(name)).Ok["Configuration"]!.AsObject();
        Assert.Equal(20, second["Timeout"]!.GetValue<int>());
        Assert.NotEqual(first.Text("CodeSha256"), second.Text("CodeSha256"));

        await terraform.DestroyAsync();
        (await GetAsync(name)).Fails("ResourceNotFoundException");
    }

    private Task<Answer> GetAsync(string name) =>
        server.Client(ClientNames.Boto3).CallAsync("GetFunction", new() { ["FunctionName"] = name }, service: "lambda");

    private static byte[] Zip(string code)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(archive.CreateEntry("lambda_function.py").Open());
            writer.Write(code);
        }

        return memory.ToArray();
    }

    private static string Resources(string name, int timeout) => $$"""
        data "aws_caller_identity" "me" {}

        resource "aws_iam_role" "it" {
          name = "{{name}}"
          assume_role_policy = jsonencode({
            Version   = "2012-10-17"
            Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
          })
        }

        resource "aws_lambda_function" "it" {
          function_name    = "{{name}}"
          role             = aws_iam_role.it.arn
          runtime          = "python3.11"
          handler          = "lambda_function.lambda_handler"
          filename         = "function.zip"
          source_code_hash = filebase64sha256("function.zip")
          timeout          = {{timeout}}
          tags             = { team = "t{{timeout}}" }

          environment {
            variables = { NAME = "v" }
          }
        }

        resource "aws_lambda_permission" "it" {
          statement_id   = "rotation"
          action         = "lambda:InvokeFunction"
          function_name  = aws_lambda_function.it.function_name
          principal      = "secretsmanager.amazonaws.com"
          source_account = data.aws_caller_identity.me.account_id
        }
        """;
}
