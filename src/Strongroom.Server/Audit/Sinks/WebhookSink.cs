using System.Buffers;
using Strongroom.Crypto;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>Posts records as JSON lines. A batch is accepted when the answer's status is 2xx.</summary>
internal sealed class WebhookSink(WebhookClient client, Entropy entropy) : IAuditSink
{
    public const string ContentType = "application/x-ndjson";

    private readonly ArrayBufferWriter<byte> body = new();

    public string Name => "webhook";

    public async ValueTask SendAsync(IReadOnlyList<ReadOnlyMemory<byte>> lines, CancellationToken ct)
    {
        body.ResetWrittenCount();
        foreach (var line in lines)
        {
            body.Write(line.Span);
            body.Write("\n"u8);
        }

        if (await client.PostAsync(body.WrittenMemory, ContentType, entropy.NewGuid().ToString(), ct) is { } refusal)
            throw new SinkException(refusal);
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }
}
