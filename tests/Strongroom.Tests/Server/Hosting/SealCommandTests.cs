using System.Text;
using Strongroom.Tests.Crypto.KeyProviders;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>Seals as an operator meets them: the real program, a KMS on loopback, a software HSM.</summary>
public sealed class SealCommandTests : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("strongroom-seal-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await using var server = await RunningServer.StartAsync(data);
        await server.CallAsync("CreateSecret", new { Name = "kept", ClientRequestToken = "11111111-1111-4111-8111-111111111111", SecretString = "v" });
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(1)] // the old key is asked to open
    [InlineData(2)] // the new key is asked to seal
    [InlineData(3)] // the new key is asked whether it opens
    public async Task A_move_killed_at_any_call_is_finished_by_the_same_command(int call)
    {
        await using var kms = await KmsPeer.StartAsync();
        var environment = Kms(kms);
        await MoveAsync(environment, "--seal", "file", "--to", "aws-kms");
        var first = kms.Calls.Count;
        string[] move = ["seal", "move", "--data", data, "--to", "aws-kms", "--to-kms-key", KmsPeer.KeyB];

        using (var killed = StrongroomProcess.Start(environment, move))
        {
            kms.BeforeAnswer = number =>
            {
                if (number == first + call)
                    killed.Kill();
                return Task.CompletedTask;
            };
            Assert.Equal(128 + 9, await killed.WaitAsync());
            kms.BeforeAnswer = null;
        }

        await ServeAsync(environment); // the old seal still opens the data
        var (code, output) = await StrongroomProcess.RunAsync(environment, move);
        Assert.True(code == 0, output);
        Assert.Contains("is now sealed by", output, StringComparison.Ordinal);
        Assert.Contains($"seal-kms-key = {KmsPeer.KeyB}", output, StringComparison.Ordinal);
        (code, output) = await StrongroomProcess.RunAsync(environment, move);
        Assert.True(code == 0, output);
        Assert.Contains("already", output, StringComparison.Ordinal);

        (code, output) = await StrongroomProcess.RunAsync(environment, Serve());
        Assert.True(code == 1, output);
        Assert.Contains(KmsPeer.KeyB, output, StringComparison.Ordinal);
        await ServeAsync(new Dictionary<string, string>(environment) { ["STRONGROOM_SEAL_KMS_KEY"] = KmsPeer.KeyB });
    }

    [Fact]
    public async Task The_data_moves_into_a_token_and_back_and_the_pin_shows_nowhere()
    {
        var token = SoftHsm.NewToken();
        var environment = new Dictionary<string, string> { ["SOFTHSM2_CONF"] = SoftHsm.Configuration, ["STRONGROOM_SEAL_PKCS11_PIN"] = SoftHsm.Pin };
        var seen = new StringBuilder();

        seen.Append(await MoveAsync(environment, "--to", "pkcs11", "--to-pkcs11-module", SoftHsm.Module, "--to-pkcs11-token", token));
        File.Delete(Path.Combine(data, "root.key"));
        var (code, output) = await StrongroomProcess.RunAsync(environment, Serve());
        Assert.Equal(1, code);
        Assert.Contains("sealed by 'pkcs11'", output, StringComparison.Ordinal);

        environment["STRONGROOM_SEAL"] = "pkcs11";
        environment["STRONGROOM_SEAL_PKCS11_MODULE"] = SoftHsm.Module;
        environment["STRONGROOM_SEAL_PKCS11_TOKEN"] = token;
        environment["STRONGROOM_LOG_LEVEL"] = "trace";
        using (var server = StrongroomProcess.Start(environment, Serve()))
        {
            await server.SeeAsync("listens on");
            (code, output) = await StrongroomProcess.RunAsync(environment, "seal", "move", "--data", data, "--to", "file");
            Assert.Equal(1, code);
            Assert.Contains("Another Strongroom server is running", output, StringComparison.Ordinal);
            Assert.DoesNotContain(SoftHsm.Pin, await File.ReadAllTextAsync($"/proc/{server.Id}/cmdline", Ct), StringComparison.Ordinal);
            await server.StopAsync();
            seen.Append(server.Output);
        }

        (code, output) = await StrongroomProcess.RunAsync(new Dictionary<string, string>(environment) { ["STRONGROOM_SEAL_PKCS11_PIN"] = "wrong-pin-canary" }, Serve());
        Assert.Equal(1, code);
        Assert.Contains("does not accept the user PIN", output, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-pin-canary", output, StringComparison.Ordinal);

        seen.Append(await MoveAsync(environment, "--to", "file"));
        var rootKey = await File.ReadAllTextAsync(Path.Combine(data, "root.key"), Ct);
        environment["STRONGROOM_SEAL"] = "file";
        await ServeAsync(environment);
        foreach (var file in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) != "root.key"))
            seen.Append(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Ct)));
        Assert.DoesNotContain(SoftHsm.Pin, seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(rootKey.TrimEnd().Split('\n')[^1], seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_Strongroom_unseals_while_its_key_lets_it()
    {
        await using var unsealer = await RunningServer.StartAsync();
        unsealer.Time.SetUtcNow(TimeProvider.System.GetUtcNow()); // the other side is a process with the machine's clock
        var key = (string)(await unsealer.Root.JsonAsync("TrentService.CreateKey", new { }))["KeyMetadata"]!["KeyId"]!;
        await unsealer.Root.JsonAsync("TrentService.CreateAlias", new { AliasName = "alias/unseal", TargetKeyId = key });
        var environment = new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = RunningServer.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = RunningServer.SecretAccessKey,
            ["STRONGROOM_SEAL_KMS_KEY"] = "alias/unseal",
            ["STRONGROOM_SEAL_KMS_REGION"] = "us-east-1",
            ["STRONGROOM_SEAL_KMS_ENDPOINT"] = unsealer.Url().ToString(),
        };
        await MoveAsync(environment, "--seal", "file", "--to", "aws-kms");
        File.Delete(Path.Combine(data, "root.key"));
        environment["STRONGROOM_SEAL"] = "aws-kms";
        await ServeAsync(environment);

        await unsealer.Root.JsonAsync("TrentService.DisableKey", new { KeyId = key });
        using (var server = StrongroomProcess.Start(environment, Serve()))
        {
            await server.SeeAsync("disabled");
            await server.StopAsync();
        }

        await unsealer.Root.JsonAsync("TrentService.EnableKey", new { KeyId = key });
        await ServeAsync(environment);
        Assert.Contains(unsealer.Records(), record =>
            (string?)record["eventName"] == "Decrypt" && record["requestParameters"]!["encryptionContext"]!.ToJsonString().Contains("strongroom:installation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_seals_with_a_file_loads_nothing_of_the_other_seals()
    {
        var environment = new Dictionary<string, string>();
        using (var server = StrongroomProcess.Start(environment, Serve()))
        {
            await server.SeeAsync("listens on");
            var loaded = await File.ReadAllTextAsync($"/proc/{server.Id}/maps", Ct);
            Assert.Contains("Strongroom.Crypto.dll", loaded, StringComparison.Ordinal); // so that what follows looks for the right thing
            Assert.DoesNotContain("AWSSDK", loaded, StringComparison.Ordinal);
            Assert.DoesNotContain("Pkcs11Interop", loaded, StringComparison.Ordinal);
            await server.StopAsync();
        }
    }

    [Theory]
    [InlineData("Where to?")]
    [InlineData("needs seal-kms-key", "--to", "aws-kms")]
    [InlineData("'vault' is no seal", "--to", "vault")]
    public async Task A_move_that_is_not_told_enough_touches_nothing(string refusal, params string[] flags)
    {
        var (code, output) = await StrongroomProcess.RunAsync(new Dictionary<string, string>(), ["seal", "move", "--data", data, .. flags]);

        Assert.Equal(2, code);
        Assert.Contains(refusal, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_without_data_is_not_made_into_one()
    {
        var absent = Path.Combine(data, "absent");
        var (code, output) = await StrongroomProcess.RunAsync(new Dictionary<string, string>(), "seal", "move", "--data", absent, "--to", "file", "--to-key-file", Path.Combine(data, "k"));

        Assert.Equal(1, code);
        Assert.Contains("There is no data in", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(absent));
    }

    private static Dictionary<string, string> Kms(KmsPeer kms) => new()
    {
        ["STRONGROOM_SEAL"] = "aws-kms",
        ["STRONGROOM_SEAL_KMS_KEY"] = KmsPeer.KeyA,
        ["STRONGROOM_SEAL_KMS_ENDPOINT"] = kms.Endpoint.ToString(),
        ["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE",
        ["AWS_SECRET_ACCESS_KEY"] = "not-a-real-secret",
        ["AWS_EC2_METADATA_DISABLED"] = "true",
    };

    private string[] Serve() => ["serve", "--data", data, "--listen", "http://127.0.0.1:0"];

    private async Task ServeAsync(IReadOnlyDictionary<string, string> environment)
    {
        using var server = StrongroomProcess.Start(environment, Serve());
        await server.SeeAsync("listens on");
        Assert.DoesNotContain("waits for its seal", server.Output, StringComparison.Ordinal);
        await server.StopAsync();
    }

    private async Task<string> MoveAsync(IReadOnlyDictionary<string, string> environment, params string[] flags)
    {
        var (code, output) = await StrongroomProcess.RunAsync(environment, ["seal", "move", "--data", data, .. flags]);
        Assert.True(code == 0, output);
        return output;
    }
}
