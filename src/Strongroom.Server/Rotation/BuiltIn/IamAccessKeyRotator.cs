using System.Text;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// An access key of an IAM user, of AWS or of a Strongroom: JSON with <c>accessKeyId</c> and <c>secretAccessKey</c>, and <c>userName</c> where the key may
/// act for another user than its own. A user has two keys at most: the one before the current is deleted when a new one is made.
/// </summary>
internal sealed class IamAccessKeyRotator : IRotator
{
    public async Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var existing = await secret.FindPendingAsync(ct);
        if (existing is not null)
            return;
        using var current = JsonSecret.Read(await secret.FindAsync(StagingLabels.Current, ct), secret.Arn);
        var keyId = current.Require("accessKeyId");
        using var iam = IamCaller.Open(secret, keyId, current.Require("secretAccessKey"));
        (string, string)[] user = current.Find("userName") is { Length: > 0 } name ? [("UserName", name)] : [];

        await DeleteOtherAsync(secret, iam, keyId, user, ct);
        var made = (await iam.IamAsync("CreateAccessKey", user, ct)).Descendants("AccessKey").FirstOrDefault();
        if (made?.Element("AccessKeyId")?.Value is not { Length: > 0 } id || made.Element("SecretAccessKey")?.Value is not { Length: > 0 } key)
            throw new RotationException("CreateAccessKey: the answer has no access key.");
        using var value = current.With(("accessKeyId", Encoding.UTF8.GetBytes(id)), ("secretAccessKey", Encoding.UTF8.GetBytes(key)));
        await secret.StorePendingAsync(value, ct);
    }

    // A key works as soon as IAM has made it.
    public Task SetSecretAsync(RotatedSecret secret, CancellationToken ct) => Task.CompletedTask;

    public async Task TestSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var pending = JsonSecret.Read(await secret.FindPendingAsync(ct), $"version {secret.Token}");
        using var iam = IamCaller.Open(secret, pending.Require("accessKeyId"), pending.Require("secretAccessKey"));
        await iam.TryIdentityAsync(ct);
    }

    /// <summary>Makes room for a key: the secret's own former one goes, or one that an attempt which was cut short has made and nobody knows. No other.</summary>
    private static async Task DeleteOtherAsync(RotatedSecret secret, IamCaller iam, string current, (string, string)[] user, CancellationToken ct)
    {
        var others = (await iam.IamAsync("ListAccessKeys", user, ct)).Descendants("AccessKeyId").Select(id => id.Value).Where(id => id != current).ToList();
        if (others.Count == 0)
            return;
        string? former = null;
        if (await secret.FindAsync(StagingLabels.Previous, ct) is { } value)
        {
            using var previous = JsonSecret.Read(value, secret.Arn);
            former = previous.Find("accessKeyId");
        }

        foreach (var id in others)
        {
            if (id != former && await IsUsedAsync(iam, id, ct))
                throw new RotationException($"The user has the access key {id}, which is not this secret's and is in use. A user has two keys at most: delete it, or give the secret a user of its own.");
            await iam.IamAsync("DeleteAccessKey", [.. user, ("AccessKeyId", id)], ct);
        }
    }

    private static async Task<bool> IsUsedAsync(IamCaller iam, string id, CancellationToken ct) =>
        (await iam.IamAsync("GetAccessKeyLastUsed", [("AccessKeyId", id)], ct)).Descendants("LastUsedDate").Any();
}
