using Strongroom.Server.Hosting;
using Strongroom.Tests.Architecture;

namespace Strongroom.Tests.Server.Hosting;

public sealed class SettingsTableTests
{
    private static readonly Dictionary<string, string> NoVariables = [];

    [Fact]
    public void The_documentation_shows_the_table_of_settings()
    {
        var shown = File.ReadLines(Path.Combine(Repository.Root, "docs", "configuration.md")).Where(l => l.Contains("STRONGROOM_", StringComparison.Ordinal) && l[0] == '|');

        Assert.Equal(
            Settings.All.Select(s =>
                $"| {(s.OnlyInEnvironment ? "only by environment" : $"`{s.Flag}`")} | `{s.Variable}` | {(s.OnlyInEnvironment ? "" : $"`{s.Key}` ")}| {s.Default} | {s.Description} |"),
            shown);
    }

    [Theory]
    [InlineData("STRONGROOM_SEAL=vault", "'vault' is no seal")]
    [InlineData("STRONGROOM_SEAL=aws-kms", "needs seal-kms-key")]
    [InlineData("STRONGROOM_SEAL=pkcs11", "needs seal-pkcs11-module")]
    [InlineData("STRONGROOM_SEAL=pkcs11 STRONGROOM_SEAL_PKCS11_MODULE=/m.so", "needs seal-pkcs11-token")]
    [InlineData("STRONGROOM_SEAL=pkcs11 STRONGROOM_SEAL_PKCS11_MODULE=/m.so STRONGROOM_SEAL_PKCS11_SLOT=1", "user PIN in one place")]
    [InlineData("STRONGROOM_SEAL=pkcs11 STRONGROOM_SEAL_PKCS11_MODULE=/m.so STRONGROOM_SEAL_PKCS11_TOKEN=t STRONGROOM_SEAL_PKCS11_PIN=1 STRONGROOM_SEAL_PKCS11_PIN_FILE=/p", "user PIN in one place")]
    [InlineData("STRONGROOM_SEAL_PKCS11_SLOT=-1", "no slot number")]
    [InlineData("STRONGROOM_SEAL_PKCS11_KEY_ID=1", "hexadecimal")]
    [InlineData("STRONGROOM_SEAL_KMS_ENDPOINT=http://kms.example.com", "Use https")]
    [InlineData("STRONGROOM_SEAL_KMS_ENDPOINT=kms.example.com", "no address of a KMS")]
    [InlineData("STRONGROOM_SEAL_KMS_ENDPOINT=https://user:password@kms.example.com", "no address of a KMS")]
    public void A_seal_that_cannot_work_is_refused_before_anything_is_opened(string variables, string refusal) =>
        Assert.Contains(refusal, Assert.Throws<SettingsException>(() => Read(variables)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("STRONGROOM_LOG_FORMAT=xml", "no log format")]
    [InlineData("STRONGROOM_METRICS_TOKEN_FILE=/t", "metrics-listen")]
    [InlineData("STRONGROOM_OTLP_ENDPOINT=collector", "no address of a collector")]
    [InlineData("STRONGROOM_OTLP_ENDPOINT=http://user:word-canary@collector.example.com", "no address of a collector")]
    [InlineData("STRONGROOM_OTLP_ENDPOINT=http://127.0.0.1:1 STRONGROOM_OTLP_PROTOCOL=json", "no protocol of OTLP")]
    [InlineData("STRONGROOM_OTLP_PROTOCOL=grpc", "otlp-endpoint")]
    [InlineData("STRONGROOM_OTLP_SIGNAL=profiles", "nothing to export")]
    [InlineData("STRONGROOM_OTLP_HEADERS=key=header-canary", "otlp-endpoint")]
    [InlineData("STRONGROOM_OTLP_HEADERS=header-canary STRONGROOM_OTLP_ENDPOINT=https://collector.example.com", "pairs name=value")]
    [InlineData("STRONGROOM_OTLP_HEADERS=key=header-canary STRONGROOM_OTLP_ENDPOINT=http://collector.example.com", "Use https")]
    [InlineData("STRONGROOM_TRACE_RATIO=1.1", "from 0 to 1")]
    [InlineData("STRONGROOM_TRACE_RATIO=-1", "from 0 to 1")]
    [InlineData("STRONGROOM_TRACE_RATIO=NaN", "from 0 to 1")]
    public void An_export_that_cannot_be_is_refused_without_its_secret(string variables, string refusal)
    {
        var message = Assert.Throws<SettingsException>(() => Read(variables)).Message;

        Assert.Contains(refusal, message, StringComparison.Ordinal);
        Assert.DoesNotContain("header-canary", message, StringComparison.Ordinal);
        Assert.DoesNotContain("word-canary", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_settings_of_exports_are_read()
    {
        var telemetry = Read("STRONGROOM_OTLP_HEADERS=a=1,b=header-canary STRONGROOM_OTLP_ENDPOINT=https://collector.example.com STRONGROOM_OTLP_SIGNAL=traces,logs STRONGROOM_TRACE_RATIO=0.25").Telemetry;

        Assert.Equal(("a=1,b=header-canary", "https://collector.example.com", 0.25), (telemetry.OtlpHeaders, telemetry.OtlpEndpoint, telemetry.TraceRatio));
        Assert.Equal(["traces", "logs"], telemetry.OtlpSignals);
        Assert.DoesNotContain("canary", telemetry.ToString(), StringComparison.Ordinal);
        Assert.Null(Read("STRONGROOM_LOG_LEVEL=none").Telemetry.OtlpEndpoint);
    }

    [Fact]
    public void The_settings_of_a_seal_are_read()
    {
        var seal = Read("STRONGROOM_SEAL=pkcs11 STRONGROOM_SEAL_PKCS11_MODULE=/m.so STRONGROOM_SEAL_PKCS11_TOKEN=t STRONGROOM_SEAL_PKCS11_SLOT=7 STRONGROOM_SEAL_PKCS11_KEY_ID=0aFF STRONGROOM_SEAL_PKCS11_PIN=pin-canary").Seal;

        Assert.Equal(("pkcs11", "/m.so", "t", 7UL, "strongroom", "0aFF"), (seal.Name, seal.Pkcs11Module, seal.Pkcs11Token, seal.Pkcs11Slot, seal.Pkcs11Key, seal.Pkcs11KeyId));
        Assert.Equal("pin-canary"u8.ToArray(), seal.Pkcs11Pin!.Reveal().ToArray());
        Assert.DoesNotContain("canary", seal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pin_has_no_flag_and_no_key_in_the_file()
    {
        var data = Directory.CreateTempSubdirectory("strongroom-settings-").FullName;
        File.WriteAllText(Path.Combine(data, "strongroom.json"), """{ "sealPkcs11Pin": "1234-canary" }""");

        var refusal = Assert.Throws<SettingsException>(() => SettingsReader.Read(data, null, new Dictionary<string, IReadOnlyList<string>>(), NoVariables));

        Assert.Contains("STRONGROOM_SEAL_PKCS11_PIN", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", refusal.Message, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    private static ServerOptions Read(string variables) => SettingsReader.Read(
        "/nowhere", null, new Dictionary<string, IReadOnlyList<string>>(), variables.Split(' ').Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]));
}
