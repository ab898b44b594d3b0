using Strongroom.Crypto;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Webhooks;

/// <summary>Where signed requests go, and with what they are signed.</summary>
public sealed record WebhookOptions
{
    /// <summary>https, or http on this machine.</summary>
    public required Uri Address { get; init; }

    /// <summary>File with a signing secret a line, mode 0600.</summary>
    public string? SecretFile { get; init; }

    /// <summary>The signing secret, where no file is named.</summary>
    public SecretBytes? Secret { get; init; }

    /// <summary>PEM file with the authorities that the receiver's certificate may come from; null for the system's.</summary>
    public string? CertificateAuthorities { get; init; }

    /// <param name="setting">For the message.</param>
    /// <exception cref="SettingsException">No address, or one that other machines would be reached at readable.</exception>
    internal static Uri ReadAddress(string text, string setting)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri is not { UserInfo: "", Fragment: "", Scheme: "http" or "https" })
            throw new SettingsException($"{setting} must be an address like https://hooks.example.com/strongroom, without a user or password in it.");
        return uri is { Scheme: "http", IsLoopback: false }
            ? throw new SettingsException($"{setting} {uri.GetLeftPart(UriPartial.Authority)} is plain HTTP to another machine, which could read and alter what is sent. Use https.")
            : uri;
    }

    /// <summary>Two records of options print alike whatever their secrets are: the path of a webhook's address often is one.</summary>
    public override string ToString() => Address.GetLeftPart(UriPartial.Authority);
}
