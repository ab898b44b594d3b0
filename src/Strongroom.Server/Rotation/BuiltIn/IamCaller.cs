using System.Net;
using System.Net.Http;
using System.Security.Authentication;
using System.Xml;
using System.Xml.Linq;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Hosting;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>Calls IAM and STS with an access key that is under rotation, at addresses that the operator configured; nothing in a secret says where that is.</summary>
internal sealed class IamCaller : IDisposable
{
    private const string IamSetting = "IAM_ENDPOINT";
    private const string StsSetting = "STS_ENDPOINT";
    private const string RegionSetting = "IAM_REGION";
    private const string AuthoritiesSetting = "IAM_CA_FILE";
    private const int MaxAnswerBytes = 64 << 10;
    private const string ContentType = "application/x-www-form-urlencoded; charset=utf-8";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    // AWS's own servers learn of a new key one after the other.
    private const int Tries = 10;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private readonly HttpClient http;
    private readonly Uri iam;
    private readonly Uri sts;
    private readonly string region;
    private readonly SigV4Credentials credentials;
    private readonly TimeProvider time;

    private IamCaller(HttpClient http, Uri iam, Uri sts, string region, SigV4Credentials credentials, TimeProvider time) =>
        (this.http, this.iam, this.sts, this.region, this.credentials, this.time) = (http, iam, sts, region, credentials, time);

    /// <exception cref="RotationException">The settings can't be used.</exception>
    public static IamCaller Open(RotatedSecret secret, string accessKeyId, string secretAccessKey)
    {
        if (!accessKeyId.All(char.IsAsciiLetterOrDigit))
            throw new RotationException("The member accessKeyId is no access key's id.");
        try
        {
            var iam = Address(secret, IamSetting)
                ?? throw new RotationException($"{IamSetting} is not set: in the functions file, give this rotator the address of IAM, such as https://iam.amazonaws.com.");
            var handler = PeerHandler.New(Limit, secret.Environment.TryGetValue(AuthoritiesSetting, out var file) ? PeerTrust.Read(file, "IAM") : null);
            return new IamCaller(
                new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswerBytes },
                iam, Address(secret, StsSetting) ?? iam, secret.Environment.GetValueOrDefault(RegionSetting, "us-east-1"),
                new SigV4Credentials(accessKeyId, secretAccessKey), secret.Time);
        }
        catch (Exception e) when (e is SettingsException or StoreRefusedException)
        {
            throw new RotationException(e.Message);
        }
    }

    /// <returns>The answer, its names without a namespace.</returns>
    /// <exception cref="RotationException">It failed; says with which of AWS's errors.</exception>
    public Task<XElement> IamAsync(string action, IReadOnlyList<(string Name, string Value)> parameters, CancellationToken ct) =>
        CallAsync(iam, "iam", "2010-05-08", action, parameters, ct);

    /// <summary>Whether the key is known: who has one needs no right for this.</summary>
    public async Task TryIdentityAsync(CancellationToken ct)
    {
        for (var left = sts.IsLoopback ? 1 : Tries; ; left--)
        {
            try
            {
                await CallAsync(sts, "sts", "2011-06-15", "GetCallerIdentity", [], ct);
                return;
            }
            catch (RotationException) when (left > 1)
            {
                await Task.Delay(BetweenTries, time, ct);
            }
        }
    }

    public void Dispose() => http.Dispose();

    private static Uri? Address(RotatedSecret secret, string setting) =>
        secret.Environment.TryGetValue(setting, out var text) ? WebhookOptions.ReadAddress(text, setting)
        : setting == IamSetting ? secret.ServerAddress
        : null;

    private async Task<XElement> CallAsync(
        Uri address, string service, string version, string action, IReadOnlyList<(string Name, string Value)> parameters, CancellationToken ct)
    {
        using var form = new FormUrlEncodedContent(
            [new("Action", action), new("Version", version), .. parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value))]);
        var body = await form.ReadAsByteArrayAsync(ct);
        var now = time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        request.Headers.Host = address.Authority;
        request.Headers.TryAddWithoutValidation("X-Amz-Date", SigV4Timestamp.Format(now));
        List<KeyValuePair<string, string>> signed = [new("content-type", ContentType), new("host", address.Authority), new("x-amz-date", SigV4Timestamp.Format(now))];
        request.Headers.TryAddWithoutValidation("Authorization", SigV4Signer.Sign("POST", address.PathAndQuery, signed, body, credentials, region, service, now));
        var (status, text) = await SendAsync(request, action, ct);
        var answer = Parse(text);
        if (status == HttpStatusCode.OK && answer is not null)
            return answer;
        throw new RotationException($"{action}: {answer?.Descendants("Code").FirstOrDefault()?.Value ?? $"the endpoint answered {(int)status}"}");
    }

    private async Task<(HttpStatusCode Status, string Text)> SendAsync(HttpRequestMessage request, string action, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            return (response.StatusCode, await response.Content.ReadAsStringAsync(either.Token));
        }
        catch (HttpRequestException e)
        {
            throw new RotationException($"{action}: {(e.InnerException is AuthenticationException inner ? inner.Message : e.Message)}");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new RotationException($"{action}: the endpoint did not answer within {Limit.TotalSeconds} s");
        }
    }

    private static XElement? Parse(string text)
    {
        try
        {
            // Its own settings allow no document type, so no entities.
            using var reader = XmlReader.Create(new StringReader(text));
            var root = XElement.Load(reader);
            foreach (var element in root.DescendantsAndSelf())
                element.Name = element.Name.LocalName;
            return root;
        }
        catch (XmlException)
        {
            return null;
        }
    }
}
