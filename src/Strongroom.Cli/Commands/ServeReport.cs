using Strongroom.Cli.Aws;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary>What a started server tells the person who started it. Never a secret.</summary>
/// <param name="dataFlag">The value of <c>--data</c>, which the next commands need then as well.</param>
internal sealed class ServeReport(Terminal terminal, string? dataFlag)
{
    /// <summary>The server listens, and refuses calls until its seal is back. The log has the reason.</summary>
    public void Waits(StrongroomServer server)
    {
        terminal.Output.WriteLine($"Strongroom {VersionCommand.Version} listens on {Address(server)} and waits for its seal; {Address(server)}/health says why.");
        terminal.Output.Flush();
    }

    public void Started(StrongroomServer server, ServerOptions options)
    {
        var files = server.Directory;
        if (server.IsNew)
        {
            terminal.Output.WriteLine($"Strongroom {VersionCommand.Version} listens on {Address(server)}");
            Introduce(files, options);
        }
        else
        {
            terminal.Output.WriteLine($"Strongroom {VersionCommand.Version} listens on {Address(server)}, data in {files.Root}");
        }

        if (server.RecoveredRecords > 0)
            terminal.Output.WriteLine($"The last run ended without warning: {server.RecoveredRecords} audit records were recovered, none is missing.");
        foreach (var finding in server.AuditFindings)
            terminal.Warn(finding);
        if (server.IsReadableOnNetwork)
            terminal.Warn($"secrets cross the network readable: {options.Listen} is plain HTTP and other machines reach it.");
        if (!server.IsNew && options.RootSecretAccessKey is not null)
            terminal.Warn("STRONGROOM_ROOT_SECRET_ACCESS_KEY has no effect after the first start. Take the secret out of the environment.");
        terminal.Output.Flush();
    }

    private void Introduce(DataDirectory files, ServerOptions options)
    {
        var data = dataFlag is null ? "" : " --data " + ShellText.Word(dataFlag);
        var rows = new List<(string Path, string Meaning)>
        {
            (files.Credentials, "the root access key, which may do everything"),
            (files.AuditLog, "who did what"),
        };
        if (options.Seal.Name == SealOptions.FileName)
            rows.Insert(0, (options.Seal.KeyFile ?? files.RootKey, "opens the secrets; without it they are lost, with it and the database they are read"));
        if (options.Store is null)
            rows.Insert(0, (files.Database, "the secrets, encrypted"));
        if (options.Listen.StartsWith("https:", StringComparison.Ordinal) && options.TlsCertificate is null)
            rows.Add((files.Tls, "the CA; clients trust ca.pem"));

        var width = rows.Max(r => r.Path.Length);
        terminal.Output.WriteLine($"\nThis first start made, in {files.Root}, what you should back up, the key apart from the rest:");
        foreach (var (path, meaning) in rows)
            terminal.Output.WriteLine($"  {path.PadRight(width)}  {meaning}");
        terminal.Output.WriteLine($$"""

            Next, in another shell:
              eval "$(./strongroom env{{data}})"
              aws secretsmanager create-secret --name my-first --secret-string '{"user":"me","password":"correct horse"}'
              aws secretsmanager get-secret-value --secret-id my-first

            """);
    }

    private static string Address(StrongroomServer server) => server.Endpoint.ToString().TrimEnd('/');
}
