using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>How staging labels move. Pure. Source: API fact sheet 2.7.</summary>
internal static class StagingLabels
{
    public const string Current = "AWSCURRENT";
    public const string Previous = "AWSPREVIOUS";
    public const string Pending = "AWSPENDING";

    /// <summary>Labels over all versions of one secret.</summary>
    public const int MaxPerSecret = 20;

    // These two are asked with every read of a value: loops over indices allocate nothing, where LINQ would make closures and enumerators.
    public static string? HolderOf(this IReadOnlyList<LabelledVersion> versions, string label)
    {
        for (var i = 0; i < versions.Count; i++)
        {
            var labels = versions[i].Labels;
            for (var j = 0; j < labels.Count; j++)
            {
                if (labels[j] == label)
                    return versions[i].VersionId;
            }
        }

        return null;
    }

    public static IReadOnlyList<string> Of(this IReadOnlyList<LabelledVersion> versions, string versionId)
    {
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i].VersionId == versionId)
                return versions[i].Labels;
        }

        return [];
    }

    /// <summary>Puts labels on a version. A label leaves its old holder first; AWSCURRENT leaves AWSPREVIOUS behind.</summary>
    /// <exception cref="Protocol.ServiceException">LimitExceededException: more than 20 labels on the secret.</exception>
    public static IReadOnlyList<LabelledVersion> Attach(
        IReadOnlyList<LabelledVersion> versions, string versionId, IEnumerable<string> labels, bool hasValue)
    {
        foreach (var label in labels.Distinct(StringComparer.Ordinal))
        {
            var holder = versions.HolderOf(label);
            if (holder == versionId)
                continue;
            versions = Put(Detach(versions, label), versionId, label, hasValue);
            if (label == Current && holder is not null)
                versions = Put(Detach(versions, Previous), holder, Previous, hasValue: true);
        }

        if (versions.Sum(v => v.Labels.Count) > MaxPerSecret)
            throw SecretsManagerErrors.TooManyLabels();
        return versions;
    }

    /// <summary>Labels for a version that has just been stored. The first version of a secret is always current.</summary>
    public static IReadOnlyList<LabelledVersion> AttachNew(
        IReadOnlyList<LabelledVersion> versions, string versionId, IReadOnlyList<string>? labels)
    {
        IReadOnlyList<string> wanted = labels ?? [Current];
        if (versions.HolderOf(Current) is null && !wanted.Contains(Current, StringComparer.Ordinal))
            wanted = [Current, .. wanted];

        // A new current value put by hand ends a rotation that is under way or was left over.
        var makesCurrent = wanted.Contains(Current, StringComparer.Ordinal);
        if (makesCurrent && !wanted.Contains(Pending, StringComparer.Ordinal) && versions.HolderOf(Pending) != versionId)
            versions = Detach(versions, Pending);
        return Attach(versions, versionId, wanted, hasValue: true);
    }

    /// <summary>Takes a label from whichever version has it; a version without labels is deprecated and leaves the list.</summary>
    public static IReadOnlyList<LabelledVersion> Detach(IReadOnlyList<LabelledVersion> versions, string label) =>
        versions.HolderOf(label) is not { } holder
            ? versions
            : [.. versions
                .Select(v => v.VersionId == holder ? v with { Labels = [.. v.Labels.Where(l => l != label)] } : v)
                .Where(v => v.Labels.Count > 0)];

    private static IReadOnlyList<LabelledVersion> Put(IReadOnlyList<LabelledVersion> versions, string versionId, string label, bool hasValue) =>
        versions.Any(v => v.VersionId == versionId)
            ? [.. versions.Select(v => v.VersionId == versionId ? v with { Labels = Ordered([.. v.Labels, label]), HasValue = v.HasValue || hasValue } : v)]
            : [.. versions, new LabelledVersion(versionId, [label], hasValue)];

    // System labels first, others as they came. AWS's order has no meaning; a stable one is easier on the eye.
    private static IReadOnlyList<string> Ordered(IReadOnlyList<string> labels) =>
        [.. labels.OrderBy(l => l switch { Current => 0, Pending => 1, Previous => 2, _ => 3 })];
}
