namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>An unmodified AWS client, driven from outside.</summary>
internal interface IClient : IAsyncDisposable
{
    /// <summary>Makes one call. Blobs are <c>{"base64": "…"}</c> in the parameters and base64 text in the answer; times are ISO 8601 text.</summary>
    Task<Answer> CallAsync(string operation, JsonObject parameters, string region = Answer.DefaultRegion, string service = "secretsmanager");
}

/// <summary>What a client made of the server's answer: a result, or an error's code and message.</summary>
internal sealed record Answer(JsonObject? Result, string? Code, string? Message, int Status = 0)
{
    public const string DefaultRegion = "us-east-1";

    /// <summary>The result of a call that must have succeeded.</summary>
    public JsonObject Ok
    {
        get
        {
            Assert.True(Code is null, $"{Code}: {Message}");
            return Result!;
        }
    }

    /// <summary>Requires an error with exactly this code and message.</summary>
    public void Fails(string code, string message)
    {
        Assert.True(Code is not null, $"Expected {code}, got {Result?.ToJsonString()}");
        Assert.Equal($"{code}: {message}", $"{Code}: {Message}");
    }

    /// <summary>Requires an error with this code and any message that is not empty.</summary>
    public void Fails(string code)
    {
        Assert.Equal(code, Code ?? $"success: {Result?.ToJsonString()}");
        Assert.False(string.IsNullOrEmpty(Message), "An error must carry a message.");
    }
}

internal static class ClientNames
{
    public const string Cli = "aws-cli";
    public const string Boto3 = "boto3";
    public const string JavaScript = "javascript-v3";
}
