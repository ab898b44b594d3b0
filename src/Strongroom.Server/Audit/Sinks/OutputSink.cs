using Microsoft.Win32.SafeHandles;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>Writes records to standard output, a line each, for whatever collects the output of services.</summary>
internal sealed class OutputSink(Stream output) : IAuditSink
{
    /// <summary>The process's own. Not the console's stream, which takes a reader that has gone for one that reads.</summary>
    public static Stream Open() => new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);

    public string Name => "stdout";

    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> lines, CancellationToken ct)
    {
        try
        {
            // A line and its feed in one write, so that other writers' lines come between lines alone.
            foreach (var line in lines)
                await output.WriteAsync((byte[])[.. line.Span, (byte)'\n'], ct);
            await output.FlushAsync(ct);
        }
        catch (IOException e)
        {
            throw new SinkException(e.Message, e);
        }
    }

    public ValueTask DisposeAsync() => output.DisposeAsync();
}
