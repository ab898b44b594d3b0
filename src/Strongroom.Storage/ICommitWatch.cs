namespace Strongroom.Storage;

/// <summary>Is told of each commit: how many changes it made durable together, and how long they waited for the disk.</summary>
/// <remarks>Called on the writer's thread, so it must be quick and must not throw.</remarks>
public interface ICommitWatch
{
    /// <summary>An instant, by the watch's own clock; 0 when nobody wants to know.</summary>
    long Begin();

    /// <param name="begun">What <see cref="Begin"/> returned.</param>
    /// <param name="changes">Changes that were committed, or tried, together.</param>
    void End(long begun, int changes, bool isCommitted);
}
