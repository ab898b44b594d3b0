using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>The AWS CLI, one process a call, given options as a person types them.</summary>
internal sealed partial class CommandLineClient(ServerProcess server) : IClient
{
    private readonly string home = Directory.CreateTempSubdirectory("strongroom-aws-").FullName;

    public async Task<Answer> CallAsync(string operation, JsonObject parameters, string region, string service)
    {
        var start = new ProcessStartInfo("aws") { RedirectStandardOutput = true, RedirectStandardError = true };
        ClientEnvironment.Apply(start, server, home);
        start.Environment["AWS_DEFAULT_REGION"] = region;
        foreach (var argument in (string[])[service, Kebab(operation), "--output", "json", .. parameters.SelectMany(Option)])
            start.ArgumentList.Add(argument);

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode == 0)
            return new Answer(output.Length == 0 ? [] : JsonNode.Parse(output)!.AsObject(), null, null);
        var parsed = ErrorLine().Match(await error);
        return parsed.Success
            ? new Answer(null, parsed.Groups["code"].Value, parsed.Groups["message"].Value.TrimEnd('\n'))
            : throw new InvalidOperationException($"aws {operation} ended with {process.ExitCode}: {await error}");
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(home, recursive: true);
        return default;
    }

    private IEnumerable<string> Option(KeyValuePair<string, JsonNode?> parameter)
    {
        var name = Kebab(parameter.Key);
        switch (parameter.Value)
        {
            case JsonValue flag when flag.TryGetValue<bool>(out var isSet):
                yield return isSet ? $"--{name}" : $"--no-{name}";
                break;
            case JsonObject blob when blob.ContainsKey("base64"):
                var file = Path.Combine(home, "blob");
                File.WriteAllBytes(file, Convert.FromBase64String(blob["base64"]!.GetValue<string>()));
                yield return $"--{name}";
                yield return $"fileb://{file}";
                break;
            case JsonValue text:
                yield return $"--{name}";
                yield return text.ToString();
                break;
            default:
                yield return $"--{name}";
                yield return parameter.Value!.ToJsonString();
                break;
        }
    }

    // RotationLambdaARN is --rotation-lambda-arn; ClientIDToOpenIDConnectProvider has words that no rule finds.
    private static string Kebab(string name) => WordStart()
        .Replace(name.Replace("OpenIDConnect", "OpenIdConnect", StringComparison.Ordinal).Replace("ClientID", "ClientId", StringComparison.Ordinal), "-")
        .ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"An error occurred \((?<code>\w+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?: (?<message>.*)", RegexOptions.Singleline)]
    private static partial Regex ErrorLine();
}
