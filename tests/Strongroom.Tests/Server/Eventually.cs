using System.Diagnostics;

namespace Strongroom.Tests.Server;

/// <summary>Waits for what another thread does, and says what was waited for when it does not come.</summary>
internal static class Eventually
{
    // Far longer than anything here takes on the busiest machine: it ends a test that would hang, and is no measure of time.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <param name="what">Completes the sentence "Waited in vain for …".</param>
    /// <param name="step">Between two looks: moves the test's clock, for instance.</param>
    public static Task ComesAsync(string what, Func<bool> isThere, Action? step = null) => ComesAsync(what, () => Task.FromResult(isThere()), () =>
    {
        step?.Invoke();
        return Task.CompletedTask;
    });

    public static async Task ComesAsync(string what, Func<Task<bool>> isThere, Func<Task> step)
    {
        for (var begun = Stopwatch.StartNew(); !await isThere(); await Task.Delay(1, TestContext.Current.CancellationToken))
        {
            Assert.True(begun.Elapsed < Limit, $"Waited in vain for {what}.");
            await step();
        }
    }

    /// <summary>The same for something that completes by itself.</summary>
    public static async Task<T> ComesAsync<T>(string what, ValueTask<T> task)
    {
        try
        {
            return await task.AsTask().WaitAsync(Limit, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Waited in vain for {what}.");
            throw;
        }
    }
}
