using System.Collections.Frozen;

namespace Strongroom.Server.Iam;

/// <summary>A policy that AWS keeps, shipped with the program; nobody can change it.</summary>
/// <param name="Id">Ours: AWS's ids of these policies are not published. Stable.</param>
internal sealed record AwsManagedPolicy(string Path, string Name, string Id, string VersionId, string Description, string Document)
{
    public string Arn => $"arn:aws:iam::aws:policy{Path}{Name}";
}

/// <summary>The AWS managed policies that people attach for the services served here. Source: IAM fact sheet 6.7.</summary>
internal static class AwsManagedPolicies
{
    public static IReadOnlyList<AwsManagedPolicy> All { get; } =
    [
        new("/", "AdministratorAccess", "ANPAADMINISTRATORACCE", "v1", "Provides full access to AWS services and resources.",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""),
    ];

    public static AwsManagedPolicy? Find(string arn) => ByArn.GetValueOrDefault(arn);

    private static readonly FrozenDictionary<string, AwsManagedPolicy> ByArn = All.ToFrozenDictionary(policy => policy.Arn, StringComparer.Ordinal);
}
