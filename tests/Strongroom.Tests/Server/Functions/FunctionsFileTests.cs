using Strongroom.Server.Functions;
using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Functions;

public sealed class FunctionsFileTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("strongroom-test-").FullName;

    public FunctionsFileTests()
    {
        Directory.CreateDirectory(Path.Combine(root, "code"));
        Directory.CreateDirectory(Path.Combine(root, "open"));
        File.SetUnixFileMode(Path.Combine(root, "open"), (UnixFileMode)0b111_111_111);
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void All_three_kinds_are_read()
    {
        var all = Read("""
            { "functions": [
              { "name": "SecretsManagerRotationTemplate", "environment": { "EXCLUDE_CHARACTERS": "'\"" } }, // comments are welcome
              { "arn": "arn:aws:lambda:eu-west-1:111122223333:function:far:live", "url": "https://lambda.example.com/2015-03-31/functions/far/invocations",
                "signing": "aws-sigv4", "region": "eu-west-1", "accessKeyIdVariable": "LAMBDA_ID", "secretAccessKeyVariable": "LAMBDA_KEY", "timeoutSeconds": 60,
                "certificateAuthorities": "ca.pem", "accounts": ["111122223333"], "regions": ["eu-west-1"], "secrets": ["prod/*"] },
              { "name": "here", "runtime": "nodejs20.x", "handler": "index.handler", "directory": "code", "role": "rotation", "memoryMegabytes": 256 },
            ] }
            """);

        Assert.True(all[0].IsBuiltIn);
        Assert.Equal("'\"", all[0].Environment["EXCLUDE_CHARACTERS"]);
        Assert.Equal(("far", "arn:aws:lambda:eu-west-1:111122223333:function:far:live"), (all[1].Name, all[1].Arn));
        Assert.Equal(("eu-west-1", TimeSpan.FromSeconds(60), Path.Combine(root, "ca.pem")), (all[1].Http!.Signing!.Value.Region, all[1].Http!.Timeout, all[1].Http!.CertificateAuthorities));
        Assert.Equal(new InvokerCredentials.InEnvironment("LAMBDA_ID", "LAMBDA_KEY", null), all[1].Http!.Signing!.Value.Credentials);
        Assert.Equal(["prod/*"], all[1].Secrets);
        Assert.Equal(
            ("nodejs20.x", "index.handler", Path.Combine(root, "code"), "rotation", 256, TimeSpan.FromSeconds(30)),
            (all[2].Process!.Runtime, all[2].Process!.Handler, all[2].Process!.CodeId, all[2].Process!.RoleArn, all[2].Process!.MemoryMegabytes, all[2].Process!.Timeout));
    }

    [Theory]
    [InlineData("""{"functions":{}}""", "an array")]
    [InlineData("""{"function":[]}""", "the one member 'functions'")]
    [InlineData("""{"functions":[1]}""", "must be an object")]
    [InlineData("""{"functions":[{}]}""", "needs a name, or an arn")]
    [InlineData("""{"functions":[{"name":"f","arn":"arn:aws:lambda:us-east-1:111122223333:function:f"}]}""", "needs a name, or an arn")]
    [InlineData("""{"functions":[{"name":"f g","url":"https://x"}]}""", "use up to 64 letters")]
    [InlineData("""{"functions":[{"arn":"arn:aws:s3:::f","url":"https://x"}]}""", "none of a function")]
    [InlineData("""{"functions":[{"name":"SecretsManagerRotationTemplat"}]}""", "Did you mean 'SecretsManagerRotationTemplate'?")]
    [InlineData("""{"functions":[{"name":"SecretsManagerRotationTemplate","accounts":["1"]}]}""", "can't have 'accounts'")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"none","timeoutSecond":1}]}""", "Did you mean 'timeoutSeconds'?")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"none","environment":{}}]}""", "can't have 'environment'")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x"}]}""", "needs a signing")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"aws-sigv4"}]}""", "needs a region")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"aws-sigv4","region":"r"}]}""", "needs a credentialsFile")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"aws-sigv4","region":"r","secretAccessKey":"canary"}]}""", "can't have 'secretAccessKey'")]
    [InlineData("""{"functions":[{"name":"f","url":"http://lambda.example.com/","signing":"none"}]}""", "Use https")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"none","timeoutSeconds":901}]}""", "from 1 to 900")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"none","timeoutSeconds":1,"timeoutSeconds":2}]}""", "")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","signing":"none"},{"name":"f","url":"https://y","signing":"none"}]}""", "two functions are named 'f'")]
    [InlineData("""{"functions":[{"name":"StrongroomSshKeyRotation","types":["T"]},{"name":"StrongroomRandomPasswordRotation","types":["T"]}]}""", "two built-in functions rotate secrets of the type 'T'")]
    [InlineData("""{"functions":[{"name":"StrongroomSshKeyRotation","types":"T"}]}""", "types that are no array of texts")]
    [InlineData("""{"functions":[{"name":"f","url":"https://x","runtime":"python3.12"}]}""", "has a url and a runtime")]
    [InlineData("""{"functions":[{"name":"f","runtime":"java21","handler":"h","directory":"code"}]}""", "has the runtime 'java21'")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3./../../evil","handler":"h","directory":"code"}]}""", "which is none")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","directory":"code"}]}""", "needs a handler")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h"}]}""", "needs a directory")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h","directory":"nowhere"}]}""", "does not exist")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h","directory":"open"}]}""", "every user can write")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h","directory":"code","memoryMegabytes":64}]}""", "from 128 to 10240")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h","directory":"code","environment":{"A-B":"1"}}]}""", "variable 'A-B'")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h","directory":"code","environment":{"AWS_SESSION_TOKEN":"1"}}]}""", "which Lambda sets itself")]
    [InlineData("""{"functions":[{"name":"f","runtime":"python3.12","handler":"h","directory":"code","environment":{"A":1}}]}""", "no object with texts")]
    public void A_file_that_cannot_be_meant_is_refused_in_words(string json, string why)
    {
        var message = Assert.Throws<SettingsException>(() => Read(json)).Message;

        Assert.Contains(why, message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0b110_100_100, "other users can read it")]
    [InlineData(0b110_110_000, "other users can write to it")]
    [InlineData(0b110_000_010, "other users can write to it")]
    public void A_file_with_variables_that_others_can_read_or_any_that_they_can_write_is_refused(int mode, string why)
    {
        var message = Assert.Throws<SettingsException>(() => Read("""{"functions":[{"name":"SecretsManagerRotationTemplate","environment":{"A":"canary"}}]}""", mode)).Message;

        Assert.Contains(why, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_variables_others_may_read_it() => Assert.Single(Read("""{"functions":[{"name":"SecretsManagerRotationTemplate"}]}""", 0b110_100_100));

    [Theory]
    [InlineData("root", "is the root")]
    [InlineData("0:0", "is the root")]
    [InlineData("no-such-user", "There is no user 'no-such-user'")]
    public void The_user_of_functions_must_be_one_and_not_the_root(string user, string why) =>
        Assert.Contains(why, Assert.Throws<SettingsException>(() => FunctionUser.Resolve(user)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("STRONGROOM_FUNCTIONS=process", "no user is named")]
    [InlineData("STRONGROOM_FUNCTIONS=on STRONGROOM_FUNCTIONS_USER=nobody", "Use off or process")]
    [InlineData("STRONGROOM_FUNCTIONS_USER=nobody", "set functions to process")]
    public void Settings_that_do_not_fit_together_are_refused(string variables, string why) =>
        Assert.Contains(why, Assert.Throws<SettingsException>(() => SettingsReader.Read(
            "/nowhere", null, new Dictionary<string, IReadOnlyList<string>>(), variables.Split(' ').Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]))).Message,
            StringComparison.Ordinal);

    private IReadOnlyList<ConfiguredFunction> Read(string json, int mode = 0b110_000_000)
    {
        var path = Path.Combine(root, "functions.json");
        File.WriteAllText(path, json);
        File.SetUnixFileMode(path, (UnixFileMode)mode);
        return FunctionsFile.Read(path);
    }
}
