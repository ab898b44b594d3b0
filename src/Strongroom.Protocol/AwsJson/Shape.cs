using System.Text.Json;
using Strongroom.Protocol.AwsQuery;
using Strongroom.Protocol.AwsRest;

namespace Strongroom.Protocol.AwsJson;

/// <summary>
/// A request structure of the service model as data: its members with their constraints. One table reads the JSON, checks it with AWS's
/// words and writes the redacted audit copy, so that the three cannot disagree; a test compares it with the service model.
/// </summary>
public sealed class Shape<T>(params Member<T>[] members)
    where T : class, new()
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 32 };

    public IReadOnlyList<Member<T>> Members => members;

    /// <summary>The code of a service's own error for a member that breaks its constraints, by the member's path; null for ValidationException.</summary>
    public Func<string, string?>? CodeOf { get; init; }

    /// <summary>Reads and checks a whole request body. Unknown members are ignored, null means absent, an empty body is <c>{}</c>.</summary>
    /// <exception cref="ServiceException">SerializationException or ValidationException, with AWS's texts.</exception>
    public T Decode(ReadOnlySpan<byte> body) => Checked(Parse(body));

    /// <summary>Reads and checks the parameters of a Query-protocol request. Unknown parameters are ignored.</summary>
    /// <exception cref="ServiceException">ValidationError, with AWS's texts.</exception>
    public T Decode(QueryForm form)
    {
        try
        {
            return Checked(ReadForm(form));
        }
        catch (ServiceException e) when (e.Code == "ValidationException")
        {
            // The same checks and words under the Query protocol's name. Source: IAM fact sheet 6.5.
            throw new ServiceException("ValidationError", e.Message) { IsFrameworkError = true };
        }
    }

    /// <summary>Reads and checks a REST request: each member where the model has it, and nowhere else.</summary>
    /// <exception cref="ServiceException">SerializationException or ValidationException, with AWS's texts.</exception>
    public T Decode(RestRequest request, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(request);
        // A body that the model does not have is nobody's: it is not even looked at.
        var value = members.Any(member => member.Location == MemberLocation.Body) ? Parse(body) : new T();
        try
        {
            foreach (var member in members)
            {
                if (member.Location == MemberLocation.Payload)
                    member.ReadPayload(body, value);
                else if (request.Find(member.Location, member.LocationName) is { Count: > 0 } sent)
                    member.Read(QueryForm.Of(sent), value);
            }
        }
        catch (ServiceException e) when (e.Code == "MalformedInput")
        {
            (value as IDisposable)?.Dispose();
            throw FrameworkErrors.Serialization(e.Message);
        }
        catch
        {
            (value as IDisposable)?.Dispose();
            throw;
        }

        return Checked(value);
    }

    /// <summary>Writes the members as an audit record shows them: camel case, without the sensitive ones.</summary>
    public void WriteAudit(Utf8JsonWriter writer, T value)
    {
        foreach (var member in members)
            member.WriteAudit(writer, value);
    }

    internal T ReadObject(ref Utf8JsonReader reader)
    {
        Scalars.Expect(ref reader, JsonTokenType.StartObject);
        var value = new T();
        try
        {
            ReadMembers(ref reader, value);
            return value;
        }
        catch
        {
            (value as IDisposable)?.Dispose();
            throw;
        }
    }

    internal T ReadForm(QueryForm form)
    {
        var value = new T();
        try
        {
            foreach (var member in members)
            {
                if (form.Find(member.Name) is { } sent)
                    member.Read(sent, value);
            }

            return value;
        }
        catch
        {
            (value as IDisposable)?.Dispose();
            throw;
        }
    }

    internal void Validate(T value, string prefix, Violations violations)
    {
        foreach (var member in members)
            member.Validate(value, prefix, violations);
    }

    private T Checked(T value)
    {
        var violations = new Violations();
        Validate(value, "", violations);
        if (!violations.Any)
            return value;
        // The request may already own buffers with secrets.
        (value as IDisposable)?.Dispose();
        throw violations.FirstPath is { } path && CodeOf?.Invoke(path) is { } code
            ? new ServiceException(code, violations.ToException().Message)
            : violations.ToException();
    }

    private T Parse(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
            return new T();
        try
        {
            var reader = new Utf8JsonReader(body, Strict);
            reader.Read();
            var value = ReadObject(ref reader);
            if (reader.Read())
                throw FrameworkErrors.Serialization("Unexpected content after the request body");
            return value;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader's own text may quote the body, and the body may hold a secret.
            throw FrameworkErrors.Serialization("The request body is not valid JSON");
        }
    }

    private void ReadMembers(ref Utf8JsonReader reader, T value)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var member = Find(ref reader);
            reader.Read();
            if (member is null)
                reader.Skip();
            else if (reader.TokenType != JsonTokenType.Null)
                member.Read(ref reader, value);
        }
    }

    private Member<T>? Find(ref Utf8JsonReader reader)
    {
        foreach (var member in members)
        {
            if (reader.ValueTextEquals(member.Utf8Name))
                return member.Location == MemberLocation.Body ? member : null;
        }

        return null;
    }
}

