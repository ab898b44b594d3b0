using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Strongroom.Policy;

/// <summary>Stage 1: from text to a typed document, by the grammar alone. Source: IAM fact sheet 2.1 and 2.7.</summary>
internal static class PolicyParser
{
    /// <param name="isMiscased">An Effect had the right word in the wrong case, which AWS notices only after the versions are checked.</param>
    public static bool TryParse(
        string text, PolicyKind kind,
        [NotNullWhen(true)] out PolicyDocument? document, out bool isMiscased, [NotNullWhen(false)] out PolicyError? error)
    {
        document = null;
        isMiscased = false;
        error = null;
        try
        {
            // IAM's model admits Latin-1 in a document; that of Secrets Manager and KMS has no such pattern.
            if (text.Length <= PolicyDocument.MaxLength && (kind == PolicyKind.Resource || text.All(IsIamCharacter)))
            {
                using var json = JsonDocument.Parse(text, Options);
                document = ReadDocument(json.RootElement, kind, text, ref isMiscased);
            }
        }
        catch (JsonException)
        {
            // Not JSON, too deep, or one key twice: the caller's mistake, told as AWS tells it.
            if (kind == PolicyKind.Trust)
                error = new PolicyError(PolicyStage.Syntax, "This policy contains invalid Json");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Half a surrogate pair, raw or escaped: it is no text, so no string can be had from it.
        }

        if (document is null)
            error ??= PolicyError.Syntax;
        return document is not null;
    }

    private static PolicyDocument? ReadDocument(JsonElement root, PolicyKind kind, string text, ref bool isMiscased)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return null;

        var version = PolicyVersion.Absent;
        string? id = null;
        ImmutableArray<PolicyStatement> statements = default;
        foreach (var property in root.EnumerateObject())
        {
            var value = property.Value;
            switch (property.Name)
            {
                case "Version" when value.ValueKind == JsonValueKind.String:
                    switch (value.GetString())
                    {
                        case "2012-10-17": version = PolicyVersion.V2012; break;
                        case "2008-10-17": version = PolicyVersion.V2008; break;
                        default: return null;
                    }

                    break;
                case "Id" when value.ValueKind == JsonValueKind.String:
                    id = value.GetString();
                    break;
                case "Statement" when TryReadList(value, ReadStatement, out statements, ref isMiscased) && statements.Length > 0:
                    break;
                default:
                    return null;
            }
        }

