using Microsoft.Extensions.Hosting;

namespace Strongroom.Server.Hosting;

/// <summary>Listens to no signal: the program that hosts us, which may be somebody's test process, decides what its signals mean.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
