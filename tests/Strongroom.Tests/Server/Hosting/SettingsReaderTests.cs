using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>Settings that are each possible and don't fit together are refused before anything is made on disk.</summary>
public sealed class SettingsReaderTests
{
    [Theory]
    [InlineData("mars", "", false)]
    [InlineData("us-east-1", "", true)]
    [InlineData("mars", "mars", true)]
    public void The_default_region_is_one_that_the_server_takes(string region, string extra, bool isTaken)
    {
        var variables = new Dictionary<string, string> { ["STRONGROOM_DEFAULT_REGION"] = region, ["STRONGROOM_EXTRA_REGION"] = extra };

        if (isTaken)
            Assert.Equal(region, Read(variables).DefaultRegion);
        else
            Assert.Contains("default-region", Assert.Throws<SettingsException>(() => Read(variables)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:4584", false)]
    [InlineData("https://127.0.0.1:4584", true)]
    public void Certificate_files_without_TLS_are_refused(string listen, bool isTaken)
    {
        var variables = new Dictionary<string, string>
        {
            ["STRONGROOM_LISTEN"] = listen, ["STRONGROOM_TLS_CERTIFICATE"] = "/c.pem", ["STRONGROOM_TLS_KEY"] = "/k.pem",
        };

        if (isTaken)
            Assert.Equal("/c.pem", Read(variables).TlsCertificate);
        else
            Assert.Contains("https", Assert.Throws<SettingsException>(() => Read(variables)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"listen":"http://127.0.0.1:1","listen":"http://127.0.0.1:2"}""", "is no JSON: D")]
    [InlineData("{\n\"listen\": 1,,\n}", "is no JSON: line 2, ")]
    public void A_file_that_is_no_JSON_is_refused_with_the_line_where_there_is_one(string text, string expected)
    {
        var directory = Directory.CreateTempSubdirectory("strongroom-settings-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "strongroom.json"), text);

            Assert.Contains(expected, Assert.Throws<SettingsException>(() => Read([], directory.FullName)).Message, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_file_that_was_read_is_known_and_one_that_is_not_there_is_none()
    {
        var directory = Directory.CreateTempSubdirectory("strongroom-settings-");
        try
        {
            var (usual, named) = (Path.Combine(directory.FullName, "strongroom.json"), Path.Combine(directory.FullName, "other.json"));
            Assert.Null(Read([], directory.FullName).ConfigurationFile);
            File.WriteAllText(usual, "{}");
            File.WriteAllText(named, "{}");

            Assert.Equal(usual, Read([], directory.FullName).ConfigurationFile);
            Assert.Equal(named, Read(new() { ["STRONGROOM_CONFIG"] = named }, directory.FullName).ConfigurationFile);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static ServerOptions Read(Dictionary<string, string> variables, string data = "/no/such/directory") =>
        SettingsReader.Read(data, null, new Dictionary<string, IReadOnlyList<string>>(), variables);
}
