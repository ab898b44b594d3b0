using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>The whole value is a random text that nothing else knows, like AWS's generic template once its blanks are left as they are.</summary>
internal sealed class RandomText : IRotator
{
    private const string Excluded = """/@"'\""";

    public async Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var pending = await secret.FindPendingAsync(ct);
        if (pending is not null)
            return;
        using var password = PasswordShape.NewPassword(secret.Environment, Excluded, secret.Entropy);
        using var value = SecretValue.Text(password.Reveal());
        await secret.StorePendingAsync(value, ct);
    }

    public Task SetSecretAsync(RotatedSecret secret, CancellationToken ct) => Task.CompletedTask;

    public Task TestSecretAsync(RotatedSecret secret, CancellationToken ct) => Task.CompletedTask;
}
