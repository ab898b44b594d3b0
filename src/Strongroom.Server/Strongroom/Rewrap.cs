using System.Globalization;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;
using Strongroom.Server.Kms;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>One step of moving the values of an account's secrets in a region to the newest versions of their KMS keys.</summary>
internal sealed class RewrapRequest
{
    /// <summary>The call's own region when absent.</summary>
    public string? Region { get; private set; }

    /// <summary>How many secrets this step looks at.</summary>
    public long? MaxSecrets { get; private set; }

    public string? NextToken { get; private set; }

    public static Shape<RewrapRequest> Shape { get; } = new(
        Member.String<RewrapRequest>("Region", r => r.Region, (r, v) => r.Region = v, Constraint.Length(1, 32)),
        Member.Long<RewrapRequest>("MaxSecrets", r => r.MaxSecrets, (r, v) => r.MaxSecrets = v, 1, 100),
        Member.String<RewrapRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, Limits.NextToken));
}

/// <param name="Secrets">Looked at in this step.</param>
/// <param name="Rewrapped">Versions that were moved.</param>
/// <param name="Skipped">Versions that stay where they are because their key is disabled, to be deleted, gone, or another account's.</param>
/// <param name="NextToken">Null when this was the last step.</param>
internal sealed record RewrapResponse(int Secrets, int Rewrapped, int Skipped, string? NextToken) : IResponse
{
    public bool HasAuditElements => true;

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteOptional("NextToken"u8, NextToken);
        writer.WriteNumber("Rewrapped"u8, Rewrapped);
        writer.WriteNumber("Secrets"u8, Secrets);
        writer.WriteNumber("Skipped"u8, Skipped);
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteNumber("secrets"u8, Secrets);
        writer.WriteNumber("rewrapped"u8, Rewrapped);
        writer.WriteNumber("skipped"u8, Skipped);
    }
}

/// <summary>
/// Rotating a key leaves what it encrypted under the old material; this moves it. A step is one commit, the token says where the next begins, and a step
/// that is repeated finds nothing left to do: so it can stop anywhere and go on.
/// </summary>
internal sealed class Rewrap(ISecretStore store, KeyDirectory keys, Regions regions, Keyring keyring)
    : IOperation<RewrapRequest, AccountTarget, RewrapResponse>
{
    private const int UsualSecrets = 25;

    // A secret keeps a hundred versions without labels and twenty labels, but young ones are kept beyond that.
    private const int VersionsAtOnce = 500;

    private readonly PagingTokens tokens = new(keyring);

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, RewrapRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<RewrapResponse>> PlanAsync(CallContext call, Authorized<RewrapRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var (account, region) = (target.Account, request.Region ?? call.Region);
        if (!regions.IsValid(region))
            throw Protocol.FrameworkErrors.Validation($"{region} is not a region.");
        var listing = string.Create(CultureInfo.InvariantCulture, $"rewrap/{account}/{region}");
        SecretPosition? after = request.NextToken is { } token && tokens.Read(listing, token) is var (key, name) ? new SecretPosition(key, name) : null;
        var size = (int)(request.MaxSecrets ?? UsualSecrets);
        var secrets = await store.ListAsync(
            new SecretQuery(account, region, SecretOrder.Name, Descending: false, after, size + 1, IncludeMarkedForDeletion: true), ct);

        var directory = await keys.GetAsync(account, region, ct);
        var changes = new List<SecretChange>();
        var (moved, skipped) = (0, 0);
        foreach (var secret in secrets.Take(size))
        {
            var resealed = new List<StoredVersion>();
            foreach (var summary in await store.ListVersionsAsync(secret.Id, includeUnlabelled: true, after: null, VersionsAtOnce, ct))
            {
                if (await store.FindVersionAsync(secret.Id, summary.VersionId, ct) is not { Value: { } value } version)
                    continue;
                switch (await MoveAsync(directory, secret, version, value, ct))
                {
                    case (true, { } better):
                        resealed.Add(better);
                        break;
                    case (false, _):
                        skipped++;
                        break;
                }
            }

            moved += resealed.Count;
            if (resealed.Count > 0)
                changes.Add(new SecretChange { Before = secret, After = secret, Versions = resealed });
        }

        var next = secrets.Count > size ? tokens.Make(listing, 0, secrets[size - 1].Name) : null;
        return new Plan<RewrapResponse>(new RewrapResponse(Math.Min(size, secrets.Count), moved, skipped, next), changes);
    }

    /// <returns>Whether the version is or can be under the newest version of its key; and what to store, if it is not there yet.</returns>
    private async ValueTask<(bool CanBeNewest, StoredVersion? Better)> MoveAsync(
        KmsDirectory directory, StoredSecret secret, StoredVersion version, SealedValue value, CancellationToken ct)
    {
        if (!Keyring.TryReadKey(value, out var id, out var number) || directory.FindKey(id) is not { } key)
            return (false, null);
        if (number == key.LatestVersion)
            return (true, null);
        if (!key.IsEnabled || !await keys.EnsureLoadedAsync(id, number, ct))
            return (false, null);
        await keys.LoadAsync(key, ct);
        try
        {
            var place = new Binding(secret.Account, secret.Region, secret.Arn(), version.VersionId);
            return (true, version with { Value = keyring.Reseal(value, place) });
        }
        catch (DecryptionException)
        {
            // Damaged: whoever reads it is told, and the rest must not wait for it.
            return (false, null);
        }
    }
}
