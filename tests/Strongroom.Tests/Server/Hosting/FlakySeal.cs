using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>A file seal that fails as a test asks, and counts.</summary>
internal sealed class FlakySeal(string keyFile) : IRootKeySeal
{
    private readonly FileSeal inner = new(keyFile, SystemEntropy.Instance);

    public string Name => "file";

    public SealException? Failure { get; set; }

    public int Attempts { get; private set; }

    /// <summary>Called before each use; throws to end the run there.</summary>
    public Action? BeforeUse { get; set; }

    public static SealException Outage { get; } = new("The KMS at https://kms.example.com can't be reached: no route.") { Failure = SealFailure.OutOfReach };

    public ValueTask EnsureKeyAsync(CancellationToken ct)
    {
        Attempt();
        return inner.EnsureKeyAsync(ct);
    }

    public ValueTask<byte[]> WrapAsync(SecretBytes rootKey, CancellationToken ct)
    {
        Attempt();
        return inner.WrapAsync(rootKey, ct);
    }

    public ValueTask<SecretBytes> UnwrapAsync(ReadOnlyMemory<byte> wrapped, CancellationToken ct)
    {
        Attempt();
        return inner.UnwrapAsync(wrapped, ct);
    }

    private void Attempt()
    {
        BeforeUse?.Invoke();
        Attempts++;
        if (Failure is not null)
            throw Failure;
    }
}
