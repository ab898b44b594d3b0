using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Policy;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Lambda;

/// <summary>
/// The policy of a function, which callers don't write but add statements to. Made and taken apart here alone, in the form that Lambda gives it.
/// Source: Lambda Developer Guide, "Viewing resource-based IAM policies in Lambda".
/// </summary>
internal static class FunctionPolicy
{
    private static readonly JsonSerializerOptions Form = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The statement that a permission comes to.</summary>
    public static JsonObject Statement(AddPermissionRequest request, string arn)
    {
        var statement = new JsonObject
        {
            ["Sid"] = request.StatementId,
            ["Effect"] = "Allow",
            ["Principal"] = Principal(request.Principal!),
            ["Action"] = request.Action,
            ["Resource"] = arn,
        };
        var equal = new JsonObject();
        if (request.SourceAccount is { Length: > 0 } account)
            equal["AWS:SourceAccount"] = account;
        if (request.EventSourceToken is { Length: > 0 } token)
            equal["lambda:EventSourceToken"] = token;
        var condition = new JsonObject();
        if (equal.Count > 0)
            condition["StringEquals"] = equal;
        if (request.SourceArn is { Length: > 0 } source)
            condition["ArnLike"] = new JsonObject { ["AWS:SourceArn"] = source };
        if (condition.Count > 0)
            statement["Condition"] = condition;
        return statement;
    }

    /// <returns>The policy with one statement more.</returns>
    public static string With(string? policy, JsonObject statement)
    {
        var document = policy is null ? new JsonObject { ["Version"] = "2012-10-17", ["Id"] = "default", ["Statement"] = new JsonArray() } : JsonNode.Parse(policy)!.AsObject();
        document["Statement"]!.AsArray().Add(statement.DeepClone());
        return Text(document);
    }

    /// <returns>The policy without a statement; null when none is left.</returns>
    public static string? Without(string policy, string statementId)
    {
        var document = JsonNode.Parse(policy)!.AsObject();
        var statements = document["Statement"]!.AsArray();
        statements.Remove(Find(statements, statementId));
        return statements.Count == 0 ? null : Text(document);
    }

    public static JsonObject? FindStatement(string? policy, string statementId) =>
        policy is null ? null : Find(JsonNode.Parse(policy)!["Statement"]!.AsArray(), statementId)?.AsObject();

    /// <summary>Whom a statement is for, as AddPermission was told; null when it can't be told any more.</summary>
    public static string? PrincipalOf(JsonObject? statement) => statement?["Principal"] switch
    {
        JsonObject principal => (string?)principal.First().Value,
        JsonValue text => (string?)text,
        _ => null,
    };

    public static string Text(JsonNode node) => node.ToJsonString(Form);

    private static JsonNode? Find(JsonArray statements, string statementId) =>
        statements.FirstOrDefault(statement => string.Equals((string?)statement!["Sid"], statementId, StringComparison.Ordinal));

    private static JsonNode Principal(string principal)
    {
        if (principal == "*")
            return "*";
        if (principal.Length == 12 && principal.All(char.IsAsciiDigit))
            return new JsonObject { ["AWS"] = $"arn:aws:iam::{principal}:root" };
        return principal.StartsWith("arn:", StringComparison.Ordinal) ? new JsonObject { ["AWS"] = principal } : new JsonObject { ["Service"] = principal };
    }
}
