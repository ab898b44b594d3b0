using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Amazon.Runtime;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Tests.Crypto.KeyProviders;

public sealed class AwsKmsSealTests : IAsyncLifetime
{
    private static readonly Guid Installation = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
    private static readonly byte[] RootKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private KmsPeer kms = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AwsKmsSealOptions Options => new("alias/strongroom")
    {
        Endpoint = kms.Endpoint,
        Region = "eu-central-1",
        Credentials = new BasicAWSCredentials("AKIAIOSFODNN7EXAMPLE", "not-a-real-secret"),
    };

    public async ValueTask InitializeAsync() => kms = await KmsPeer.StartAsync();

    public async ValueTask DisposeAsync() => await kms.DisposeAsync();

    [Fact]
    public async Task A_root_key_comes_back_and_the_call_is_bound_to_the_installation()
    {
        var wrapped = await WrapAsync(Seal());
        using var opened = await Seal().UnwrapAsync(wrapped, Ct);

        Assert.Equal(RootKey, opened.Reveal().ToArray());
        Assert.Equal(["TrentService.Encrypt", "TrentService.Decrypt"], kms.Calls.Select(c => c.Operation));
        Assert.All(kms.Calls, call =>
        {
            Assert.Equal("""{"strongroom:installation":"00112233-4455-6677-8899-aabbccddeeff","strongroom:purpose":"root-key"}""", Sorted(call.Request));
            Assert.Equal("alias/strongroom", (string?)call.Request["KeyId"]);
            Assert.Contains("/eu-central-1/kms/aws4_request", call.Authorization, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task The_blob_names_the_key_and_holds_the_kms_answer()
    {
        var wrapped = await WrapAsync(Seal());

        Assert.Equal("SRRA\u0001"u8.ToArray(), wrapped[..5]);
        var length = BinaryPrimitives.ReadUInt16BigEndian(wrapped.AsSpan(5));
        Assert.Equal(KmsPeer.KeyA, Encoding.UTF8.GetString(wrapped, 7, length));
        Assert.Equal(1 + 12 + 32 + 16, wrapped.Length - 7 - length);
        Assert.Equal(-1, wrapped.AsSpan().IndexOf(RootKey));
    }

    [Fact]
    public async Task Another_installation_is_refused_by_the_kms()
    {
        var wrapped = await WrapAsync(Seal());

        await AssertRefusedAsync(new AwsKmsSeal(Options, Guid.Empty), wrapped, SealFailure.WrongKey, "InvalidCiphertextException");
    }

    [Fact]
    public async Task Tampered_blobs_are_refused()
    {
        var wrapped = await WrapAsync(Seal());
        for (var i = 0; i < wrapped.Length; i++)
        {
            if (i is > 6 && i < 7 + KmsPeer.KeyA.Length)
                continue; // the key's name is for messages only
            var flipped = wrapped.ToArray();
            flipped[i] ^= 1;
            await Assert.ThrowsAsync<SealException>(async () => await Seal().UnwrapAsync(flipped, Ct));
        }

        await Assert.ThrowsAsync<SealException>(async () => await Seal().UnwrapAsync(wrapped.AsMemory(0, 6), Ct));
        await Assert.ThrowsAsync<SealException>(async () => await Seal().UnwrapAsync(default, Ct));
    }

    [Fact]
    public async Task An_alias_that_was_pointed_elsewhere_is_refused_with_the_name_of_the_right_key()
    {
        var wrapped = await WrapAsync(Seal());
        kms.Aliases["alias/strongroom"] = KmsPeer.KeyB;

        await AssertRefusedAsync(Seal(), wrapped, SealFailure.WrongKey, KmsPeer.KeyA);
    }

    [Theory]
    [InlineData(400, "DisabledException", SealFailure.OutOfReach)]
    [InlineData(400, "KMSInvalidStateException", SealFailure.OutOfReach)]
    [InlineData(400, "ThrottlingException", SealFailure.OutOfReach)]
    [InlineData(500, "KMSInternalException", SealFailure.OutOfReach)]
    [InlineData(503, "ServiceUnavailable", SealFailure.OutOfReach)]
    [InlineData(400, "AccessDeniedException", SealFailure.Unusable)]
    [InlineData(403, "InvalidSignatureException", SealFailure.Unusable)]
    [InlineData(400, "NotFoundException", SealFailure.Unusable)]
    [InlineData(400, "InvalidCiphertextException", SealFailure.WrongKey)]
    [InlineData(400, "IncorrectKeyException", SealFailure.WrongKey)]
    public async Task A_refusal_of_the_kms_is_told_apart_from_an_outage(int status, string code, SealFailure failure)
    {
        var wrapped = await WrapAsync(Seal());
        kms.Failure = (status, code, "as asked");

        await AssertRefusedAsync(Seal(), wrapped, failure, "KMS");
    }

    [Fact]
    public async Task A_kms_that_does_not_answer_is_out_of_reach()
    {
        var wrapped = await WrapAsync(Seal());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var nobody = new Uri($"http://{listener.LocalEndpoint}");
        listener.Stop();

        await AssertRefusedAsync(
            new AwsKmsSeal(Options with { Endpoint = nobody }, Installation), wrapped, SealFailure.OutOfReach, $"{nobody.GetLeftPart(UriPartial.Authority)} can't be reached");
    }

    [Theory]
    [InlineData("https://kms.example.com", true)]
    [InlineData("http://127.0.0.1:4584", true)]
    [InlineData("http://localhost:4584", true)]
    [InlineData("http://[::1]:4584", true)]
    [InlineData("http://kms.example.com", false)]
    [InlineData("http://10.0.0.1", false)]
    public void The_root_key_crosses_no_network_in_the_clear(string endpoint, bool isPrivate)
    {
        Assert.Equal(isPrivate, AwsKmsSeal.IsPrivate(new Uri(endpoint)));
        if (!isPrivate)
            Assert.Throws<ArgumentException>(() => new AwsKmsSeal(Options with { Endpoint = new Uri(endpoint) }, Installation));
    }

    private AwsKmsSeal Seal() => new(Options, Installation);

    private static async Task<byte[]> WrapAsync(AwsKmsSeal seal)
    {
        using var rootKey = SecretBytes.CopyFrom(RootKey);
        return await seal.WrapAsync(rootKey, Ct);
    }

    private static async Task AssertRefusedAsync(AwsKmsSeal seal, byte[] wrapped, SealFailure failure, string text)
    {
        var refusal = await Assert.ThrowsAsync<SealException>(async () => await seal.UnwrapAsync(wrapped, Ct));
        Assert.Equal(failure, refusal.Failure);
        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
    }

    private static string Sorted(System.Text.Json.Nodes.JsonObject request) =>
        "{" + string.Join(',', request["EncryptionContext"]!.AsObject().OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"\"{p.Key}\":\"{p.Value}\"")) + "}";
}
