using System.Text;
using Strongroom.Crypto;
using Strongroom.Protocol;
using Strongroom.Server.Audit;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation;

/// <summary>
/// Carries out the rotation of one secret as far as it goes now: step by step, each noted in one commit with what follows from it. Killed at any
/// place, it is taken up by running the step again that was not noted as done. Source: API fact sheet 4.
/// </summary>
internal sealed class RotationRunner(
    ISecretStore store, SecretVault vault, IRotationFunctions functions, RotationReaders readers, AuditTrail audit, Keyring keyring, Entropy entropy, TimeProvider time)
{
    // Each lost race means that the function or somebody else changed the secret in between.
    private const int MaxAttempts = 100;

    private const string NotInvocable = "Secrets Manager cannot invoke the function: it does not exist, or its policy does not let secretsmanager.amazonaws.com invoke it.";

    /// <summary>Runs until the rotation has succeeded, waits for another attempt, or was ended by somebody else.</summary>
    public async Task RunAsync(DueSecret due, CancellationToken ct)
    {
        while (await FindAsync(due, ct) is { } secret && secret.Document.Rotation is { Enabled: true } rotation && !secret.IsReplica() && secret.PurgeAt is null)
        {
            if (!await AdvanceAsync(secret, rotation, ct))
                return;
        }
    }

    /// <returns>Whether there is more to do now.</returns>
    private async Task<bool> AdvanceAsync(StoredSecret secret, SecretRotation rotation, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (rotation.DueAt is not { } at || at > now)
            return false;
        if (rotation.Run is not { } run)
            return await BeginAsync(secret, now, ct);

        var versions = secret.Document.Versions;
        if (run.IsTest && versions.HolderOf(StagingLabels.Pending) is null)
            return await BeginTestAsync(secret, run, now, ct);
        if (!run.IsTest && versions.HolderOf(StagingLabels.Current) == run.Token)
            return await SucceedAsync(secret, run, step: null, now, ct);
        if (versions.HolderOf(StagingLabels.Pending) != run.Token)
            return await GiveUpAsync(secret, run, now, ct);
        return await StepAsync(secret, rotation, run, ct);
    }

    private async Task<bool> StepAsync(StoredSecret secret, SecretRotation rotation, RotationRun run, CancellationToken ct)
    {
        var step = run.IsTest ? RotationStep.TestSecret : (RotationStep)run.StepsDone;
        var began = time.GetUtcNow();
        var clock = time.GetTimestamp();
        var hold = step == RotationStep.CreateSecret ? readers.Ask(secret, run, began, ct) : default;
        if (hold.Waiting > 0)
            return !await HoldAsync(secret, run, hold.Waiting, began, ct);
        var function = rotation.LambdaArn is { } arn
            ? await functions.FindAsync(secret.Account, secret.Region, secret.Arn(), arn, ct)
            : await functions.FindForTypeAsync(secret.Account, secret.Region, secret.Arn(), secret.Document.Type ?? "", ct);
        var result = hold.Error is { } refusal ? new StepResult(refusal)
            : function is null ? new StepResult(NotInvocable)
            : await function.InvokeAsync(new RotationEvent(step, secret.Arn(), run.Token, RotationProof.Of(keyring, secret, run.Token)), ct);

        var record = new RotationStepRecord(
            secret.Id, run.Token, run.IsTest, run.Attempt, step.Name(), began, time.GetElapsedTime(clock), result.Error,
            result.Output.Length == 0 ? null : RotationOutput.Seal(keyring, secret, result.Output));
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // The function has changed the secret meanwhile, and others may have.
            if (await store.FindAsync(secret.Account, secret.Region, secret.Name, ct) is not { } fresh || fresh.Id != secret.Id || fresh.PurgeAt is not null
                || fresh.Document.Rotation is not { Enabled: true, Run: { } current } || current.Token != run.Token)
                return false;
            var now = time.GetUtcNow();
            if (await NoteAsync(fresh, current, step, record, now, ct) is { } goesOn)
                return goesOn;
        }

        throw new RotationException("The secret changes too often for its rotation to be noted.");
    }

    /// <returns>Whether there is more to do now; null when the secret changed meanwhile.</returns>
    private async Task<bool?> NoteAsync(
        StoredSecret secret, RotationRun run, RotationStep step, RotationStepRecord record, DateTimeOffset now, CancellationToken ct)
    {
        var isCurrent = secret.Document.Versions.HolderOf(StagingLabels.Current) == run.Token;
        if (record.Error is null && step == RotationStep.FinishSecret && !isCurrent)
            record = record with { Error = "finishSecret returned, and AWSCURRENT is not on the new version." };

        if (run.IsTest)
            return await EndTestAsync(secret, run, record, record.Error, now, ct) ? false : null;
        if (record.Error is null && isCurrent)
            return await SucceedAsync(secret, run, record, now, ct) ? false : null;
        if (record.Error is null)
        {
            var done = RotationState.Event("RotationStepSucceeded", secret, run.Token) with { VersionId = run.Token, Step = step.Name() };
            return await CommitAsync(secret, RotationState.StepDone(secret.Document), [], [done], record, now, ct) ? true : null;
        }

        var failed = RotationState.Event("RotationFailed", secret, run.Token, FailureOf(secret, step)) with { VersionId = run.Token, Step = step.Name() };
        return await CommitAsync(secret, RotationState.Failed(secret, secret.Document, now), [], [failed], record, now, ct) ? false : null;
    }

    private Task<bool> HoldAsync(StoredSecret secret, RotationRun run, int waiting, DateTimeOffset now, CancellationToken ct) =>
        CommitAsync(
            secret, RotationState.Held(secret.Document, waiting, now), [],
            run.AwaitedReaders is null ? [RotationState.Event("RotationHeld", secret, run.Token) with { VersionId = run.Token }] : [], step: null, now, ct);

    private async Task<bool> BeginAsync(StoredSecret secret, DateTimeOffset now, CancellationToken ct)
    {
        // Left over by a rotation that was cancelled, or by a label that somebody moved: the same version is made ready again.
        var left = RotationState.IsPending(secret.Document) ? secret.Document.Versions.HolderOf(StagingLabels.Pending) : null;
        var token = left ?? entropy.NewGuid().ToString();
        try
        {
            return await CommitAsync(
                secret, RotationState.Begun(secret.Document, token, now), left is null ? [new NewVersion(token, now, null)] : [],
                [RotationState.Event("RotationStarted", secret, token)], step: null, now, ct);
        }
        catch (ServiceException refusal)
        {
            // Such as too many labels: nothing was begun, and the next window may find it in order.
            return await CommitAsync(
                secret, RotationState.Ended(secret, secret.Document, now), [], [RotationState.Event("RotationFailed", secret, token, refusal.Message)], step: null, now, ct);
        }
    }

    /// <summary>Gives the function a version to look at: a copy of the current value, which the end of the test removes.</summary>
    private async Task<bool> BeginTestAsync(StoredSecret secret, RotationRun run, DateTimeOffset now, CancellationToken ct)
    {
        using var current = await vault.OpenCurrentAsync(secret, ct);
        if (current is null)
            return await EndTestAsync(secret, run, record: null, "The secret has no current value that can be opened.", now, ct);
        try
        {
            var versions = StagingLabels.Attach(secret.Document.Versions, run.Token, [StagingLabels.Pending], hasValue: true);
            return await CommitAsync(secret, secret.Document with { Versions = versions }, [new NewVersion(run.Token, now, current)], [], step: null, now, ct);
        }
        catch (ServiceException refusal)
        {
            return await EndTestAsync(secret, run, record: null, refusal.Message, now, ct);
        }
    }

    private Task<bool> EndTestAsync(StoredSecret secret, RotationRun run, RotationStepRecord? record, string? error, DateTimeOffset now, CancellationToken ct) =>
        CommitAsync(
            secret, RotationState.Ended(secret, secret.Document, now), [],
            [RotationState.Event(
                error is null ? "TestRotationSucceeded" : "TestRotationFailed", secret, run.Token, error is null ? null : FailureOf(secret, RotationStep.TestSecret))],
            record, now, ct, removed: run.Token);

    private Task<bool> SucceedAsync(StoredSecret secret, RotationRun run, RotationStepRecord? step, DateTimeOffset now, CancellationToken ct) =>
        CommitAsync(
            secret, RotationState.Succeeded(secret, secret.Document, now), [], [RotationState.Event("RotationSucceeded", secret, run.Token)], step, now, ct);

    private Task<bool> GiveUpAsync(StoredSecret secret, RotationRun run, DateTimeOffset now, CancellationToken ct) =>
        CommitAsync(
            secret, RotationState.Ended(secret, secret.Document, now), [], [RotationState.Event("RotationAbandoned", secret, run.Token)], step: null, now, ct);

    /// <returns>False when the secret changed meanwhile: nothing was written.</returns>
    private async Task<bool> CommitAsync(
        StoredSecret secret, SecretDocument document, IReadOnlyList<NewVersion> versions, IReadOnlyList<ServiceEvent> events, RotationStepRecord? step,
        DateTimeOffset now, CancellationToken ct, string? removed = null)
    {
        var caller = ServiceRole.ForRotation(secret.Account, secret.Arn(), secret.Name, "engine");
        var call = ServiceCall.New(caller, secret.Region, entropy, now);
        var change = await vault.ChangeAllAsync(call, secret, secret with { ChangedAt = call.Now, Document = document }, versions, call.Now, ct);
        var changes = removed is null ? change.Changes : [.. change.Changes.Select(each => each with { RemovedVersionIds = [removed] })];
        var commit = new SecretCommit(changes, []) { RotationSteps = step is null ? [] : [step] };

        // Not cancelled: what a step came to should be noted even when the server is about to stop.
        return await audit.CommitEventsAsync(commit, [.. events, .. change.Events], now, CancellationToken.None);
    }

    private async ValueTask<StoredSecret?> FindAsync(DueSecret due, CancellationToken ct) =>
        await store.FindAsync(due.Account, due.Region, due.Name, ct) is { } secret && secret.Id == due.Id ? secret : null;

    // In AWS's words; what the function itself said may hold anything, and is in the rotation's log. Source: API fact sheet 4.4.
    private static string FailureOf(StoredSecret secret, RotationStep step) =>
        $"Error when executing lambda {secret.Document.Rotation?.LambdaArn ?? secret.Document.Type} during {step.Name()} step";
}

/// <summary>What functions write, as it is stored: sealed, because nobody knows what they write.</summary>
internal static class RotationOutput
{
    public static byte[] Seal(Keyring keyring, StoredSecret secret, string output) => keyring.ProtectToken(Purpose(secret), Encoding.UTF8.GetBytes(output));

    /// <returns>Null when it was changed, or belongs to another secret.</returns>
    public static string? Open(Keyring keyring, StoredSecret secret, byte[] output) =>
        keyring.TryOpenToken(Purpose(secret), output, out var text) ? Encoding.UTF8.GetString(text) : null;

    private static string Purpose(StoredSecret secret) => "rotation-output:" + secret.Arn();
}
