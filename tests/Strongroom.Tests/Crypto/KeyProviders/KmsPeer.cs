using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Strongroom.Tests.Crypto.KeyProviders;

/// <summary>A KMS on loopback: Encrypt and Decrypt as AWS's API reference describes them, and nothing else.</summary>
internal sealed class KmsPeer : IAsyncDisposable
{
    public const string KeyA = "arn:aws:kms:eu-central-1:111122223333:key/aaaaaaaa-0000-4000-8000-000000000001";
    public const string KeyB = "arn:aws:kms:eu-central-1:111122223333:key/bbbbbbbb-0000-4000-8000-000000000002";

    private readonly Dictionary<string, byte[]> keys = new() { [KeyA] = RandomNumberGenerator.GetBytes(32), [KeyB] = RandomNumberGenerator.GetBytes(32) };
    private readonly WebApplication app;
    private int calls;

    private KmsPeer(WebApplication app) => this.app = app;

    public Uri Endpoint { get; private set; } = null!;

    /// <summary>Key ids by alias.</summary>
    public Dictionary<string, string> Aliases { get; } = new() { ["alias/strongroom"] = KeyA };

    /// <summary>An answer in place of the real one: status, code, message.</summary>
    public (int Status, string Code, string Message)? Failure { get; set; }

    /// <summary>Called with each call's number, from 1, before it is answered.</summary>
    public Func<int, Task>? BeforeAnswer { get; set; }

    public List<(string Operation, JsonObject Request, string Authorization)> Calls { get; } = [];

    public static async Task<KmsPeer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var peer = new KmsPeer(app);
        app.Run(peer.AnswerAsync);
        await app.StartAsync();
        peer.Endpoint = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return peer;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var request = (await JsonNode.ParseAsync(http.Request.Body))!.AsObject();
        var operation = http.Request.Headers["X-Amz-Target"].ToString();
        int number;
        lock (Calls)
        {
            Calls.Add((operation, request, http.Request.Headers.Authorization.ToString()));
            number = ++calls;
        }

        if (BeforeAnswer is { } before)
            await before(number);

        var (status, answer) = Failure is { } failure ? Error(failure.Code, failure.Message, failure.Status) : operation switch
        {
            "TrentService.Encrypt" => Encrypt(request),
            "TrentService.Decrypt" => Decrypt(request),
            _ => Error("UnknownOperationException", ""),
        };
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/x-amz-json-1.1";
        await http.Response.WriteAsync(answer.ToJsonString());
    }

    private (int, JsonObject) Encrypt(JsonObject request)
    {
        if (FindKey((string)request["KeyId"]!) is not { } id)
            return NotFound(request);
        var plaintext = Convert.FromBase64String((string)request["Plaintext"]!);
        var blob = new byte[1 + 12 + plaintext.Length + 16];
        blob[0] = (byte)(id == KeyA ? 'A' : 'B');
        RandomNumberGenerator.Fill(blob.AsSpan(1, 12));
        using var cipher = new AesGcm(keys[id], 16);
        cipher.Encrypt(blob.AsSpan(1, 12), plaintext, blob.AsSpan(13, plaintext.Length), blob.AsSpan(13 + plaintext.Length), Context(request));
        return (200, new JsonObject { ["CiphertextBlob"] = Convert.ToBase64String(blob), ["KeyId"] = id, ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT" });
    }

    private (int, JsonObject) Decrypt(JsonObject request)
    {
        var blob = Convert.FromBase64String((string)request["CiphertextBlob"]!);
        if (blob.Length < 29 || blob[0] is not ((byte)'A' or (byte)'B'))
            return Error("InvalidCiphertextException", "");
        var sealedWith = blob[0] == 'A' ? KeyA : KeyB;
        if ((string?)request["KeyId"] is { } asked)
        {
            if (FindKey(asked) is not { } id)
                return NotFound(request);
            if (id != sealedWith)
                return Error("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");
        }

        var plaintext = new byte[blob.Length - 29];
        try
        {
            using var cipher = new AesGcm(keys[sealedWith], 16);
            cipher.Decrypt(blob.AsSpan(1, 12), blob.AsSpan(13, plaintext.Length), blob.AsSpan(13 + plaintext.Length), plaintext, Context(request));
        }
        catch (AuthenticationTagMismatchException)
        {
            return Error("InvalidCiphertextException", "");
        }

        return (200, new JsonObject { ["Plaintext"] = Convert.ToBase64String(plaintext), ["KeyId"] = sealedWith, ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT" });
    }

    private string? FindKey(string id) =>
        Aliases.GetValueOrDefault(id) ?? keys.Keys.FirstOrDefault(arn => arn == id || arn.EndsWith("/" + id, StringComparison.Ordinal));

    private static byte[] Context(JsonObject request) => Encoding.UTF8.GetBytes(
        string.Join('\n', (request["EncryptionContext"]?.AsObject() ?? []).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}")));

    private static (int, JsonObject) NotFound(JsonObject request) => Error("NotFoundException", $"Invalid keyId '{request["KeyId"]}'");

    private static (int, JsonObject) Error(string code, string message, int status = 400) => (status, new JsonObject { ["__type"] = code, ["message"] = message });
}
