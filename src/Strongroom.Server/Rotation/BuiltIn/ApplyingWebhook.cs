using System.Text.Json;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Hosting;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// Tells an address that the operator configured for a rotator to put a new value into effect, and then to try it. Nothing in a secret says where that is.
/// Format: docs/rotation-more.md.
/// </summary>
internal static class ApplyingWebhook
{
    public const string AddressSetting = "WEBHOOK_URL";

    private const string SecretSetting = "WEBHOOK_SECRET_FILE";
    private const string AuthoritiesSetting = "WEBHOOK_CA_FILE";

    /// <summary>Posts a step, when an address is configured.</summary>
    /// <param name="write">Writes the members that hold the new value.</param>
    /// <exception cref="RotationException">It was not accepted.</exception>
    public static async Task PostAsync(RotatedSecret secret, RotationStep step, Action<Utf8JsonWriter> write, CancellationToken ct)
    {
        if (!secret.Environment.TryGetValue(AddressSetting, out var address))
            return;
        using var client = Open(secret, address);
        using var body = new ScrubbedBuffer();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("SecretId"u8, secret.Arn);
            writer.WriteString("ClientRequestToken"u8, secret.Token);
            writer.WriteString("Step"u8, step.Name());
            write(writer);
            writer.WriteEndObject();
        }

        if (await client.PostAsync(body.Written, "application/json", secret.Entropy.NewGuid().ToString(), ct) is { } reason)
            throw new RotationException($"The webhook did not take the new value in {step.Name()}: {reason}.");
    }

    private static WebhookClient Open(RotatedSecret secret, string address)
    {
        try
        {
            var options = new WebhookOptions
            {
                Address = WebhookOptions.ReadAddress(address, AddressSetting),
                SecretFile = secret.Environment.TryGetValue(SecretSetting, out var file)
                    ? file
                    : throw new RotationException($"{AddressSetting} is set, and {SecretSetting} is not: name a file with a signing secret, such as of: openssl rand -hex 32"),
                CertificateAuthorities = secret.Environment.GetValueOrDefault(AuthoritiesSetting),
            };
            return new WebhookClient(options, "the rotator's webhook", secret.Time);
        }
        catch (Exception e) when (e is SettingsException or StoreRefusedException)
        {
            throw new RotationException(e.Message);
        }
    }
}
