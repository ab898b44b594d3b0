using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Authentication;
using Strongroom.Server.Hosting;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Functions;

/// <summary>What the operator's settings make of functions: where they run, and which are configured.</summary>
internal sealed class OperatorFunctions : IAsyncDisposable
{
    private readonly FunctionHost? processes;
    private readonly FrozenDictionary<string, IReadOnlyDictionary<string, string>> settings;

    private readonly FrozenDictionary<string, string> builtInTypes;

    private OperatorFunctions(FunctionHost? processes, IReadOnlyList<ConfiguredFunction> configured, StepSecrets secrets, TimeProvider time)
    {
        this.processes = processes;
        Secrets = secrets;
        Configured = new ConfiguredFunctions(configured, Host, secrets, time);
        settings = configured.Where(function => function.IsBuiltIn).ToFrozenDictionary(function => function.Name, function => function.Environment, StringComparer.Ordinal);
        builtInTypes = configured.Where(function => function.IsBuiltIn).SelectMany(function => function.Types.Select(type => (type, function.Name)))
            .ToFrozenDictionary(pair => pair.type, pair => pair.Name, StringComparer.Ordinal);
    }

    public IFunctionHost Host => processes ?? (IFunctionHost)new NoFunctionHost();

    public ConfiguredFunctions Configured { get; }

    /// <summary>What steps' output is shown without.</summary>
    public StepSecrets Secrets { get; }

    /// <param name="endpoint">Where this server is reached; known once it listens.</param>
    /// <exception cref="SettingsException">Settings or a file that can't be used; the message says why.</exception>
    public static async Task<OperatorFunctions> OpenAsync(
        ServerOptions options, DataDirectory directory, Func<Uri> endpoint, IamDirectories identities, SessionIssuer issuer, StepSecrets secrets,
        TimeProvider time, Entropy entropy, ILogger log, CancellationToken ct)
    {
        var configured = FunctionsFile.Read(options.Functions.File);
        if (!options.Functions.RunsProcesses)
        {
            return configured.FirstOrDefault(function => function.Process is not null) is { } process
                ? throw new SettingsException($"{options.Functions.File} has the function '{process.Name}', which runs as a process. Set functions to process, or take it out.")
                : new OperatorFunctions(null, configured, secrets, time);
        }

        var confinement = Confinement.Open(options.Functions);
        var authorities = options.Listen.StartsWith("https:", StringComparison.Ordinal) && options.TlsCertificate is null ? Path.Combine(directory.Tls, "ca.pem") : null;
        var files = await FunctionFiles.OpenAsync(confinement, directory.Functions, authorities, ct);
        var host = new FunctionHost(options.Functions, confinement, files, new FunctionSessions(identities, issuer, time), endpoint, time, entropy, log);
        return new OperatorFunctions(host, configured, secrets, time);
    }

    /// <summary>The built-in function that rotates managed external secrets of a type; null for none.</summary>
    public string? BuiltInFor(string type) => builtInTypes.GetValueOrDefault(type);

    /// <summary>Variables of a built-in function.</summary>
    public IReadOnlyDictionary<string, string> EnvironmentOf(string name) => settings.GetValueOrDefault(name) ?? FrozenDictionary<string, string>.Empty;

    /// <summary>Ends processes that have nothing to do.</summary>
    public Task SweepAsync(CancellationToken ct) => processes?.SweepAsync(ct) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (processes is not null)
            await processes.DisposeAsync();
        Configured.Dispose();
    }
}
