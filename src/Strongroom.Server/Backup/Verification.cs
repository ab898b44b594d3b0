using System.Data.Common;
using System.Security.Cryptography;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Iam;
using Strongroom.Server.Kms;
using Strongroom.Server.Lambda;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>
/// Looks whether everything a store holds is whole and belongs together: each ciphertext is opened at its place and dropped, each repetition compared.
/// It reads one moment of the store, beside a server that goes on, and repairs nothing.
/// </summary>
/// <param name="keyring">One of its own: keys of a damaged store must not get into one that serves. Null: ciphertexts can't be opened and are not.</param>
internal sealed class Verification(StoreSnapshot store, Keyring? keyring)
{
    private readonly List<string> findings = [];
    private readonly HashSet<Guid> knownKeys = [];
    private readonly HashSet<(Guid Id, int Version)> material = [];
    private readonly HashSet<(Guid Id, int Version)> unusable = [];
    private readonly Dictionary<(string Account, string Region, string Name), LambdaFunction> functions = [];

    public IProgress<BackupProgress>? Progress { get; init; }

    /// <summary>What is wrong, in words, one sentence each.</summary>
    public IReadOnlyList<string> Findings => findings;

    public long Secrets { get; private set; }

    public long Values { get; private set; }

    public long Keys { get; private set; }

    public long Entries { get; private set; }

    /// <summary>Values whose key was destroyed, with its entry, after its waiting period: nobody can read them, and nothing is wrong.</summary>
    public long OfDestroyedKeys { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        await StepAsync("database", CheckDatabaseAsync, ct);
        if (store.Schema != StoreSnapshot.NewestSchema)
        {
            findings.Add($"The database has schema {store.Schema}, and this program looks into schema {StoreSnapshot.NewestSchema} only. Start the server once, which brings it up to date, or check a backup of it.");
            return;
        }

        await StepAsync("keys", CheckKeysAsync, ct);
        await StepAsync("directories", CheckEntriesAsync, ct);
        await StepAsync("secrets", CheckSecretsAsync, ct);
        await StepAsync("functions", CheckFunctionsAsync, ct);
        await StepAsync("outbox", CheckOutboxAsync, ct);
    }

    private async Task StepAsync(string step, Func<CancellationToken, Task> check, CancellationToken ct)
    {
        Progress?.Report(new BackupProgress(step, 0, 0));
        try
        {
            await Task.Run(() => check(ct), ct);
        }
        catch (Exception e) when (e is DbException or StoreUnavailableException or InvalidCastException or FormatException or OverflowException or ArgumentException)
        {
            // Where rows can't be read there is damage, and that is what is looked for. A driver's message may quote a row.
            findings.Add(e is StoreUnavailableException ? e.Message : $"The check of the {step} could not go on: a row holds something that Strongroom never writes ({e.GetType().Name}).");
        }
    }

    private async Task CheckDatabaseAsync(CancellationToken ct) => findings.AddRange(await store.CheckDatabaseAsync(ct));

    private async Task CheckKeysAsync(CancellationToken ct)
    {
        await foreach (var key in store.ReadKeysAsync(ct))
        {
            Keys++;
            material.Add((key.KeyId, key.Version));
            try
            {
                keyring?.Load(key);
            }
            catch (DecryptionException)
            {
                unusable.Add((key.KeyId, key.Version));
                findings.Add($"The material of version {key.Version} of the KMS key {key.KeyId} (account {key.Account}, {key.Region}) does not open: damaged, moved, or of another root key.");
            }
        }
    }

    private async Task CheckEntriesAsync(CancellationToken ct)
    {
        await foreach (var (account, scope, entry) in store.ReadEntriesAsync(ct))
        {
            Entries++;
            try
            {
                // The global directory holds an account's identities and the key for them; a region's holds keys alone.
                if (LambdaDirectory.RegionOf(scope) is { } region)
                    CheckFunction(LambdaJson.Read(entry, account, region));
                else if (KmsJson.Read(entry, account, scope) is KmsKey key)
                    CheckKey(key);
                else if (scope == StoreSeed.Scope && IamJson.Read(entry) is IamAccessKey accessKey)
                    CheckAccessKey(account, accessKey);
            }
            catch (StoreUnavailableException e)
            {
                findings.Add(e.Message);
            }
        }
    }

    private void CheckKey(KmsKey key)
    {
        knownKeys.Add(key.Id);
        foreach (var version in key.Versions.Where(version => !material.Contains((key.Id, version.Number))))
            findings.Add($"The KMS key {key.Arn} has no material for its version {version.Number}: what was encrypted under it can't be read.");
    }

    private void CheckAccessKey(string account, IamAccessKey accessKey)
    {
        if (accessKey.Sealed is not { } secret)
            findings.Add($"The access key {accessKey.AccessKeyId} of account {account} has no secret.");
        else
            _ = Opens(secret, AccessKeys.Place(account, accessKey.AccessKeyId), null, $"The secret of the access key {accessKey.AccessKeyId} of account {account}");
    }

    private void CheckFunction(LambdaFunction? function)
    {
        if (function is null)
            return;
        functions.Add((function.Account, function.Region, function.Name), function);
        if (function.Environment is { } environment)
            _ = Opens(environment, FunctionVault.EnvironmentBinding(function), null, $"The environment of the function {function.Arn}");
    }

