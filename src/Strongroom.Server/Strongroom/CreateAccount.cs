using System.Globalization;
using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

internal sealed class CreateAccountRequest
{
    /// <summary>Twelve digits; chosen by chance when absent.</summary>
    public string? AccountId { get; private set; }

    /// <summary>For people; need not be unique.</summary>
    public string? Name { get; private set; }

    public static Shape<CreateAccountRequest> Shape { get; } = new(
        Member.String<CreateAccountRequest>("AccountId", r => r.AccountId, (r, v) => r.AccountId = v, AccountLimits.AccountId),
        Member.String<CreateAccountRequest>("Name", r => r.Name, (r, v) => r.Name = v, AccountLimits.Name));
}

internal static class AccountLimits
{
    public static Constraint AccountId { get; } = Constraint.Matching(12, 12, "[0-9]{12}");

    /// <summary>As AWS Organizations names accounts.</summary>
    public static Constraint Name { get; } = Constraint.Matching(1, 50, @"[\u0020-\u007E]+");
}

/// <summary>The one answer that shows the secret of the new account's root.</summary>
internal sealed record CreateAccountResponse(StoredAccount Account, string? Name, string AccessKeyId, SecretBytes Secret) : IResponse
{
    public bool HasAuditElements => true;

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("AccessKey"u8);
        writer.WriteString("AccessKeyId"u8, AccessKeyId);
        writer.WriteString("SecretAccessKey"u8, Secret.Reveal());
        writer.WriteEndObject();
        writer.WriteStartObject("Account"u8);
        AccountParts.Write(writer, Account, Name);
        writer.WriteEndObject();
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("account"u8);
        writer.WriteString("id"u8, Account.Account);
        writer.WriteOptional("name"u8, Name);
        writer.WriteEndObject();
        writer.WriteStartObject("accessKey"u8);
        writer.WriteString("accessKeyId"u8, AccessKeyId);
        writer.WriteEndObject();
    }

    public void Dispose() => Secret.Dispose();
}

internal static class AccountParts
{
    public static void Write(Utf8JsonWriter writer, StoredAccount account, string? name)
    {
        writer.WriteDate("CreatedDate"u8, account.CreatedAt);
        writer.WriteString("Id"u8, account.Account);
        writer.WriteOptional("Name"u8, name);
    }
}

/// <summary>Makes an account with its identity key and its root access key. Nobody of it can see, or be seen by, another account but through resource policies.</summary>
internal sealed class CreateAccount(IamDirectories directories, IDirectoryStore store, Keyring keyring, Entropy entropy)
    : IOperation<CreateAccountRequest, AccountTarget, CreateAccountResponse>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, CreateAccountRequest request, CancellationToken ct) =>
        InstallationTarget.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<CreateAccountResponse>> PlanAsync(
        CallContext call, Authorized<CreateAccountRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        // A number drawn that is taken, which the commit would find, is drawn again.
        if (request.AccountId is { } chosen && (await store.ListAccountsAsync(ct)).Any(a => a.Account == chosen))
            throw new ServiceException("AccountAlreadyExistsException", $"There is an account {chosen} already.");

        var account = request.AccountId ?? NewId();
        var identityKey = keyring.NewKey(account, KeyDirectory.Global, call.Now);
        var secret = Authentication.AccessKeys.NewSecret(entropy);
        var key = Authentication.AccessKeys.New(
            account, Authentication.AccessKeys.NewId(account, entropy), userName: null, secret, identityKey.KeyId, keyring, call.Now);
        var origin = new IamAccountOrigin
        {
            CreatedAtMs = call.Now.ToUnixTimeMilliseconds(),
            InstallationAccount = target.Account,
            Name = request.Name,
        };
        var made = new StoredAccount(account, call.Now);
        return new Plan<CreateAccountResponse>(
            new CreateAccountResponse(made, request.Name, key.AccessKeyId, secret),
            new DirectoryChange(account, StoreSeed.Scope, ExpectedRevision: 0)
            {
                Puts = [IamJson.Write(key), IamJson.Write(origin), .. KeyDirectory.IdentityEntries(identityKey)],
            })
        {
            Accounts = [made],
            Keys = [identityKey],
        };
    }

    private string NewId() => ((entropy.Below(900_000) + 100_000L) * 1_000_000L + entropy.Below(1_000_000)).ToString(CultureInfo.InvariantCulture);
}
