using System.Text.Json;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// A random password: the whole value, or one member of its JSON. Where a webhook is configured, that puts it into effect and tries it; otherwise nothing
/// else knows it.
/// </summary>
internal sealed class RandomPasswordRotator : IRotator
{
    public const string MemberSetting = "PASSWORD_MEMBER";

    private const string Excluded = """/@"'\""";

    public async Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var pending = await secret.FindPendingAsync(ct);
        if (pending is not null)
            return;
        using var value = await NewValueAsync(secret, ct);
        await secret.StorePendingAsync(value, ct);
    }

    public Task SetSecretAsync(RotatedSecret secret, CancellationToken ct) => TellAsync(secret, RotationStep.SetSecret, ct);

    public Task TestSecretAsync(RotatedSecret secret, CancellationToken ct) => TellAsync(secret, RotationStep.TestSecret, ct);

    private static async Task<SecretValue> NewValueAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var password = PasswordShape.NewPassword(secret.Environment, Excluded, secret.Entropy);
        if (!secret.Environment.TryGetValue(MemberSetting, out var member))
            return SecretValue.Text(password.Reveal());
        using var current = JsonSecret.Read(await secret.FindAsync(StagingLabels.Current, ct), secret.Arn);
        var text = password.Reveal().ToArray();
        try
        {
            return current.With((member, text));
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(text);
        }
    }

    private static async Task TellAsync(RotatedSecret secret, RotationStep step, CancellationToken ct)
    {
        using var pending = await secret.FindPendingAsync(ct) ?? throw new RotationException($"Secret version {secret.Token} has no value yet.");
        await ApplyingWebhook.PostAsync(secret, step, pending.Write, ct);
    }
}
