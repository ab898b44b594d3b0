namespace Strongroom.Protocol.AwsJson;

/// <summary>Collects failed constraints and words them as AWS does. Source: API fact sheet 1.6.</summary>
public sealed class Violations
{
    private readonly List<string> found = [];

    public bool Any => found.Count > 0;

    /// <param name="value">The value as AWS prints it, or null for a sensitive member, whose value is left out.</param>
    public void Add(string? value, string path, string rule) =>
        found.Add(value is null
            ? $"Value at '{path}' failed to satisfy constraint: {rule}"
            : $"Value '{value}' at '{path}' failed to satisfy constraint: {rule}");

    public void AddMissing(string path) => found.Add($"Value null at '{path}' failed to satisfy constraint: Member must not be null");

    public ServiceException ToException() => FrameworkErrors.Validation(
        (found.Count == 1 ? "1 validation error detected: " : $"{found.Count} validation errors detected: ") + string.Join("; ", found));
}
