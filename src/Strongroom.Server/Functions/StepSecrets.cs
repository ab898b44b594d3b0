using System.Text;
using System.Text.Json;
using Strongroom.Protocol;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Functions;

/// <summary>The values that the function of a rotation's step may have seen, so that its output can be shown without them.</summary>
internal sealed class StepSecrets(ISecretStore store, SecretVault vault)
{
    // Members that name the secret with which another one is rotated. Source: API fact sheet 4.8.
    private static readonly string[] Masters = ["masterarn", "superuserarn"];

    /// <summary>What the output and error of a step are to be shown without. The caller disposes of it.</summary>
    public async Task<Redaction> OpenAsync(RotationEvent step, CancellationToken ct)
    {
        var redaction = new Redaction { More = (redaction, ct) => AddAsync(step, redaction, ct) };
        redaction.Add(step.RotationToken);
        // Now, because the step may take a label from a version; and again when it has run, because it may have made one.
        await redaction.CompleteAsync(ct);
        return redaction;
    }

    private async ValueTask AddAsync(RotationEvent step, Redaction redaction, CancellationToken ct)
    {
        foreach (var master in await AddAsync(step.SecretArn, redaction, ct))
            await AddAsync(master, redaction, ct);
    }

    /// <returns>ARNs of secrets that its values name.</returns>
    private async ValueTask<IReadOnlyList<string>> AddAsync(string secretArn, Redaction redaction, CancellationToken ct)
    {
        const string Prefix = "secret:";
        if (Arn.TryParse(secretArn) is not { Service: "secretsmanager" } arn || !arn.Resource.StartsWith(Prefix, StringComparison.Ordinal)
            || !SecretArn.TrySplitSuffix(arn.Resource[Prefix.Length..], out var name, out var suffix)
            || await store.FindAsync(arn.Account, arn.Region, name, ct) is not { } secret || secret.Suffix != suffix)
            return []; // gone, and with it every version
        if (await vault.FindValuesAsync(secret, ct) is not { } values)
        {
            redaction.Withheld = $"withheld: values of {secretArn} can't be read now, and so can't be taken out";
            return [];
        }

        var masters = new List<string>();
        foreach (var value in values)
        {
            using (value)
            {
                redaction.Add(value.Bytes);
                masters.AddRange(FindMasters(value.Bytes.Reveal()));
            }
        }

        return masters;
    }

    private static List<string> FindMasters(ReadOnlySpan<byte> value)
    {
        var found = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(value);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && Masters.Contains(Encoding.UTF8.GetString(reader.ValueSpan), StringComparer.OrdinalIgnoreCase)
                    && reader.Read() && reader.TokenType == JsonTokenType.String)
                    found.Add(reader.GetString()!);
            }
        }
        catch (JsonException)
        {
            // No JSON: it names none.
        }

        return found;
    }
}
