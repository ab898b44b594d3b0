using System.Globalization;

namespace Strongroom.Server.Functions;

/// <summary>The variables of a function's process: Lambda's and the function's own, none of this server's. Source: IAM fact sheet 9.4, 9.6.</summary>
internal static class FunctionEnvironment
{
    /// <summary>Names that a function's configuration may not set. Source: AWS Lambda Developer Guide, "Defined runtime environment variables", reserved.</summary>
    public static IReadOnlySet<string> Reserved { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    };

    public static Dictionary<string, string> Of(
        FunctionDefinition function, FunctionPlace place, FunctionSession? session, string runtimeApi, string logStream, string path, Uri endpoint)
    {
        // The function's own configuration may change these.
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = path,
            ["LANG"] = "C.UTF-8",
            ["TZ"] = ":UTC",
            ["HOME"] = place.Temporary,
            ["TMPDIR"] = place.Temporary,
            ["SECRETS_MANAGER_ENDPOINT"] = Text(endpoint),
            ["AWS_ENDPOINT_URL"] = Text(endpoint),
            // A function without a role has no credentials, and must not find those of the machine.
            ["AWS_EC2_METADATA_DISABLED"] = "true",
        };
        if (place.Authorities is { } authorities)
        {
            variables["AWS_CA_BUNDLE"] = authorities;
            variables["NODE_EXTRA_CA_CERTS"] = authorities;
        }

        foreach (var (name, value) in function.Environment.Where(variable => Confinement.IsVariableName(variable.Key)))
            variables[name] = value;
        foreach (var name in Reserved)
            variables.Remove(name);

        variables["_HANDLER"] = function.Handler;
        variables["AWS_REGION"] = variables["AWS_DEFAULT_REGION"] = function.Region;
        variables["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + function.Runtime;
        variables["AWS_LAMBDA_FUNCTION_NAME"] = function.Name;
        variables["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST";
        variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = function.MemoryMegabytes.ToString(CultureInfo.InvariantCulture);
        variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand";
        variables["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/" + function.Name;
        variables["AWS_LAMBDA_LOG_STREAM_NAME"] = logStream;
        variables["AWS_LAMBDA_RUNTIME_API"] = runtimeApi;
        variables["LAMBDA_TASK_ROOT"] = place.Code;
        variables["LAMBDA_RUNTIME_DIR"] = place.Runtime;
        if (session is not null)
        {
            variables["AWS_ACCESS_KEY_ID"] = session.AccessKeyId;
            variables["AWS_SECRET_ACCESS_KEY"] = session.SecretAccessKey;
            variables["AWS_SESSION_TOKEN"] = session.SessionToken;
        }

        return variables;
    }

    private static string Text(Uri endpoint) => endpoint.ToString().TrimEnd('/');
}

/// <summary>Where a process of a function finds what.</summary>
/// <param name="Code">Its working directory.</param>
/// <param name="Runtime">What this server adds.</param>
/// <param name="Temporary">The one directory that it may write to.</param>
/// <param name="Authorities">File with the authority of this server's certificate; null when the system knows it.</param>
internal sealed record FunctionPlace(string Code, string Runtime, string Temporary, string? Authorities);
