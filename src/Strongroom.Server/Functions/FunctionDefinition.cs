namespace Strongroom.Server.Functions;

/// <summary>A function as somebody created or configured it: what Lambda calls its configuration.</summary>
internal sealed record FunctionDefinition
{
    public required string Account { get; init; }
    public required string Region { get; init; }

    /// <summary>1 to 64 letters, digits, <c>-</c> and <c>_</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Such as <c>python3.12</c>, <c>nodejs20.x</c>, <c>provided.al2023</c>.</summary>
    public required string Runtime { get; init; }

    /// <summary>Such as <c>lambda_function.lambda_handler</c>; unused by a bootstrap of the function's own.</summary>
    public string Handler { get; init; } = "";

    /// <summary>The execution role, whose session the function's AWS client gets; null for none, and then the function has no credentials.</summary>
    public string? RoleArn { get; init; }

    /// <summary>For one invocation, 1 to 900 seconds.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Private memory that the process may use beside what its interpreter needs, MiB.</summary>
    public int MemoryMegabytes { get; init; } = 128;

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Which code this is: the base64 SHA-256 of the package, or for a directory that an operator keeps, its path. A change of it ends running processes.</summary>
    public required string CodeId { get; init; }

    /// <summary>Changes with each change of the configuration or the code; processes of another one are not used again.</summary>
    public string RevisionId { get; init; } = "";

    public string Arn => $"arn:{Protocol.Arn.PartitionOf(Region)}:lambda:{Region}:{Account}:function:{Name}";
}
