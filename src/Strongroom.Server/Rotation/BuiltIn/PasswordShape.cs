using System.Globalization;
using Strongroom.Crypto;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>Which passwords a rotator makes, by the environment variables of AWS's templates. Source: API fact sheet 4.8.</summary>
internal static class PasswordShape
{
    /// <param name="excluded">Characters that are left out where <c>EXCLUDE_CHARACTERS</c> does not say which.</param>
    /// <exception cref="RotationException">The variables leave no such password.</exception>
    public static SecretBytes NewPassword(IReadOnlyDictionary<string, string> environment, string excluded, Entropy entropy)
    {
        var rules = new RandomPasswordRules
        {
            ExcludeCharacters = environment.GetValueOrDefault("EXCLUDE_CHARACTERS", excluded),
            ExcludeNumbers = IsOn(environment, "EXCLUDE_NUMBERS", false),
            ExcludePunctuation = IsOn(environment, "EXCLUDE_PUNCTUATION", false),
            ExcludeUppercase = IsOn(environment, "EXCLUDE_UPPERCASE", false),
            ExcludeLowercase = IsOn(environment, "EXCLUDE_LOWERCASE", false),
            RequireEachIncludedType = IsOn(environment, "REQUIRE_EACH_INCLUDED_TYPE", true),
        };
        var length = environment.TryGetValue("PASSWORD_LENGTH", out var text)
            ? int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : -1
            : RandomPassword.DefaultLength;
        if (length is < 1 or > RandomPassword.MaxLength)
            throw new RotationException($"PASSWORD_LENGTH must be a number from 1 to {RandomPassword.MaxLength}.");

        Span<byte> password = stackalloc byte[length];
        try
        {
            var fault = RandomPassword.Fill(rules, entropy.Below, password);
            return fault == RandomPasswordFault.None ? SecretBytes.CopyFrom(password) : throw new RotationException(RandomPassword.Message(fault));
        }
        finally
        {
            System.Security.Cryptography.CryptographicOperations.ZeroMemory(password);
        }
    }

    private static bool IsOn(IReadOnlyDictionary<string, string> environment, string name, bool otherwise) =>
        environment.TryGetValue(name, out var text) ? text.ToUpperInvariant() is "TRUE" or "1" or "Y" or "YES" : otherwise;
}
