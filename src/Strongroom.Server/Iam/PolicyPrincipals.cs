using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Strongroom.Policy;

namespace Strongroom.Server.Iam;

/// <summary>
/// Whom policies with principals name: trust policies, those of secrets and of keys. When such a policy is stored, the ARNs of users and
/// roles are resolved to unique ids, and ids decide from then on: a later user of the same name inherits nothing. Source: IAM fact sheet 2.3.
/// </summary>
internal sealed class PolicyPrincipals(IamDirectories directories)
{
    /// <summary>Looks up everybody a policy names. Users, roles and sessions must be of this installation; accounts may be anybody's.</summary>
    /// <param name="document">Its <see cref="ResolvedPrincipals.EntityIds"/> are to be stored beside it.</param>
    public async ValueTask<ResolvedPrincipals> ResolveAsync(PolicyDocument document, CancellationToken ct)
    {
        var ids = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var principal in document.Statements.SelectMany(statement => statement.Principals?.Principals ?? []))
        {
            var (isKnown, id) = await LookUpAsync(principal, ct);
            if (!isKnown)
                return new ResolvedPrincipals(ids, principal);
            if (id is not null)
                ids[principal.Text] = id;
        }

        return new ResolvedPrincipals(ids, null);
    }

    /// <summary>
    /// A stored policy as it reads today: what was put, but with the unique id in place of an ARN whose user or role is
    /// gone, and with the ARN of today where a user was renamed.
    /// </summary>
    /// <param name="text">As it was put.</param>
    /// <param name="entityIds">As <see cref="ResolveAsync"/> gave them.</param>
    public ValueTask<string> ShowAsPutAsync(string text, IReadOnlyDictionary<string, string>? entityIds, CancellationToken ct) =>
        ShowAsync(text, entityIds, expandAccounts: false, ct);

    /// <summary>As <see cref="ShowAsPutAsync"/>, and with root's ARN in place of an account's number: how IAM shows trust policies.</summary>
    public ValueTask<string> ShowAsync(string text, IReadOnlyDictionary<string, string>? entityIds, CancellationToken ct) =>
        ShowAsync(text, entityIds, expandAccounts: true, ct);

    private async ValueTask<string> ShowAsync(string text, IReadOnlyDictionary<string, string>? entityIds, bool expandAccounts, CancellationToken ct)
    {
        var moved = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (arn, id) in entityIds ?? FrozenDictionary<string, string>.Empty)
        {
            var principal = new PolicyPrincipal(PrincipalType.Aws, arn);
            if (await FindIdAsync(principal, ct) != id)
                moved.Add(arn, await FindArnAsync(principal.AccountId!, id, ct) ?? id);
        }

        return Rewrite(text, named => moved.GetValueOrDefault(named) ?? (expandAccounts && IsAccount(named) ? $"arn:aws:iam::{named}:root" : null));
    }

    private async ValueTask<(bool IsKnown, string? Id)> LookUpAsync(PolicyPrincipal principal, CancellationToken ct)
    {
        switch (principal.Form)
        {
            case PrincipalForm.User or PrincipalForm.Role:
                var id = await FindIdAsync(principal, ct);
                return (id is not null, id);
            case PrincipalForm.RoleSession:
                // A session comes and goes; its role must be there.
                var role = principal.Text.Split('/')[1];
                return ((await directories.FindAsync(principal.AccountId!, ct))?.FindRole(role)?.Name == role, null);
            case PrincipalForm.UniqueId:
                return (await IsUniqueIdAsync(principal.Text, ct), null);
            case PrincipalForm.Malformed or PrincipalForm.CanonicalUser:
                return (false, null);
            default:
                return (true, null);
        }
    }

    private async ValueTask<string?> FindIdAsync(PolicyPrincipal principal, CancellationToken ct)
    {
        if (await directories.FindAsync(principal.AccountId!, ct) is not { } directory)
            return null;
        var name = principal.Text[(principal.Text.LastIndexOf('/') + 1)..];
        NamedEntity? entity = principal.Form == PrincipalForm.User ? directory.FindUser(name) : directory.FindRole(name);
        // Names are found whatever their case and path, but an ARN names one thing.
        return entity?.Arn(directory.Account) == principal.Text ? entity.Id : null;
    }

    private async ValueTask<string?> FindArnAsync(string account, string id, CancellationToken ct) =>
        (await directories.FindAsync(account, ct))?.All<PolicyHolder>().FirstOrDefault(holder => holder.Id == id)?.Arn(account);

    private async ValueTask<bool> IsUniqueIdAsync(string id, CancellationToken ct)
    {
        foreach (var account in await directories.ListAccountsAsync(ct))
        {
            if ((await directories.GetAsync(account, ct)).All<PolicyHolder>().Any(holder => holder.Id == id))
                return true;
        }

        return false;
    }

    private static bool IsAccount(string text) => text.Length == 12 && text.All(char.IsAsciiDigit);

    /// <summary>Replaces strings inside the Principal elements alone: the same ARN in a condition means the text.</summary>
    private static string Rewrite(string text, Func<string, string?> replacement)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var shown = new StringBuilder();
        var copied = 0;
        try
        {
            var reader = new Utf8JsonReader(bytes);
            var element = NotInside;
            while (reader.Read())
            {
                if (element == NotInside)
                {
                    if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth <= DeepestElement && IsPrincipalElement(ref reader))
                        element = reader.CurrentDepth;
                    continue;
                }

                if (reader.TokenType == JsonTokenType.String && replacement(reader.GetString()!) is { } other)
                {
                    shown.Append(Encoding.UTF8.GetString(bytes.AsSpan(copied..(int)reader.TokenStartIndex))).Append('"').Append(other).Append('"');
                    copied = (int)reader.BytesConsumed;
                }

                if (reader.CurrentDepth == element && reader.TokenType is JsonTokenType.String or JsonTokenType.EndObject)
                    element = NotInside;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Every text was checked when it was stored. One that is no JSON any more was edited in the database, and is shown as it is.
            return text;
        }

        return copied == 0 ? text : shown.Append(Encoding.UTF8.GetString(bytes.AsSpan(copied..))).ToString();
    }

    private static bool IsPrincipalElement(ref Utf8JsonReader reader) => reader.ValueTextEquals("Principal"u8) || reader.ValueTextEquals("NotPrincipal"u8);

    private const int NotInside = -1;

    // The document, its list of statements, a statement; in a condition the same word would stand deeper.
    private const int DeepestElement = 3;
}

/// <param name="EntityIds">Unique ids of the users and roles named, by ARN.</param>
/// <param name="Unknown">The first principal that there is not; null when the policy may be stored.</param>
internal sealed record ResolvedPrincipals(IReadOnlyDictionary<string, string> EntityIds, PolicyPrincipal? Unknown)
{
    /// <summary>IAM's words for <see cref="Unknown"/>. Source: IAM fact sheet 2.3, 2.7.</summary>
    public string? Message => Unknown is null ? null : $"Invalid principal in policy: \"{Kind}\":\"{Unknown.Text}\"";

    private string Kind => Unknown!.Type switch
    {
        PrincipalType.Service => "SERVICE",
        PrincipalType.Federated => "FEDERATED",
        PrincipalType.CanonicalUser => "CANONICAL_USER",
        _ => "AWS",
    };
}
