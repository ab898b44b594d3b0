namespace Strongroom.Policy;

/// <summary>The size of a policy as IAM's quotas count it, and those quotas. Source: IAM fact sheet 2.7, "Sizes".</summary>
public static class PolicySize
{
    /// <summary>All inline policies of a user together.</summary>
    public const int MaxUserInline = 2_048;

    /// <summary>All inline policies of a group together.</summary>
    public const int MaxGroupInline = 5_120;

    /// <summary>All inline policies of a role together.</summary>
    public const int MaxRoleInline = 10_240;

    public const int MaxManaged = 6_144;
    public const int MaxTrust = 2_048;

    /// <summary>The inline session policy of AssumeRole.</summary>
    public const int MaxSession = 2_048;

    /// <summary>In bytes of the text as sent, <see cref="Count"/> does not apply.</summary>
    public const int MaxKeyBytes = 32_768;

    /// <summary>Characters, without whitespace outside strings.</summary>
    public static int Count(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var count = 0;
        var inString = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (!inString && c is (' ' or '\t' or '\r' or '\n'))
                continue;
            count++;
            if (c == '"')
            {
                inString = !inString;
            }
            else if (inString && c == '\\' && i + 1 < text.Length)
            {
                // What is escaped, perhaps a quotation mark, does not end the string.
                i++;
                count++;
            }
        }

        return count;
    }
}
