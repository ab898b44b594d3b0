using System.Buffers;
using System.Text.Json;

namespace Strongroom.Server.Rotation;

/// <summary>What a rotation function is asked to do: one step for one version of a secret. Source: API fact sheet 4.1, IAM fact sheet 9.2.</summary>
/// <param name="SecretArn">The whole ARN.</param>
/// <param name="Token">Id of the new version, the same in all steps.</param>
/// <param name="RotationToken">Proof that a rotation is running, for PutSecretValue. Sensitive: it belongs into no log.</param>
internal sealed record RotationEvent(RotationStep Step, string SecretArn, string Token, string RotationToken)
{
    /// <summary>The event as functions get it, UTF-8.</summary>
    public byte[] ToJson()
    {
        var output = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("SecretId"u8, SecretArn);
        writer.WriteString("ClientRequestToken"u8, Token);
        writer.WriteString("Step"u8, Step.Name());
        writer.WriteString("RotationToken"u8, RotationToken);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }

    // A record prints its members, and one of them is a secret.
    public override string ToString() => $"{Step.Name()} of {SecretArn}, version {Token}";
}
