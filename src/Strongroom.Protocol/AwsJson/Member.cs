using System.Globalization;
using System.Text;
using System.Text.Json;
using Strongroom.Protocol.AwsQuery;
using Strongroom.Protocol.AwsRest;

namespace Strongroom.Protocol.AwsJson;

/// <summary>One member of a request shape: how it is read from JSON, checked, and shown in the audit record.</summary>
public abstract class Member<T>
{
    private protected Member(string name, bool required, bool sensitive)
    {
        Name = LocationName = name;
        Required = required;
        Sensitive = sensitive;
        Utf8Name = Encoding.UTF8.GetBytes(name);
        CamelName = char.ToLowerInvariant(name[0]) + name[1..];
        AuditName = JsonEncodedText.Encode(CamelName);
    }

    /// <summary>AWS's member name, as on the wire.</summary>
    public string Name { get; }

    public bool Required { get; }

    /// <summary>A sensitive member appears in no error text and no audit record.</summary>
    public bool Sensitive { get; }

    /// <summary>Where a REST service has it; the body for all other services.</summary>
    public MemberLocation Location { get; private set; }

    /// <summary>Its name there.</summary>
    public string LocationName { get; private set; }

    internal byte[] Utf8Name { get; }

    /// <summary>The name in validation errors and audit records: first letter lowered.</summary>
    internal string CamelName { get; }

    private protected JsonEncodedText AuditName { get; }

    /// <summary>Reads the value under the reader. JSON null never arrives here: it means absent.</summary>
    internal abstract void Read(ref Utf8JsonReader reader, T target);

    /// <summary>Reads the value from a Query-protocol parameter that was sent.</summary>
    internal abstract void Read(QueryForm form, T target);

    /// <summary>Reads the value that is a whole body.</summary>
    internal virtual void ReadPayload(ReadOnlySpan<byte> body, T target) => throw new NotSupportedException();

    internal abstract void Validate(T target, string prefix, Violations violations);

    internal abstract void WriteAudit(Utf8JsonWriter writer, T target);

    /// <summary>A segment of the path, under its own name in the template.</summary>
    public Member<T> InPath() => At(MemberLocation.Path, Name);

    /// <param name="name">Its own when null.</param>
    public Member<T> InQuery(string? name = null) => At(MemberLocation.Query, name ?? Name);

    public Member<T> InHeader(string name) => At(MemberLocation.Header, name);

    public Member<T> AsPayload() => At(MemberLocation.Payload, Name);

    private Member<T> At(MemberLocation location, string name)
    {
        (Location, LocationName) = (location, name);
        return this;
    }
}

/// <summary>Copies a secret out of the wire buffer; the span is only valid during the call.</summary>
public delegate void SecretSetter<in T>(T target, ReadOnlySpan<byte> value);

internal sealed class StringMember<T>(
    string name, Func<T, string?> get, Action<T, string> set, Constraint constraint, bool required, bool sensitive)
    : Member<T>(name, required, sensitive)
{
    internal Constraint Constraint => constraint;

    internal override void Read(ref Utf8JsonReader reader, T target) => set(target, Scalars.ReadString(ref reader));

    internal override void Read(QueryForm form, T target) => set(target, form.Value ?? "");

    internal override void Validate(T target, string prefix, Violations violations)
    {
        var value = get(target);
        if (value is not null)
        {
            if (constraint != Constraint.None)
                constraint.Check(value, prefix + CamelName, violations);
        }
        else if (Required)
            violations.AddMissing(prefix + CamelName);
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (!Sensitive && get(target) is { } value)
            writer.WriteString(AuditName, value);
    }
}

internal sealed class LongMember<T>(
    string name, Func<T, long?> get, Action<T, long> set, long min, long max, bool required) : Member<T>(name, required, sensitive: false)
{
    internal long Min => min;

    internal long Max => max;

    internal override void Read(ref Utf8JsonReader reader, T target) => set(target, Scalars.ReadLong(ref reader));

    internal override void Read(QueryForm form, T target) => set(target, Scalars.ReadLong(form, Name));

    internal override void Validate(T target, string prefix, Violations violations)
    {
        var value = get(target);
        if (value is null && Required)
            violations.AddMissing(prefix + CamelName);
        else if (value > max)
            violations.Add(value.ToString(), prefix + CamelName, $"Member must have value less than or equal to {max}");
        else if (value < min)
            violations.Add(value.ToString(), prefix + CamelName, $"Member must have value greater than or equal to {min}");
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is { } value)
            writer.WriteNumber(AuditName, value);
    }
}

