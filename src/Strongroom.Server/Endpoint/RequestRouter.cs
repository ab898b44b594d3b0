using System.Text;
using Microsoft.AspNetCore.Http;
using Strongroom.Protocol;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Server.Endpoint;

/// <summary>Where a request goes: an operation and how its service checks signatures; or why it goes nowhere.</summary>
/// <param name="Name">For the record: what the caller asked for, as far as it can be told.</param>
internal sealed record Route(OperationEntry? Operation, OperationName Name, SigV4Options Options, string? XmlNamespace, ServiceException? Error);

/// <summary>Finds the operation by <c>X-Amz-Target</c> or the Query protocol's <c>Action</c>; the body is not parsed further. Source: IAM fact sheet 0.1.</summary>
internal sealed class RequestRouter(OperationTable table, Regions regions)
{
    private const string SecretsManagerPrefix = "secretsmanager.";
    private const string StsVersion = "2011-06-15";
    private const string StsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
    private const int MaxNameChars = 128;

    private readonly SigV4Options secretsManager = SigV4Options.Json("secretsmanager", regions.IsValid);
    private readonly SigV4Options sts = SigV4Options.Query("sts", regions.IsValid);

    public Route Find(HttpRequest request, ReadOnlySpan<byte> body)
    {
        if (request.Headers.TryGetValue("X-Amz-Target", out var target))
            return FindJson(target.ToString());
        var form = request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true && body.Length <= MaxFormBytes
            ? Encoding.UTF8.GetString(body)
            : "";
        var (action, version) = (Find(form, "Action"), Find(form, "Version"));
        if (action is null && request.QueryString.HasValue)
            (action, version) = (Find(request.QueryString.Value![1..], "Action"), Find(request.QueryString.Value[1..], "Version"));
        return action is null ? Unknown() : FindQuery(action, version ?? "");
    }

    private const int MaxFormBytes = 64 * 1024;

    private Route FindJson(string target)
    {
        if (!target.StartsWith(SecretsManagerPrefix, StringComparison.Ordinal))
            return Unknown();
        var operation = table.Find("secretsmanager", target[SecretsManagerPrefix.Length..]);
        return operation is null ? Unknown() : new Route(operation, operation.Name, secretsManager, null, null);
    }

    private Route FindQuery(string action, string version)
    {
        var operation = version == StsVersion ? table.Find("sts", action) : null;
        return operation is not null
            ? new Route(operation, operation.Name, sts, StsNamespace, null)
            : new Route(null, new OperationName("sts", Printable(action), false), sts, StsNamespace, FrameworkErrors.InvalidAction(Printable(action), Printable(version)));
    }

    private Route Unknown() =>
        new(null, new OperationName("secretsmanager", "Unknown", false), secretsManager, null, FrameworkErrors.UnknownOperation());

    private static string Printable(string text) =>
        new([.. text.Take(MaxNameChars).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '?')]);

    private static string? Find(string form, string name)
    {
        foreach (var pair in form.Split('&'))
        {
            if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
                return Uri.UnescapeDataString(pair[(name.Length + 1)..].Replace('+', ' '));
        }

        return null;
    }
}
