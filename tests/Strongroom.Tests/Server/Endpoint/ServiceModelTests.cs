using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.CloudTrail;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Kms;
using Strongroom.Server.Lambda;
using Strongroom.Server.SecretsManager;
using Strongroom.Server.Sts;

namespace Strongroom.Tests.Server.Endpoint;

/// <summary>
/// Compares every request shape with AWS's service models, member for member. The models are tests/vectors/SERVICE-model.json, which
/// service-model.py beside them writes from botocore; a conformance test compares them with the botocore that is installed.
/// </summary>
public sealed class ServiceModelTests
{
    internal static readonly Dictionary<string, JsonObject> Models = Directory.EnumerateFiles(FindVectors(), "*-model.json").ToDictionary(
        file => Path.GetFileName(file)[..^"-model.json".Length], file => JsonNode.Parse(File.ReadAllText(file))!["operations"]!.AsObject());

    // Nothing is called, so nothing is needed.
    internal static readonly OperationTable Table = new(
        SecretsManagerOperations.All(null!, null!, null!, null!, null!, null!, null!, null!), StsOperations.All(null!, null!, null!), IamOperations.All(null!, null!, null!, null!, null!, null!),
        KmsOperations.All(null!, null!, null!, null!), CloudTrailOperations.All(null!, null!), LambdaOperations.All(null!, null!, null!, null!));

    /// <summary>What we keep out of records and errors though the model does not demand it.</summary>
    private static readonly Dictionary<string, string> Stricter = new()
    {
        [@"TokenCode: string 6-6 /[\d]*/"] = @"TokenCode: string 6-6 sensitive /[\d]*/",
        ["GrantToken: string 1-8192"] = "GrantToken: string 1-8192 sensitive",
    };