/// <summary>A number that need not be whole. JSON only.</summary>
internal sealed class DoubleMember<T>(string name, Func<T, double?> get, Action<T, double> set, double min, double max)
    : Member<T>(name, required: false, sensitive: false)
{
    internal double Min => min;

    internal double Max => max;

    internal override void Read(ref Utf8JsonReader reader, T target) => set(target, Scalars.ReadDouble(ref reader));

    internal override void Read(QueryForm form, T target) => throw new NotSupportedException();

    internal override void Validate(T target, string prefix, Violations violations)
    {
        if (get(target) is not { } value)
            return;
        var text = value.ToString(CultureInfo.InvariantCulture);
        if (value > max)
            violations.Add(text, prefix + CamelName, string.Create(CultureInfo.InvariantCulture, $"Member must have value less than or equal to {max}"));
        else if (!(value >= min))
            violations.Add(text, prefix + CamelName, string.Create(CultureInfo.InvariantCulture, $"Member must have value greater than or equal to {min}"));
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is { } value)
            writer.WriteNumber(AuditName, value);
    }
}

internal sealed class BoolMember<T>(string name, Func<T, bool?> get, Action<T, bool> set) : Member<T>(name, required: false, sensitive: false)
{
    internal override void Read(ref Utf8JsonReader reader, T target) => set(target, Scalars.ReadBool(ref reader));

    internal override void Read(QueryForm form, T target) => set(target, Scalars.ReadBool(form, Name));

    internal override void Validate(T target, string prefix, Violations violations)
    {
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is { } value)
            writer.WriteBoolean(AuditName, value);
    }
}

/// <summary>An instant. JSON only: no Query operation here takes one.</summary>
internal sealed class TimeMember<T>(string name, Func<T, DateTimeOffset?> get, Action<T, DateTimeOffset> set) : Member<T>(name, required: false, sensitive: false)
{
    internal override void Read(ref Utf8JsonReader reader, T target) => set(target, Scalars.ReadTime(ref reader));

    internal override void Read(QueryForm form, T target) => throw new NotSupportedException();

    internal override void Validate(T target, string prefix, Violations violations)
    {
    }

    // US long form. Source: IAM fact sheet 8.3.
    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is { } time)
            writer.WriteString(AuditName, time.UtcDateTime.ToString("MMM d, yyyy h:mm:ss tt", CultureInfo.InvariantCulture));
    }
}

/// <summary>A secret value: text, or base64 of bytes. Never a <c>string</c>, never in an error or a record.</summary>
internal sealed class SecretMember<T>(string name, bool base64, Func<T, int?> length, SecretSetter<T> set, int min, int max, bool required)
    : Member<T>(name, required, sensitive: true)
{
    internal int Min => min;

    internal int Max => max;

    internal override void Read(ref Utf8JsonReader reader, T target) => Scalars.ReadSecret(ref reader, base64, target, set);

    internal override void Read(QueryForm form, T target) => Scalars.ReadSecret(form, base64, target, set);

    internal override void ReadPayload(ReadOnlySpan<byte> body, T target) => set(target, body);

    internal override void Validate(T target, string prefix, Violations violations)
    {
        // The limit is in bytes for secret values. Source: API fact sheet 1.6.
        if (length(target) is null && Required)
            violations.AddMissing(prefix + CamelName);
        else if (length(target) > max)
            violations.Add(null, prefix + CamelName, $"Member must have length less than or equal to {max}");
        else if (length(target) < min)
            violations.Add(null, prefix + CamelName, $"Member must have length greater than or equal to {min}");
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
    }
}

/// <summary>Bytes that are no secret, as base64. Audit records leave them out: they are long and say nothing to a reader.</summary>
internal sealed class BlobMember<T>(string name, Func<T, ReadOnlyMemory<byte>?> get, Action<T, ReadOnlyMemory<byte>> set, int min, int max, bool required)
    : Member<T>(name, required, sensitive: false)
{
    internal int Min => min;

    internal int Max => max;

    internal override void Read(ref Utf8JsonReader reader, T target) =>
        Scalars.ReadSecret(ref reader, base64: true, target, (t, bytes) => set(t, bytes.ToArray()));

    internal override void Read(QueryForm form, T target) => Scalars.ReadSecret(form, base64: true, target, (t, bytes) => set(t, bytes.ToArray()));

    internal override void Validate(T target, string prefix, Violations violations)
    {
        if (get(target) is not { Length: var length })
        {
            if (Required)
                violations.AddMissing(prefix + CamelName);
        }
        else if (length > max)
            violations.Add(null, prefix + CamelName, $"Member must have length less than or equal to {max}");
        else if (length < min)
            violations.Add(null, prefix + CamelName, $"Member must have length greater than or equal to {min}");
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
    }
}

