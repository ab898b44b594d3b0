using Strongroom.Crypto;

namespace Strongroom.Storage;

/// <summary>The code of Lambda functions, apart from their configuration, because it is large and seldom read. Changed through <see cref="SecretCommit.FunctionCode"/>.</summary>
public interface IFunctionStore
{
    /// <summary>Null when there is none.</summary>
    ValueTask<StoredFunctionCode?> FindFunctionCodeAsync(string account, string region, string name, CancellationToken ct);
}

/// <param name="Sha256">Of the package before it was sealed, base64.</param>
/// <param name="Code">The package, a ZIP archive.</param>
public sealed record StoredFunctionCode(string Account, string Region, string Name, string Sha256, SealedValue Code);

/// <summary>A function's part of a commit.</summary>
/// <param name="Code">What it is to have; null removes what it has, if anything.</param>
public sealed record FunctionCodeChange(string Account, string Region, string Name, StoredFunctionCode? Code);
