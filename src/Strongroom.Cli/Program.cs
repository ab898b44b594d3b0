using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Hosting;

await using var server = await StrongroomServer.StartAsync(
    new ServerOptions { DataDirectory = args.Length > 0 ? args[0] : "data" }, TimeProvider.System, SystemEntropy.Instance, l => l.AddConsole().SetMinimumLevel(LogLevel.Warning), default);
Console.WriteLine(server.Endpoint);
await server.WaitForStopAsync(default);
return 0;
