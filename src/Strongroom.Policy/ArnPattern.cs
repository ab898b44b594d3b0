namespace Strongroom.Policy;

/// <summary>A text cut at its first five colons, once for all the patterns it is compared with.</summary>
internal readonly ref struct ArnText
{
    public const int Parts = 6;

    private readonly int first, second, third, fourth, fifth;

    public ArnText(ReadOnlySpan<char> text)
    {
        Text = text;
        first = Next(text, -1);
        second = Next(text, first);
        third = Next(text, second);
        fourth = Next(text, third);
        fifth = Next(text, fourth);
    }

    public ReadOnlySpan<char> Text { get; }

    /// <summary>Whether there are six parts.</summary>
    public bool IsArn => fifth < Text.Length;

    public ReadOnlySpan<char> this[int part] => part switch
    {
        0 => Text[..first],
        1 => Text[(first + 1)..second],
        2 => Text[(second + 1)..third],
        3 => Text[(third + 1)..fourth],
        4 => Text[(fourth + 1)..fifth],
        _ => Text[(fifth + 1)..],
    };

    private static int Next(ReadOnlySpan<char> text, int colon)
    {
        if (colon >= text.Length)
            return text.Length;
        var distance = text[(colon + 1)..].IndexOf(':');
        return distance < 0 ? text.Length : colon + 1 + distance;
    }
}

/// <summary>A resource, or a value of an ARN condition: <c>*</c>, or six parts that are compared one by one. Source: IAM fact sheet 2.1, 2.4.</summary>
internal sealed class ArnPattern
{
    private readonly bool isAny;
    private readonly string? head;         // the first five parts with their colons, if they are plain text
    private readonly TextPattern[]? parts; // null: nothing matches
    private readonly TextPattern? whole;   // variables may stand anywhere: cut when they have their values

    private ArnPattern(string text, bool hasVariables, bool hasVariablesEverywhere)
    {
        isAny = text == "*";
        if (hasVariablesEverywhere && TextPattern.Compile(text, hasWildcards: true, hasVariables) is { HasVariables: true } pattern)
        {
            whole = pattern;
            return;
        }

        if (text.Split(':', ArnText.Parts) is not { Length: ArnText.Parts } texts)
            return;

        // In a resource variables are read behind the fifth colon only.
        parts = [.. texts.Select((part, i) => TextPattern.Compile(part, hasWildcards: true, hasVariables && i == ArnText.Parts - 1))];
        if (parts.Take(ArnText.Parts - 1).All(part => part.Literal is not null))
            head = string.Concat(parts.Take(ArnText.Parts - 1).Select(part => part.Literal + ":"));
    }

    public static ArnPattern Resource(string text, bool hasVariables) => new(text, hasVariables, false);

    public static ArnPattern ConditionValue(string text, bool hasVariables) => new(text, hasVariables, true);

    public bool IsMatch(in ArnText arn, in RequestView view)
    {
        if (isAny)
            return true;
        if (!arn.IsArn)
            return false;
        if (whole is not null)
            return whole.IsArnMatch(arn, view);
        if (parts is null)
            return false;
        if (head is not null)
            return arn.Text.StartsWith(head, StringComparison.Ordinal) && parts[^1].IsMatch(arn.Text[head.Length..], view);

        // From the end: that is where patterns differ.
        for (var i = parts.Length - 1; i >= 0; i--)
        {
            if (!parts[i].IsMatch(arn[i], view))
                return false;
        }

        return true;
    }
}
