using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;
using Strongroom.Storage;

namespace Strongroom.Server.Lambda;

/// <summary>Seals and opens what of functions may be secret, and what must not be changed behind our back: their environment and their code.</summary>
internal sealed class FunctionVault(IFunctionStore store, KeyDirectory keys, Keyring keyring)
{
    /// <summary>What the environment is sealed to beside the function's ARN, where secrets have their version.</summary>
    public const string EnvironmentPlace = "environment";

    /// <returns>Null for no variables.</returns>
    public async ValueTask<SealedValue?> SealEnvironmentAsync(string account, string region, string arn, IReadOnlyDictionary<string, string> variables, CancellationToken ct)
    {
        if (variables.Count == 0)
            return null;
        using var plain = new ScrubbedBuffer();
        WriteVariables(plain, variables);
        return keyring.Seal(await keys.IdentityKeyAsync(account, ct), SecretKind.String, plain.Written.Span, new Binding(account, region, arn, EnvironmentPlace));
    }

    /// <exception cref="StoreUnavailableException">It does not open: the database was changed by another program.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> OpenEnvironmentAsync(LambdaFunction function, CancellationToken ct)
    {
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (function.Environment is not { } value)
            return variables;
        try
        {
            await keys.EnsureLoadedAsync(value, ct);
            using var plain = keyring.Open(value, EnvironmentBinding(function)).Value;
            ReadVariables(plain.Reveal(), variables);
            return variables;
        }
        catch (DecryptionException)
        {
            throw new StoreUnavailableException($"The environment of the function {function.Arn} does not open: it was damaged, or moved here from another place. Set it again.");
        }
    }

    /// <param name="zip">The package.</param>
    /// <param name="sha256">Its hash, base64: part of the place, so that older code can't be put back.</param>
    public async ValueTask<StoredFunctionCode> SealCodeAsync(string account, string region, string name, string sha256, ReadOnlyMemory<byte> zip, CancellationToken ct)
    {
        var key = await keys.IdentityKeyAsync(account, ct);
        return new StoredFunctionCode(
            account, region, name, sha256, keyring.Seal(key, SecretKind.Binary, zip.Span, CodeBinding(account, region, name, sha256)));
    }

    /// <summary>The package as it was put.</summary>
    /// <exception cref="StoreUnavailableException">It is not there, or not the one that the function has.</exception>
    public async ValueTask<byte[]> OpenCodeAsync(LambdaFunction function, CancellationToken ct)
    {
        var stored = await store.FindFunctionCodeAsync(function.Account, function.Region, function.Name, ct);
        try
        {
            if (stored is not null)
            {
                await keys.EnsureLoadedAsync(stored.Code, ct);
                var zip = new byte[Keyring.PlaintextLength(stored.Code)];
                keyring.Open(stored.Code, CodeBinding(function.Account, function.Region, function.Name, function.CodeSha256), zip, out _);
                return zip;
            }
        }
        catch (DecryptionException)
        {
            // Told below, as what it comes to.
        }

        throw new StoreUnavailableException($"The code of the function {function.Arn} is missing from the database or damaged. Put it again, or restore a backup.");
    }

    public static Binding EnvironmentBinding(LambdaFunction function) => new(function.Account, function.Region, function.Arn, EnvironmentPlace);

    public static Binding CodeBinding(string account, string region, string name, string sha256) =>
        new(account, region, LambdaFunction.ArnOf(account, region, name), sha256);

    private static void WriteVariables(ScrubbedBuffer output, IReadOnlyDictionary<string, string> variables)
    {
        using var rented = JsonWriters.Rent(output);
        rented.Writer.WriteStartObject();
        foreach (var (name, value) in variables)
            rented.Writer.WriteString(name, value);
        rented.Writer.WriteEndObject();
        rented.Writer.Flush();
    }

    private static void ReadVariables(ReadOnlySpan<byte> json, SortedDictionary<string, string> variables)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            variables.Add(name, reader.GetString()!);
        }
    }
}