/// <summary>A map of strings. JSON only: no Query service has one.</summary>
internal sealed class MapMember<T>(
    string name, Func<T, IReadOnlyDictionary<string, string>?> get, Action<T, IReadOnlyDictionary<string, string>> set, Constraint key, bool required, bool sensitive)
    : Member<T>(name, required, sensitive)
{
    internal Constraint Key => key;

    internal override void Read(ref Utf8JsonReader reader, T target)
    {
        Scalars.Expect(ref reader, JsonTokenType.StartObject);
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var key = reader.GetString()!;
            reader.Read();
            // Null stands for an entry that is not there, as for members.
            if (reader.TokenType != JsonTokenType.Null)
                map[key] = Scalars.ReadString(ref reader);
        }

        set(target, map);
    }

    internal override void Read(QueryForm form, T target) => throw new NotSupportedException();

    internal override void Validate(T target, string prefix, Violations violations)
    {
        if (get(target) is not { } map)
        {
            if (Required)
                violations.AddMissing(prefix + CamelName);
        }
        else if (key != Constraint.None)
            key.CheckKeys(map, Sensitive, prefix + CamelName, violations);
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (Sensitive || get(target) is not { } map)
            return;
        writer.WriteStartObject(AuditName);
        foreach (var (key, value) in map)
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }
}

internal sealed class StringListMember<T>(
    string name, Func<T, IReadOnlyList<string>?> get, Action<T, IReadOnlyList<string>> set, int min, int max, Constraint element, bool required)
    : Member<T>(name, required, sensitive: false)
{
    internal Constraint Element => element;

    internal int Min => min;

    internal int Max => max;

    internal override void Read(ref Utf8JsonReader reader, T target)
    {
        Scalars.Expect(ref reader, JsonTokenType.StartArray);
        var values = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(Scalars.ReadString(ref reader));
        set(target, values);
    }

    internal override void Read(QueryForm form, T target) => set(target, [.. form.Elements().Select(element => element.Value ?? "")]);

    internal override void Validate(T target, string prefix, Violations violations)
    {
        var values = get(target);
        if (values is null)
        {
            if (Required)
                violations.AddMissing(prefix + CamelName);
            return;
        }

        ListRules.Check(values.Count, () => $"[{string.Join(", ", values)}]", prefix + CamelName, min, max, violations);
        element.CheckElements(values, prefix + CamelName, violations);
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is not { } values)
            return;
        writer.WriteStartArray(AuditName);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }
}

internal sealed class StructMember<T, TValue>(string name, Shape<TValue> shape, Func<T, TValue?> get, Action<T, TValue> set, bool required)
    : Member<T>(name, required, sensitive: false)
    where TValue : class, new()
{
    internal Shape<TValue> Shape => shape;

    internal override void Read(ref Utf8JsonReader reader, T target) => set(target, shape.ReadObject(ref reader));

    internal override void Read(QueryForm form, T target) => set(target, shape.ReadForm(form));

    internal override void Validate(T target, string prefix, Violations violations)
    {
        if (get(target) is { } value)
            shape.Validate(value, $"{prefix}{CamelName}.", violations);
        else if (Required)
            violations.AddMissing(prefix + CamelName);
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is not { } value)
            return;
        writer.WriteStartObject(AuditName);
        shape.WriteAudit(writer, value);
        writer.WriteEndObject();
    }
}

internal sealed class StructListMember<T, TValue>(
    string name, Shape<TValue> shape, Func<T, IReadOnlyList<TValue>?> get, Action<T, IReadOnlyList<TValue>> set, int min, int max, bool required)
    : Member<T>(name, required, sensitive: false)
    where TValue : class, new()
{
    internal Shape<TValue> Shape => shape;

    internal int Min => min;

    internal int Max => max;

    internal override void Read(ref Utf8JsonReader reader, T target)
    {
        Scalars.Expect(ref reader, JsonTokenType.StartArray);
        var values = new List<TValue>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(shape.ReadObject(ref reader));
        set(target, values);
    }

    internal override void Read(QueryForm form, T target) => set(target, [.. form.Elements().Select(shape.ReadForm)]);

    internal override void Validate(T target, string prefix, Violations violations)
    {
        var values = get(target);
        if (values is null)
        {
            if (Required)
                violations.AddMissing(prefix + CamelName);
            return;
        }

        ListRules.Check(values.Count, null, prefix + CamelName, min, max, violations);
        for (var i = 0; i < values.Count; i++)
            shape.Validate(values[i], $"{prefix}{CamelName}.{i + 1}.member.", violations);
    }

    internal override void WriteAudit(Utf8JsonWriter writer, T target)
    {
        if (get(target) is not { } values)
            return;
        writer.WriteStartArray(AuditName);
        foreach (var value in values)
        {
            writer.WriteStartObject();
            shape.WriteAudit(writer, value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

internal static class ListRules
{
    /// <param name="print">Prints the list as AWS does; null where AWS prints opaque text for structures, which we leave out.</param>
    internal static void Check(int count, Func<string>? print, string path, int min, int max, Violations violations)
    {
        if (count > max)
            violations.Add(print?.Invoke(), path, $"Member must have length less than or equal to {max}");
        else if (count < min)
            violations.Add(print?.Invoke() ?? "[]", path, $"Member must have length greater than or equal to {min}");
    }
}
