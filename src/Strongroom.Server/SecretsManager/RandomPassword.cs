namespace Strongroom.Server.SecretsManager;

/// <summary>The password of GetRandomPassword. Pure: chance comes in as a function. Source: API fact sheet 5.</summary>
internal static class RandomPassword
{
    public const int DefaultLength = 32;
    public const int MaxLength = 4096;

    /// <summary>Fills <paramref name="password"/>, whose length is the password's, with ASCII characters.</summary>
    /// <param name="below">A uniformly distributed integer from 0 up to and excluding its argument, which is at least 1. Must be unpredictable.</param>
    /// <param name="password">1 to <see cref="MaxLength"/> bytes; the caller owns and zeroes it. Untouched on a fault.</param>
    public static RandomPasswordFault Fill(in RandomPasswordRules rules, Func<int, int> below, Span<byte> password)
    {
        if (password.Length is < 1 or > MaxLength)
            return RandomPasswordFault.LengthOutOfRange;

        Span<byte> pool = stackalloc byte[PoolSize];
        Span<int> ends = stackalloc int[4]; // where each wanted class ends in the pool
        int poolLength = 0, classes = 0;
        var anyClassEmptied = false;
        AddClass(rules.ExcludeUppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8, rules, pool, ends, ref poolLength, ref classes, ref anyClassEmptied);
        AddClass(rules.ExcludeLowercase, "abcdefghijklmnopqrstuvwxyz"u8, rules, pool, ends, ref poolLength, ref classes, ref anyClassEmptied);
        AddClass(rules.ExcludeNumbers, "0123456789"u8, rules, pool, ends, ref poolLength, ref classes, ref anyClassEmptied);
        AddClass(rules.ExcludePunctuation, Punctuation, rules, pool, ends, ref poolLength, ref classes, ref anyClassEmptied);

        if (rules.RequireEachIncludedType && password.Length < classes)
            return RandomPasswordFault.TooShort;
        if (rules.RequireEachIncludedType && anyClassEmptied)
            return RandomPasswordFault.TypeExcluded;

        // A space is admitted, never required: it joins the pool and is no class.
        if (rules.IncludeSpace && !rules.Excludes((byte)' '))
            pool[poolLength++] = (byte)' ';
        if (poolLength == 0)
            return RandomPasswordFault.AllExcluded;

        var filled = 0;
        if (rules.RequireEachIncludedType)
        {
            for (var start = 0; filled < classes; start = ends[filled++])
                password[filled] = pool[start + below(ends[filled] - start)];
        }

        while (filled < password.Length)
            password[filled++] = pool[below(poolLength)];

        // Fisher-Yates: without it the first four places would tell their classes.
        if (rules.RequireEachIncludedType)
        {
            for (var i = password.Length - 1; i > 0; i--)
            {
                var j = below(i + 1);
                (password[i], password[j]) = (password[j], password[i]);
            }
        }

        return RandomPasswordFault.None;
    }

    /// <summary>The text of AWS's InvalidParameterException, as recorded. <see cref="RandomPasswordFault.LengthOutOfRange"/> is a constraint error instead.</summary>
    public static string Message(RandomPasswordFault fault) => fault switch
    {
        RandomPasswordFault.TooShort => "Password length is too short based on the required types.",
        RandomPasswordFault.TypeExcluded => "All characters of the desired type have been excluded",
        RandomPasswordFault.AllExcluded => "All characters have been excluded from selection",
        _ => "",
    };

    private static void AddClass(
        bool off, ReadOnlySpan<byte> characters, in RandomPasswordRules rules,
        Span<byte> pool, Span<int> ends, ref int poolLength, ref int classes, ref bool anyClassEmptied)
    {
        if (off)
            return;

        var before = poolLength;
        foreach (var character in characters)
        {
            if (!rules.Excludes(character))
                pool[poolLength++] = character;
        }

        anyClassEmptied |= poolLength == before;
        ends[classes++] = poolLength;
    }

    private static ReadOnlySpan<byte> Punctuation => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"u8;

    private const int PoolSize = 26 + 26 + 10 + 32 + 1;
}

/// <summary>The switches of GetRandomPassword, with AWS's defaults in <see cref="Default"/>.</summary>
/// <param name="ExcludeCharacters">Each character is excluded; what is not ASCII changes nothing.</param>
internal readonly record struct RandomPasswordRules(
    string? ExcludeCharacters, bool ExcludeNumbers, bool ExcludePunctuation, bool ExcludeUppercase, bool ExcludeLowercase,
    bool IncludeSpace, bool RequireEachIncludedType)
{
    public static RandomPasswordRules Default => new() { RequireEachIncludedType = true };

    internal bool Excludes(byte character) => ExcludeCharacters?.Contains((char)character, StringComparison.Ordinal) ?? false;
}

/// <summary>Why there is no such password.</summary>
internal enum RandomPasswordFault
{
    None,
    LengthOutOfRange,

    /// <summary>Fewer places than required character types.</summary>
    TooShort,

    /// <summary>A type that is not switched off has no character left, while each type is required.</summary>
    TypeExcluded,

    /// <summary>Nothing is left to choose from.</summary>
    AllExcluded,
}