    public static TheoryData<string, string> Operations
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var (service, operation) in ModelOperations())
                all.Add(service, operation);
            return all;
        }
    }

    [Fact]
    public void The_table_has_the_models_operations() =>
        Assert.Equal(
            ModelOperations().Select(o => $"{o.Service} {o.Operation}").Order(StringComparer.Ordinal),
            Table.Entries.Select(e => $"{e.Name.Service} {e.Name.Name}").Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Operations))]
    public void The_request_has_the_models_members_with_the_models_constraints(string service, string operation)
    {
        var entry = Table.Find(service, operation)!;
        var shape = Fields(entry).Select(f => f.GetValue(entry)).Single(v => v is not null && IsShape(v.GetType()))!;

        Assert.Equal(Lines("", Models[service][operation]!.AsObject()).Select(line => Stricter.GetValueOrDefault(line, line)), Describe("", shape).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("secretsmanager", "GetSecretValue", "SecretId: string 1-2048 required")]
    [InlineData("secretsmanager", "PutSecretValue", "RotationToken: string 36-256 sensitive /^[a-zA-Z0-9\\-]+$/")]
    [InlineData("secretsmanager", "ListSecrets", "Filters[].Values[]: string 0-512 /^\\!?[a-zA-Z0-9 :_@\\/\\+\\=\\.\\-\\!]*$/")]
    [InlineData("iam", "CreateUser", "UserName: string 1-64 required /[\\w+=,.@-]+/")]
    [InlineData("iam", "ListUsers", "MaxItems: long 1-1000")]
    [InlineData("lambda", "Invoke", "LogType: string in header X-Amz-Log-Type {None Tail}")]
    public void The_models_lines_say_what_the_fact_sheets_say(string service, string operation, string line) =>
        Assert.Contains(line, Lines("", Models[service][operation]!.AsObject()));

    private static IEnumerable<(string Service, string Operation)> ModelOperations() =>
        Models.SelectMany(model => model.Value.Select(operation => (model.Key, operation.Key)));

    private static IEnumerable<string> Lines(string prefix, JsonObject members) =>
        members.SelectMany(m => Lines(prefix + m.Key, m.Value!)).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Lines(string path, JsonNode facts)
    {
        var type = facts["type"]!.GetValue<string>();
        yield return Line(
            path,
            type == "integer" ? "long" : type,
            facts["min"] is { } min ? (long)min.GetValue<double>() : null,
            facts["max"] is { } max ? (long)max.GetValue<double>() : null,
            facts["required"] is not null,
            facts["sensitive"] is not null,
            facts["pattern"]?.GetValue<string>(),
            facts["enum"]?.AsArray().Select(v => v!.GetValue<string>()),
            Place(facts));
        if (facts["element"] is { } element)
        {
            foreach (var line in Lines(path + "[]", element))
                yield return line;
        }

        foreach (var part in new[] { "key", "value" })
        {
            foreach (var line in facts[part] is { } side ? Lines($"{path}{{{part}}}", side) : [])
                yield return line;
        }

        foreach (var line in facts["members"] is JsonObject nested ? Lines(path + ".", nested) : [])
            yield return line;
    }

    private static IEnumerable<string> Describe(string prefix, object shape) =>
        ((IEnumerable)Get(shape, "Members")!).Cast<object>().SelectMany(m => DescribeMember(prefix, m));

    private static IEnumerable<string> DescribeMember(string prefix, object member)
    {
        var path = prefix + (string)Get(member, "Name")!;
        var required = (bool)Get(member, "Required")!;
        var sensitive = (bool)Get(member, "Sensitive")!;
        var place = Place(member);
        switch (member.GetType().Name.Split('`')[0])
        {
            case "StringMember":
                yield return Line(path, (Constraint)Get(member, "Constraint")!, required, sensitive, place);
                break;
            case "LongMember":
                var (min, max) = ((long)Get(member, "Min")!, (long)Get(member, "Max")!);
                yield return Line(path, "long", min == long.MinValue ? null : min, max == long.MaxValue ? null : max, required, sensitive, null, null, place);
                break;
            case "DoubleMember":
                yield return Line(path, "double", (long)(double)Get(member, "Min")!, (long)(double)Get(member, "Max")!, required, sensitive, null, null);
                break;
            case "TimeMember":
                yield return Line(path, "timestamp", null, null, required, sensitive, null, null);
                break;
            case "BoolMember":
                yield return Line(path, "boolean", null, null, required, sensitive, null, null);
                break;
            case "SecretMember":
                var isBase64 = Fields(member).Single(f => f.Name.Contains("base64", StringComparison.Ordinal)).GetValue(member) is true;
                yield return Line(path, isBase64 ? "blob" : "string", (int)Get(member, "Min")!, Bound((int)Get(member, "Max")!), required, sensitive, null, null, place);
                break;
            case "BlobMember":
                yield return Line(path, "blob", (int)Get(member, "Min")!, (int)Get(member, "Max")!, required, sensitive, null, null);
                break;
            case "MapMember":
                yield return Line(path, "map", null, null, required, sensitive, null, null);
                yield return Line(path + "{key}", (Constraint)Get(member, "Key")!, false, sensitive);
                yield return Line(path + "{value}", "string", null, null, false, sensitive, null, null);
                break;
            case "StringListMember":
                yield return Line(path, "list", (int)Get(member, "Min")!, Bound((int)Get(member, "Max")!), required, sensitive, null, null, place);
                yield return Line(path + "[]", (Constraint)Get(member, "Element")!, false, false);
                break;
            case "StructMember":
                yield return Line(path, "structure", null, null, required, sensitive, null, null);
                foreach (var line in Describe(path + ".", Get(member, "Shape")!))
                    yield return line;
                break;
            case "StructListMember":
                yield return Line(path, "list", (int)Get(member, "Min")!, Bound((int)Get(member, "Max")!), required, sensitive, null, null);
                yield return Line(path + "[]", "structure", null, null, false, false, null, null);
                foreach (var line in Describe(path + "[].", Get(member, "Shape")!))
                    yield return line;
                break;
            default:
                Assert.Fail($"A new kind of member, {member.GetType().Name}, needs a case here.");
                break;
        }
    }

    private static long? Bound(int max) => max == int.MaxValue ? null : max;

    private static string Line(string path, Constraint constraint, bool required, bool sensitive, string place = "") =>
        Line(path, "string", constraint.Min, Bound(constraint.Max), required, sensitive, constraint.PatternText, constraint.Values, place);

    // Where the models say that a member is, and where ours is; both nothing for the body.
    private static string Place(JsonNode facts) => (string?)facts["location"] switch
    {
        null => "",
        "uri" => " in path " + facts["locationName"],
        "querystring" => " in query " + facts["locationName"],
        "payload" => " in payload",
        var other => $" in {other} {facts["locationName"]}",
    };

    private static string Place(object member) => Get(member, "Location")!.ToString() switch
    {
        "Body" => "",
        "Payload" => " in payload",
        var place => $" in {place!.ToLowerInvariant()} {Get(member, "LocationName")}",
    };

    // A lower bound of nothing is the same as none, but for numbers.
    private static string Line(
        string path, string type, long? min, long? max, bool required, bool sensitive, string? pattern, IEnumerable<string>? values, string place = "")
    {
        var least = type == "long" ? min : min ?? 0;
        var bounds = (least ?? 0) == 0 && max is null && type != "long" ? ""
            : least is null && max is null ? ""
            : string.Create(CultureInfo.InvariantCulture, $" {least}-{max}");
        return $"{path}: {type}{bounds}{(required ? " required" : "")}{(sensitive ? " sensitive" : "")}{place}"
            + (pattern is null ? "" : $" /{pattern}/")
            + (values is null ? "" : $" {{{string.Join(' ', values.Order(StringComparer.Ordinal))}}}");
    }

    private static bool IsShape(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Shape<>);

    private static IEnumerable<FieldInfo> Fields(object instance)
    {
        for (var type = instance.GetType(); type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                yield return field;
        }
    }

    private static object? Get(object instance, string property) =>
        instance.GetType().GetProperty(property, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!.GetValue(instance);

    private static string FindVectors()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var vectors = Path.Combine(directory.FullName, "tests", "vectors");
            if (File.Exists(Path.Combine(vectors, "service-model.py")))
                return vectors;
        }

        throw new FileNotFoundException("tests/vectors/service-model.py");
    }
}
