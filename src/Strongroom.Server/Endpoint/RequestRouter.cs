using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using System.Text;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsRest;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Server.Endpoint;

/// <summary>Where a request goes: an operation and how its service checks signatures; or why it goes nowhere.</summary>
/// <param name="Name">For the record: what the caller asked for, as far as it can be told.</param>
internal sealed record Route(OperationEntry? Operation, OperationName Name, SigV4Options Options, string? XmlNamespace, ServiceException? Error)
{
    /// <summary>Whether the request was found by its path, and its errors are to be named in a header.</summary>
    public bool IsRest { get; init; }
}

/// <summary>Finds the operation by <c>X-Amz-Target</c> or the Query protocol's <c>Action</c>; the body is not parsed further. Source: IAM fact sheet 0.1.</summary>
internal sealed class RequestRouter
{
    private const int MaxNameChars = 128;
    private const string JsonType = "application/x-amz-json-1.1";

    // Every known operation's route, made once: by its whole target, or by version and action.
    private readonly Dictionary<string, Route> byTarget = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Route> byAction = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ServiceProtocol Service, SigV4Options Options)> queryVersions = new(StringComparer.Ordinal);
    private readonly List<(RestPath Path, Route Route)> byPath = [];
    private readonly Route unknown;
    private readonly Route unknownPath;

    public RequestRouter(OperationTable table, Regions regions)
    {
        foreach (var service in ServiceProtocol.All)
        {
            var options = service.Signing(regions);
            if (service.QueryVersion is { } version)
                queryVersions.Add(version, (service, options));
            foreach (var operation in table.Of(service))
            {
                var route = new Route(operation, operation.Name, options, service.XmlNamespace, null) { IsRest = service.IsRest };
                if (operation.Path is { } path)
                    byPath.Add((path, route));
                else if (service.TargetPrefix is { } prefix)
                    byTarget.Add(prefix + operation.Name.Name, route);
                else
                    byAction.Add($"{service.QueryVersion}/{operation.Name.Name}", route);
                if (service.OtherTargetPrefix is { } other)
                    byTarget.Add(other + operation.Name.Name, route);
            }
        }

        var secretsManager = ServiceProtocol.SecretsManager;
        unknown = new Route(
            null, new OperationName(secretsManager.Name, "Unknown", false), secretsManager.Signing(regions), null, FrameworkErrors.UnknownOperation());
        var lambda = ServiceProtocol.Lambda;
        unknownPath = new Route(null, new OperationName(lambda.Name, "Unknown", false), lambda.Signing(regions), null, FrameworkErrors.UnknownPath()) { IsRest = true };
    }

    /// <summary>Finds a REST operation. Needs no body; null for requests of the other protocols, which all have the path <c>/</c>.</summary>
    /// <param name="rest">What its path and headers say; null when the path leads nowhere.</param>
    public Route? FindRest(HttpRequest request, out RestRequest? rest)
    {
        rest = null;
        if (request.Path.Value is not { Length: > 1 } || request.Headers.ContainsKey("X-Amz-Target"))
            return null;
        return FindByPath(request, out rest);
    }

    public Route Find(HttpRequest request, ReadOnlySpan<byte> body)
    {
        if (request.Headers.TryGetValue("X-Amz-Target", out var target))
            return HttpMethods.IsPost(request.Method) && IsJson(request.ContentType) ? byTarget.GetValueOrDefault(target.ToString(), unknown) : unknown;

        // Another method is no more part of the Query protocol than of the JSON one, and Kestrel can't write an answer to CONNECT.
        if (!HttpMethods.IsPost(request.Method) && !HttpMethods.IsGet(request.Method))
            return unknown;
        var form = QueryText.Of(request, body);
        return QueryText.Find(form, "Action") is { } action ? FindQuery(action, QueryText.Find(form, "Version") ?? "") : unknown;
    }

    // AWS finds the protocol by this header: a body announced as another type is not read as JSON. None at all is let pass.
    private static bool IsJson(string? contentType) =>
        string.IsNullOrEmpty(contentType)
        || (contentType.StartsWith(JsonType, StringComparison.OrdinalIgnoreCase)
            && (contentType.Length == JsonType.Length || contentType[JsonType.Length] is ';' or ' '));

    // Apart, so that requests of the other protocols make no closure.
    private Route? FindByPath(HttpRequest request, out RestRequest? rest)
    {
        rest = null;
        // As it was on the wire: decoded, a slash in a name could not be told from one between segments.
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var (path, query) = target.IndexOf('?', StringComparison.Ordinal) is var mark and >= 0 ? (target[..mark], target[(mark + 1)..]) : (target, "");
        if (!IsDated(path))
            return null;
        var segments = path.Split('/');
        foreach (var (candidate, route) in byPath)
        {
            if (string.Equals(candidate.Method, request.Method, StringComparison.Ordinal) && candidate.Match(segments) is { } values)
            {
                rest = new RestRequest(values, query, name => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null);
                return route;
            }
        }

        return unknownPath;
    }

    // REST services begin their paths with the date of their API: /2015-03-31/…
    private static bool IsDated(string path) =>
        path.Length > 11 && path[0] == '/' && path[5] == '-' && path[8] == '-' && path[11] == '/' && path.AsSpan(1, 4).IndexOfAnyExceptInRange('0', '9') < 0;

    private Route FindQuery(string action, string version)
    {
        if (byAction.TryGetValue($"{version}/{action}", out var route))
            return route;
        var (service, options) = queryVersions.GetValueOrDefault(version, queryVersions[ServiceProtocol.Sts.QueryVersion!]);
        return new Route(
            null, new OperationName(service.Name, Printable(action), false), options, service.XmlNamespace,
            FrameworkErrors.InvalidAction(Printable(action), Printable(version)));
    }

    private static string Printable(string text) =>
        new([.. text.Take(MaxNameChars).Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '?')]);
}

/// <summary>The parameters of a Query request as text: the form in the body, or the query of the URL for a presigned call.</summary>
internal static class QueryText
{
    public static string Of(HttpRequest request, ReadOnlySpan<byte> body) =>
        request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true && !body.IsEmpty
            ? Encoding.UTF8.GetString(body)
            : request.QueryString.Value is { Length: > 0 } query ? query[1..] : "";

    /// <summary>One parameter, without taking the whole text apart: that waits until the signature has been verified.</summary>
    public static string? Find(string text, string name)
    {
        foreach (var range in text.AsSpan().Split('&'))
        {
            var pair = text.AsSpan(range);
            if (pair.Length > name.Length && pair[name.Length] == '=' && pair.StartsWith(name, StringComparison.Ordinal))
                return Uri.UnescapeDataString(pair[(name.Length + 1)..].ToString().Replace('+', ' '));
        }

        return null;
    }
}
