using System.CommandLine;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom serve</c>: runs the server until a signal asks it to stop.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = DocumentedCommand.DataOption();
        var config = DocumentedCommand.ConfigOption();
        var command = new DocumentedCommand("serve", "Run the server. The first start sets it up; it runs until Ctrl+C or SIGTERM.")
        {
            Examples =
            [
                "strongroom serve",
                "strongroom serve --data ./data --listen http://127.0.0.1:9000",
                "strongroom serve --listen https://0.0.0.0:4584 --tls-name secrets.example.com",
                "STRONGROOM_STORE='Host=db;Database=strongroom;Username=strongroom;Password=...' strongroom serve",
            ],
        };
        command.Add(data);
        command.Add(config);
        var flags = new SettingFlags(command, Settings.All);

        command.SetAction((parsed, ct) =>
        {
            var given = flags.Given(parsed);
            if (given.TryGetValue("store", out var store) && store[0].Contains("password", StringComparison.OrdinalIgnoreCase))
                terminal.Warn("other users can read the password on this command line. Put the connection string into STRONGROOM_STORE.");
            var directory = Settings.DataDirectory(parsed.GetValue(data), terminal.Environment);
            var options = SettingsReader.Read(directory, parsed.GetValue(config), given, terminal.Environment);
            // Where audit records go to standard output, nothing else does.
            var screen = options.AuditSinks.StandardOutput ? terminal with { Output = terminal.Error } : terminal;
            return RunAsync(terminal, options, new ServeReport(screen, parsed.GetValue(data)), ct);
        });
        return command;
    }

    private static async Task<int> RunAsync(Terminal terminal, ServerOptions options, ServeReport report, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        void OnSignal(PosixSignalContext signal)
        {
            signal.Cancel = true;
            if (stop.IsCancellationRequested)
            {
                terminal.Error.WriteLine("strongroom: stopping at once; requests in flight are broken off. The next start puts everything in order.");
                terminal.Error.Flush();
                Environment.Exit(CommandLine.Forced);
            }

            stop.Cancel();
        }

        using var systemd = SystemdNotifier.Of(terminal.Environment);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        try
        {
            await using var server = await StrongroomServer.StartAsync(options, TimeProvider.System, SystemEntropy.Instance, Logging(options), stop.Token);
            // Announced once it listens, open or not: a service manager that waited would kill what waits for its seal.
            systemd?.Ready(server.Opened.IsCompleted ? "Serving." : "Waiting for the seal.");
            var watching = systemd?.WatchAsync(server, TimeProvider.System, stop.Token) ?? Task.CompletedTask;
            try
            {
                if (!server.Opened.IsCompleted)
                    report.Waits(server);
                await server.Opened.WaitAsync(stop.Token);
                report.Started(server, options);
                await server.WaitForStopAsync(stop.Token);
            }
            finally
            {
                systemd?.Stopping();
                await watching;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop while it was starting.
        }

        return 0;
    }

    private static Action<ILoggingBuilder> Logging(ServerOptions options) => logging =>
    {
        logging.SetMinimumLevel(options.LogLevel);

        // The lines of start and stop are for the log of a service; a person at a terminal is told on standard output.
        if (options.LogLevel != LogLevel.None && (Console.IsErrorRedirected || options.LogFormat == LogFormat.Json))
            logging.AddFilter(StartLine.Category, LogLevel.Information);

        // A port that is taken is reported by us, in one line; the host would add its stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(console =>
            {
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
                console.UseUtcTimestamp = true;
            });
        }
        else
        {
            logging.AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                console.UseUtcTimestamp = true;
            });
        }

        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    };
}
