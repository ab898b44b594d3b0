using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Which version a read means. Source: API fact sheet 3.9.</summary>
internal static class VersionSelector
{
    /// <summary>Neither given: AWSCURRENT. Both: they must name the same version.</summary>
    /// <exception cref="Protocol.ServiceException">No version has the label, or the two disagree.</exception>
    public static string Select(IReadOnlyList<LabelledVersion> versions, string? versionId, string? label)
    {
        if (versionId is null)
        {
            var wanted = label ?? StagingLabels.Current;
            return versions.HolderOf(wanted) ?? throw SecretsManagerErrors.NoValueForLabel(wanted);
        }

        return label is null || versions.Of(versionId).Contains(label, StringComparer.Ordinal)
            ? versionId
            : throw SecretsManagerErrors.StageNotOnVersion();
    }
}