/// <summary>Makes members; the operation files read like the API Reference's parameter lists.</summary>
public static class Member
{
    public static Member<T> String<T>(
        string name, Func<T, string?> get, Action<T, string> set, Constraint? constraint = null, bool required = false, bool sensitive = false) =>
        new StringMember<T>(name, get, set, constraint ?? Constraint.None, required, sensitive);

    public static Member<T> Long<T>(
        string name, Func<T, long?> get, Action<T, long> set, long min = long.MinValue, long max = long.MaxValue, bool required = false) =>
        new LongMember<T>(name, get, set, min, max, required);

    public static Member<T> Double<T>(string name, Func<T, double?> get, Action<T, double> set, double min = double.MinValue, double max = double.MaxValue) =>
        new DoubleMember<T>(name, get, set, min, max);

    public static Member<T> Bool<T>(string name, Func<T, bool?> get, Action<T, bool> set) => new BoolMember<T>(name, get, set);

    /// <summary>An instant, as seconds since 1970. What no date can be is the first or the last there is.</summary>
    public static Member<T> Time<T>(string name, Func<T, DateTimeOffset?> get, Action<T, DateTimeOffset> set) => new TimeMember<T>(name, get, set);

    public static Member<T> Secret<T>(
        string name, bool base64, Func<T, int?> length, SecretSetter<T> set, int min = 1, int max = 65_536, bool required = false) =>
        new SecretMember<T>(name, base64, length, set, min, max, required);

    public static Member<T> Blob<T>(
        string name, Func<T, ReadOnlyMemory<byte>?> get, Action<T, ReadOnlyMemory<byte>> set, int min, int max, bool required = false) =>
        new BlobMember<T>(name, get, set, min, max, required);

    /// <param name="key">What each key has to be.</param>
    public static Member<T> Map<T>(
        string name, Func<T, IReadOnlyDictionary<string, string>?> get, Action<T, IReadOnlyDictionary<string, string>> set,
        Constraint? key = null, bool required = false, bool sensitive = false) =>
        new MapMember<T>(name, get, set, key ?? Constraint.None, required, sensitive);

    public static Member<T> Strings<T>(
        string name, Func<T, IReadOnlyList<string>?> get, Action<T, IReadOnlyList<string>> set,
        Constraint element, int min = 0, int max = int.MaxValue, bool required = false) =>
        new StringListMember<T>(name, get, set, min, max, element, required);

    public static Member<T> Struct<T, TValue>(string name, Shape<TValue> shape, Func<T, TValue?> get, Action<T, TValue> set, bool required = false)
        where TValue : class, new() => new StructMember<T, TValue>(name, shape, get, set, required);

    public static Member<T> Structs<T, TValue>(
        string name, Shape<TValue> shape, Func<T, IReadOnlyList<TValue>?> get, Action<T, IReadOnlyList<TValue>> set,
        int min = 0, int max = int.MaxValue, bool required = false)
        where TValue : class, new() => new StructListMember<T, TValue>(name, shape, get, set, min, max, required);
}
