using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Strongroom.Server.Functions;

/// <summary>Lambda's error objects for what a function does not tell itself. Source: IAM fact sheet 9.1.</summary>
internal static class FunctionErrors
{
    public const string Unhandled = "Unhandled";

    public static byte[] TimedOut(string requestId, TimeSpan limit, DateTimeOffset now) => Of("Sandbox.Timedout", string.Create(
        CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {requestId} Task timed out after {limit.TotalSeconds:F2} seconds"));

    /// <param name="exitCode">Above 128: it was ended by the signal of that number less.</param>
    public static byte[] Exited(string requestId, int exitCode) => Of("Runtime.ExitError", $"RequestId: {requestId} Error: " + exitCode switch
    {
        0 => "Runtime exited without providing a reason",
        128 + 6 => "Runtime exited with error: signal: aborted",
        128 + 9 => "Runtime exited with error: signal: killed",
        128 + 11 => "Runtime exited with error: signal: segmentation fault",
        128 + 24 => "Runtime exited with error: signal: CPU time limit exceeded",
        _ => string.Create(CultureInfo.InvariantCulture, $"Runtime exited with error: exit status {exitCode}"),
    });

    public static byte[] TooLarge() => Of("Function.ResponseSizeTooLarge", $"Response payload size exceeded maximum allowed payload size ({RuntimeApi.MaxAnswerBytes} bytes).");

    public static byte[] BrokeProtocol(string requestId, string how) => Of("Runtime.ProtocolError", $"RequestId: {requestId} Error: Runtime broke the Runtime API's protocol. {how}");

    public static byte[] Of(string type, string message)
    {
        var output = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("errorMessage"u8, message);
        writer.WriteString("errorType"u8, type);
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}