        if (statements.IsDefault)
            return null;
        var spans = StatementSpans.Find(text);
        return new PolicyDocument(kind, version, id, [.. statements.Zip(spans, (statement, span) => statement with { Span = span })]);
    }

    private static PolicyStatement? ReadStatement(JsonElement element, ref bool isMiscased)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;

        string? sid = null;
        PolicyEffect? effect = null;
        PrincipalElement? principals = null;
        ActionElement? actions = null;
        ResourceElement? resources = null;
        ImmutableArray<PolicyCondition> conditions = [];
        foreach (var property in element.EnumerateObject())
        {
            var (name, value) = (property.Name, property.Value);
            switch (name)
            {
                case "Sid" when value.ValueKind == JsonValueKind.String:
                    sid = value.GetString();
                    break;
                case "Effect" when value.ValueKind == JsonValueKind.String:
                    var word = value.GetString()!;
                    effect = word.ToUpperInvariant() switch { "ALLOW" => PolicyEffect.Allow, "DENY" => PolicyEffect.Deny, _ => null };
                    if (effect is null)
                        return null;
                    isMiscased |= word is not ("Allow" or "Deny");
                    break;
                case "Principal" or "NotPrincipal" when principals is null && TryReadPrincipals(value, out var read):
                    principals = new PrincipalElement(name == "NotPrincipal", read);
                    break;
                case "Action" or "NotAction" when actions is null && TryReadStrings(value, allowScalars: false, out var read):
                    actions = new ActionElement(name == "NotAction", [.. read.Select(text => new ActionPattern(text))]);
                    break;
                case "Resource" or "NotResource" when resources is null && TryReadStrings(value, allowScalars: false, out var read):
                    resources = new ResourceElement(name == "NotResource", [.. read.Select(text => new ResourcePattern(text))]);
                    break;
                case "Condition" when TryReadConditions(value, out conditions):
                    break;
                default:
                    return null; // unknown, of the wrong type, or both of a pair
            }
        }

        // A statement without actions is well-formed here: AWS has a message of its own for it, at a later stage.
        return effect is null ? null : new PolicyStatement(sid, effect.Value, principals, actions ?? new ActionElement(false, []), resources, conditions);
    }

    private static bool TryReadPrincipals(JsonElement value, out ImmutableArray<PolicyPrincipal> principals)
    {
        principals = [];
        if (value.ValueKind == JsonValueKind.String)
        {
            principals = [new PolicyPrincipal(PrincipalType.Any, "*")];
            return value.GetString() == "*";
        }

        if (value.ValueKind != JsonValueKind.Object)
            return false;

        var builder = ImmutableArray.CreateBuilder<PolicyPrincipal>();
        foreach (var property in value.EnumerateObject())
        {
            PrincipalType? type = property.Name switch
            {
                "AWS" => PrincipalType.Aws,
                "Federated" => PrincipalType.Federated,
                "Service" => PrincipalType.Service,
                "CanonicalUser" => PrincipalType.CanonicalUser,
                _ => null,
            };
            if (type is null || !TryReadStrings(property.Value, allowScalars: false, out var texts) || texts.IsEmpty)
                return false;
            builder.AddRange(texts.Select(text => new PolicyPrincipal(type.Value, text)));
        }

        principals = builder.ToImmutable();
        return !principals.IsEmpty;
    }

    private static bool TryReadConditions(JsonElement value, out ImmutableArray<PolicyCondition> conditions)
    {
        conditions = [];
        if (value.ValueKind != JsonValueKind.Object)
            return false;

        var builder = ImmutableArray.CreateBuilder<PolicyCondition>();
        foreach (var operatorProperty in value.EnumerateObject())
        {
            if (!ConditionOperator.TryParse(operatorProperty.Name, out var @operator) || operatorProperty.Value.ValueKind != JsonValueKind.Object)
                return false;
            foreach (var key in operatorProperty.Value.EnumerateObject())
            {
                if (!TryReadStrings(key.Value, allowScalars: true, out var values))
                    return false;
                builder.Add(new PolicyCondition(@operator, key.Name, values));
            }
        }

        conditions = builder.ToImmutable();
        return true;
    }

    private static bool TryReadStrings(JsonElement value, bool allowScalars, out ImmutableArray<string> strings)
    {
        var isMiscased = false;
        return TryReadList(value, (JsonElement item, ref bool _) => item.ValueKind switch
        {
            JsonValueKind.String => item.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False when allowScalars => item.GetRawText(),
            _ => null,
        }, out strings, ref isMiscased);
    }

    private delegate T? Reader<T>(JsonElement element, ref bool isMiscased) where T : class;

    /// <summary>One item or an array of items; false if any is not one.</summary>
    private static bool TryReadList<T>(JsonElement value, Reader<T> read, out ImmutableArray<T> items, ref bool isMiscased) where T : class
    {
        items = [];
        var builder = ImmutableArray.CreateBuilder<T>();
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in value.EnumerateArray())
            {
                if (read(element, ref isMiscased) is not { } item)
                    return false;
                builder.Add(item);
            }
        }
        else if (read(value, ref isMiscased) is { } single)
        {
            builder.Add(single);
        }
        else
        {
            return false;
        }

        items = builder.ToImmutable();
        return true;
    }

    private static bool IsIamCharacter(char c) => c is '\t' or '\n' or '\r' or (>= ' ' and <= '\xff');

    // The deepest place of the grammar, an array of condition values, is the sixth level.
    public const int MaxDepth = 6;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
}
