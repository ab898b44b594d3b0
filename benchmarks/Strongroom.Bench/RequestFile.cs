using System.Globalization;
using System.Text;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Bench;

/// <summary>Signed requests in a file, as requests.lua reads it. Good for the five minutes that a signature is.</summary>
internal sealed class RequestFile : IDisposable
{
    // What an AWS SDK for Python sends; the bare endpoint gets the very same bytes.
    private const string UserAgent =
        "Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.12.1 md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.40.1";

    private RequestFile(string path) => Path = path;

    public string Path { get; }

    /// <param name="credentials">Of whoever calls; null for the root.</param>
    public static RequestFile Write(string operation, IEnumerable<string> bodies, int port, SigV4Credentials? credentials = null)
    {
        var path = System.IO.Path.Combine(Workplace.Temporary, System.IO.Path.GetRandomFileName() + ".requests");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        var now = DateTimeOffset.UtcNow;
        foreach (var body in bodies)
        {
            var request = Sign(operation, body, port, now, credentials);
            file.Write(Encoding.ASCII.GetBytes(request.Length.ToString("D8", CultureInfo.InvariantCulture)));
            file.Write(request);
        }

        return new RequestFile(path);
    }

    /// <summary>A request of IAM.</summary>
    public static byte[] SignIam(string form, int port, DateTimeOffset now)
    {
        var bytes = Encoding.UTF8.GetBytes(form);
        List<KeyValuePair<string, string>> headers =
        [
            new("content-type", "application/x-www-form-urlencoded"),
            new("host", $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"),
            new("x-amz-date", SigV4Timestamp.Format(now)),
        ];
        var authorization = SigV4Signer.Sign("POST", "/", headers, bytes, Seed.Credentials, Seed.Region, "iam", now);
        var text = new StringBuilder("POST / HTTP/1.1\r\n");
        foreach (var (name, value) in headers)
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        text.Append("Authorization: ").Append(authorization).Append("\r\n");
        text.Append("Content-Length: ").Append(bytes.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(text.ToString()), .. bytes];
    }

    /// <summary>A whole HTTP/1.1 request.</summary>
    public static byte[] Sign(string operation, string body, int port, DateTimeOffset now, SigV4Credentials? credentials = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        List<KeyValuePair<string, string>> headers =
        [
            new("content-type", "application/x-amz-json-1.1"),
            new("host", $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"),
            new("x-amz-date", SigV4Timestamp.Format(now)),
            new("x-amz-target", "secretsmanager." + operation),
        ];
        var authorization = SigV4Signer.Sign("POST", "/", headers, bytes, credentials ?? Seed.Credentials, Seed.Region, "secretsmanager", now);
        var text = new StringBuilder("POST / HTTP/1.1\r\n");
        text.Append("Host: ").Append(headers[1].Value).Append("\r\n");
        text.Append("Accept-Encoding: identity\r\n");
        text.Append("X-Amz-Target: ").Append(headers[3].Value).Append("\r\n");
        text.Append("Content-Type: ").Append(headers[0].Value).Append("\r\n");
        text.Append("User-Agent: ").Append(UserAgent).Append("\r\n");
        text.Append("X-Amz-Date: ").Append(headers[2].Value).Append("\r\n");
        text.Append("Authorization: ").Append(authorization).Append("\r\n");
        text.Append("amz-sdk-invocation-id: 6d4f3d8b-5f0c-4a39-9b6e-2f1a0c7d5e43\r\n");
        text.Append("amz-sdk-request: attempt=1\r\n");
        text.Append("Content-Length: ").Append(bytes.Length.ToString(CultureInfo.InvariantCulture)).Append("\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(text.ToString()), .. bytes];
    }

    public void Dispose() => File.Delete(Path);
}