    private async Task CheckFunctionsAsync(CancellationToken ct)
    {
        await foreach (var code in store.ReadFunctionCodeAsync(ct))
        {
            var place = (code.Account, code.Region, code.Name);
            var arn = LambdaFunction.ArnOf(code.Account, code.Region, code.Name);
            if (!functions.Remove(place, out var function))
                findings.Add($"There is code of the function {arn}, and no such function.");
            else if (code.Sha256 != function.CodeSha256)
                findings.Add($"The code of the function {arn} is not the one that its configuration names.");
            else
                _ = Opens(code.Code, FunctionVault.CodeBinding(code.Account, code.Region, code.Name, code.Sha256), null, $"The code of the function {arn}");
        }

        findings.AddRange(functions.Values.Select(function => $"The function {function.Arn} has no code."));
    }

    private async Task CheckSecretsAsync(CancellationToken ct)
    {
        var total = await store.CountSecretsAsync(ct);
        await foreach (var row in store.ReadSecretsAsync(ct))
        {
            Secrets++;
            if (Secrets % 64 == 0)
            {
                ct.ThrowIfCancellationRequested();
                Progress?.Report(new BackupProgress("secrets", Secrets, total));
            }

            if (row.Secret is { } secret)
                CheckSecret(secret, row);
            else
                findings.Add($"The document of the secret '{row.Name}' (account {row.Account}, {row.Region}) can't be read: another program changed it.");
        }

        Progress?.Report(new BackupProgress("secrets", Secrets, total));
    }

    private void CheckSecret(StoredSecret secret, CheckedSecret row)
    {
        var arn = secret.Arn();
        if (secret.Document.IsLagging != row.LaggingColumn)
            findings.Add($"The secret {arn} does not say the same in its column and in its document about waiting for a key.");
        foreach (var label in secret.Document.Versions.SelectMany(version => version.Labels).GroupBy(label => label, StringComparer.Ordinal).Where(label => label.Count() > 1))
            findings.Add($"The staging label {label.Key} of the secret {arn} is on {label.Count()} versions.");
        foreach (var labelled in secret.Document.Versions)
        {
            if (row.Versions.FirstOrDefault(version => version.Version.VersionId == labelled.VersionId) is not { } found)
                findings.Add($"The version {labelled.VersionId} of the secret {arn} has staging labels and is not there.");
            else if (found.Version.Value is not null != labelled.HasValue)
                findings.Add($"The version {labelled.VersionId} of the secret {arn} {(labelled.HasValue ? "should have a value and has none" : "should have no value and has one")}.");
        }

        foreach (var version in row.Versions)
            CheckVersion(secret, arn, version);
    }

    private void CheckVersion(StoredSecret secret, string arn, CheckedVersion row)
    {
        var version = row.Version;
        var what = $"The value of version {version.VersionId} of the secret {arn}";
        if (row.IsLabelled != secret.Document.Versions.Any(labelled => labelled.VersionId == version.VersionId))
            findings.Add($"The version {version.VersionId} of the secret {arn} does not say the same in its row and in the secret's document about having staging labels.");
        if (version.Value is null != version.ContentMac is null)
            findings.Add($"{what} is there without its fingerprint, or the fingerprint without the value.");
        if (version.Value is { } value)
        {
            Values++;
            _ = Opens(value, new Binding(secret.Account, secret.Region, arn, version.VersionId), version.ContentMac, what);
        }
    }

    /// <summary>Opens a value at its place and drops it.</summary>
    private bool Opens(SealedValue value, Binding place, ReadOnlyMemory<byte>? mac, string what)
    {
        if (!Keyring.TryReadKey(value, out var key, out var version))
            return Found($"{what} is not in a form that Strongroom writes.");
        if (!material.Contains((key, version)))
        {
            // A destroyed key leaves with its entry; one that left alone was taken out.
            OfDestroyedKeys += knownKeys.Contains(key) ? 0 : 1;
            return !knownKeys.Contains(key) || Found($"{what} can't be opened: version {version} of its KMS key {key} has no material.");
        }

        if (keyring is null || unusable.Contains((key, version)))
            return true;
        try
        {
            var (plaintext, kind) = keyring.Open(value, place);
            using (plaintext)
            {
                return mac is not { } stored || CryptographicOperations.FixedTimeEquals(stored.Span, keyring.ContentMac(kind, plaintext.Reveal(), place))
                    || Found($"{what} opens, and is not the one that its fingerprint is of.");
            }
        }
        catch (DecryptionException)
        {
            return Found($"{what} does not open: it was damaged, or moved here from another place.");
        }
    }

    private async Task CheckOutboxAsync(CancellationToken ct)
    {
        await foreach (var record in store.ReadOutboxAsync(ct))
        {
            if (!IsRecord(record))
                findings.Add($"The audit record {record.EventId} that waits for the log is not as it was written.");
        }
    }

    private static bool IsRecord(AuditEntry record)
    {
        try
        {
            using var document = JsonDocument.Parse(record.Json);
            return CloudTrailRecord.TryReadEventId(System.Text.Encoding.UTF8.GetString(record.Json.Span), out var id) && id == record.EventId;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private bool Found(string finding)
    {
        findings.Add(finding);
        return false;
    }
}
