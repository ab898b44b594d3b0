using System.Text.Json;
using System.Text.RegularExpressions;
using Strongroom.Server.Hosting;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Notifications;

/// <summary>Where notifications go, and which.</summary>
internal sealed partial record NotificationDestination(string Name, WebhookOptions Webhook)
{
    private static readonly JsonDocumentOptions Lenient =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <summary>Null for all.</summary>
    public IReadOnlyList<string>? DetailTypes { get; init; }

    public string SecretNamePrefix { get; init; } = "";

    /// <summary>Null for all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>Null for all.</summary>
    public IReadOnlyList<string>? Regions { get; init; }

    public bool Wants(SecretEvent what) => what.Arn is null ? WantsOfServer(what) :
        (DetailTypes?.Contains(what.DetailType) ?? true) && what.Name.StartsWith(SecretNamePrefix, StringComparison.Ordinal)
        && (Accounts?.Contains(what.Account) ?? true) && (Regions?.Contains(what.Region) ?? true);

    // What is about no secret goes to those who ask for it by its type, and to those who ask for everything.
    private bool WantsOfServer(SecretEvent what) => DetailTypes?.Contains(what.DetailType) ?? (SecretNamePrefix.Length == 0 && Accounts is null && Regions is null);

    /// <param name="path">A file as docs/notifications.md describes it; null for no destinations.</param>
    /// <exception cref="SettingsException">It can't be used as it is; the message says why.</exception>
    public static IReadOnlyList<NotificationDestination> ReadAll(string? path)
    {
        if (path is null)
            return [];
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object || document.RootElement.EnumerateObject().ToList() is not [{ Name: "destinations" } list]
                || list.Value.ValueKind != JsonValueKind.Array)
                throw Refused(path, "it must hold an object with the one member 'destinations', an array");
            var all = list.Value.EnumerateArray().Select(d => Read(d, path)).ToList();
            if (all.GroupBy(d => d.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
                throw Refused(path, $"two destinations are named '{twice.Key}'");
            return all;
        }
        catch (JsonException e)
        {
            throw Refused(path, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The file with the notifications' destinations can't be read: {e.Message}");
        }
    }

    private static NotificationDestination Read(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw Refused(path, "a destination must be an object");
        string? name = null, url = null, secretFile = null, authorities = null, prefix = null;
        IReadOnlyList<string>? detailTypes = null, accounts = null, regions = null;
        foreach (var member in element.EnumerateObject())
        {
            switch (member.Name)
            {
                case "name": name = Text(member, path); break;
                case "url": url = Text(member, path); break;
                case "secretFile": secretFile = Beside(path, Text(member, path)); break;
                case "certificateAuthorities": authorities = Beside(path, Text(member, path)); break;
                case "secretNamePrefix": prefix = Text(member, path); break;
                case "detailTypes": detailTypes = Texts(member, path); break;
                case "accounts": accounts = Texts(member, path); break;
                case "regions": regions = Texts(member, path); break;
                default: throw Refused(path, $"'{member.Name}' is no member of a destination");
            }
        }

        if (name is null || !NameForm().IsMatch(name))
            throw Refused(path, "each destination needs a name of up to 64 lower-case letters, digits and hyphens");
        if (url is null || secretFile is null)
            throw Refused(path, $"the destination '{name}' needs a url and a secretFile");
        if (detailTypes?.FirstOrDefault(t => !SecretEvent.DetailTypes.Contains(t)) is { } unknown)
            throw Refused(path, $"'{unknown}' is no detail type. Did you mean '{Spelling.Nearest(unknown, SecretEvent.DetailTypes)}'?");
        var address = WebhookOptions.ReadAddress(url, $"{path}: the url of '{name}'");
        return new NotificationDestination(name, new WebhookOptions { Address = address, SecretFile = secretFile, CertificateAuthorities = authorities })
        {
            DetailTypes = detailTypes,
            SecretNamePrefix = prefix ?? "",
            Accounts = accounts,
            Regions = regions,
        };
    }

    private static string Beside(string path, string file) => Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(path))!);

    private static string Text(JsonProperty member, string path) =>
        member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : throw Refused(path, $"{member.Name} must be a string");

    private static List<string> Texts(JsonProperty member, string path) =>
        member.Value.ValueKind == JsonValueKind.Array && member.Value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String)
            ? [.. member.Value.EnumerateArray().Select(v => v.GetString()!)]
            : throw Refused(path, $"{member.Name} must be an array of strings");

    private static SettingsException Refused(string path, string why) => new($"{path} can't be used: {why}. See docs/notifications.md.");

    [GeneratedRegex(@"\A[a-z0-9-]{1,64}\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex NameForm();
}
