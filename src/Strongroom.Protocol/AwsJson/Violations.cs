namespace Strongroom.Protocol.AwsJson;

/// <summary>Collects failed constraints and words them as AWS does. Source: API fact sheet 1.6.</summary>
public sealed class Violations
{
    private List<string>? list;
    private string? service;

    /// <summary>The member of the first constraint that failed.</summary>
    public string? FirstPath { get; private set; }

    public bool Any => list is not null || service is not null;

    // Made with the first violation: nearly every request has none.
    private List<string> Found => list ??= [];

    /// <param name="value">The value as AWS prints it, or null for a sensitive member, whose value is left out.</param>
    public void Add(string? value, string path, string rule)
    {
        FirstPath ??= path;
        Found.Add(value is null
            ? $"Value at '{path}' failed to satisfy constraint: {rule}"
            : $"Value '{value}' at '{path}' failed to satisfy constraint: {rule}");
    }

    public void AddMissing(string path)
    {
        FirstPath ??= path;
        Found.Add($"Value null at '{path}' failed to satisfy constraint: Member must not be null");
    }

    /// <summary>What the service itself says, once the framework has nothing to say.</summary>
    public void AddServiceText(string message) => service ??= message;

    public ServiceException ToException() => FrameworkErrors.Validation(list is null ? service! :
        (Found.Count == 1 ? "1 validation error detected: " : $"{Found.Count} validation errors detected: ") + string.Join("; ", Found));
}
