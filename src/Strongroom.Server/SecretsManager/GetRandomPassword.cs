using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet, section 5.</summary>
internal sealed class GetRandomPasswordRequest
{
    public long? PasswordLength { get; private set; }
    public string? ExcludeCharacters { get; private set; }
    public bool? ExcludeNumbers { get; private set; }
    public bool? ExcludePunctuation { get; private set; }
    public bool? ExcludeUppercase { get; private set; }
    public bool? ExcludeLowercase { get; private set; }
    public bool? IncludeSpace { get; private set; }
    public bool? RequireEachIncludedType { get; private set; }

    public static Shape<GetRandomPasswordRequest> Shape { get; } = new(
        Member.Long<GetRandomPasswordRequest>("PasswordLength", r => r.PasswordLength, (r, v) => r.PasswordLength = v, 1, RandomPassword.MaxLength),
        Member.String<GetRandomPasswordRequest>("ExcludeCharacters", r => r.ExcludeCharacters, (r, v) => r.ExcludeCharacters = v, Constraint.Length(0, 4096)),
        Member.Bool<GetRandomPasswordRequest>("ExcludeNumbers", r => r.ExcludeNumbers, (r, v) => r.ExcludeNumbers = v),
        Member.Bool<GetRandomPasswordRequest>("ExcludePunctuation", r => r.ExcludePunctuation, (r, v) => r.ExcludePunctuation = v),
        Member.Bool<GetRandomPasswordRequest>("ExcludeUppercase", r => r.ExcludeUppercase, (r, v) => r.ExcludeUppercase = v),
        Member.Bool<GetRandomPasswordRequest>("ExcludeLowercase", r => r.ExcludeLowercase, (r, v) => r.ExcludeLowercase = v),
        Member.Bool<GetRandomPasswordRequest>("IncludeSpace", r => r.IncludeSpace, (r, v) => r.IncludeSpace = v),
        Member.Bool<GetRandomPasswordRequest>("RequireEachIncludedType", r => r.RequireEachIncludedType, (r, v) => r.RequireEachIncludedType = v));

    public RandomPasswordRules Rules => new()
    {
        ExcludeCharacters = ExcludeCharacters,
        ExcludeNumbers = ExcludeNumbers ?? false,
        ExcludePunctuation = ExcludePunctuation ?? false,
        ExcludeUppercase = ExcludeUppercase ?? false,
        ExcludeLowercase = ExcludeLowercase ?? false,
        IncludeSpace = IncludeSpace ?? false,
        RequireEachIncludedType = RequireEachIncludedType ?? true,
    };
}

internal sealed record GetRandomPasswordResponse(SecretBytes RandomPassword) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteString("RandomPassword"u8, RandomPassword.Reveal());

    public void Dispose() => RandomPassword.Dispose();
}

internal sealed class GetRandomPassword(Entropy entropy) : IOperation<GetRandomPasswordRequest, AccountTarget, GetRandomPasswordResponse>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, GetRandomPasswordRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public ValueTask<Plan<GetRandomPasswordResponse>> PlanAsync(
        CallContext call, Authorized<GetRandomPasswordRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var request = authorized.Request;
        Span<byte> password = stackalloc byte[RandomPassword.MaxLength];
        password = password[..(int)(request.PasswordLength ?? RandomPassword.DefaultLength)];
        try
        {
            var fault = RandomPassword.Fill(request.Rules, entropy.Below, password);
            if (fault != RandomPasswordFault.None)
                throw SecretsManagerErrors.InvalidParameter(RandomPassword.Message(fault));
            return new(new GetRandomPasswordResponse(SecretBytes.CopyFrom(password)));
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(password);
        }
    }
}
