using System.Buffers;

namespace Strongroom.Policy;

/// <summary>A text of a policy with its wildcards and variables, made ready to be matched. Immutable.</summary>
/// <remarks>
/// Matching takes at most pattern × text steps, whatever the pattern: only the last <c>*</c> is ever tried again. What a variable
/// stands for is compared as it is: a <c>*</c> that comes out of a tag is a star, not a wildcard. Source: IAM fact sheet 2.4, 2.5.
/// </remarks>
internal sealed class TextPattern
{
    // An atom is a character, or one of these, or variable number n as FirstVariable - n.
    private const int AnyRun = -1;
    private const int AnyChar = -2;
    private const int FirstVariable = -3;
    private const int MaxStackAtoms = 256;

    private readonly int[] atoms;
    private readonly Variable[] variables;
    private readonly Shape shape;
    private readonly string literal;
    private readonly StringComparison comparison;

    private TextPattern(List<int> atoms, List<Variable> variables, bool ignoreCase)
    {
        comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var wild = atoms.FindIndex(a => a < 0);
        shape = wild < 0 ? Shape.Literal
            : wild == atoms.Count - 1 && atoms[wild] == AnyRun ? Shape.Prefix
            : Shape.General;
        literal = shape == Shape.General ? "" : string.Concat(atoms.Where(a => a >= 0).Select(a => (char)a));
        this.atoms = [.. atoms.Select(a => ignoreCase && a >= 0 ? char.ToUpperInvariant((char)a) : a)];
        this.variables = [.. variables];
    }

    private enum Shape { Literal, Prefix, General }

    /// <summary>The text itself where it has neither wildcard nor variable, else null.</summary>
    public string? Literal => shape == Shape.Literal ? literal : null;

    public bool HasVariables => variables.Length > 0;

    /// <param name="hasWildcards">Whether <c>*</c> and <c>?</c> are wildcards here, rather than themselves.</param>
    /// <param name="hasVariables">Whether <c>${…}</c> is a variable here, rather than itself.</param>
    public static TextPattern Compile(string text, bool hasWildcards, bool hasVariables, bool ignoreCase = false)
    {
        var atoms = new List<int>(text.Length);
        var variables = new List<Variable>();
        for (var i = 0; i < text.Length;)
        {
            if (hasVariables && text[i] == '$' && TryReadVariable(text, i, out var end, out var key, out var @default))
            {
                if (key is "*" or "?" or "$" && @default is null)
                {
                    atoms.Add(key[0]);
                }
                else
                {
                    atoms.Add(FirstVariable - variables.Count);
                    variables.Add(new Variable(new ConditionKey(key), @default));
                }

                i = end;
                continue;
            }

            var c = text[i++];
            if (!hasWildcards || c is not ('*' or '?'))
                atoms.Add(c);
            else if (c == '?')
                atoms.Add(AnyChar);
            else if (atoms.Count == 0 || atoms[^1] != AnyRun)
                atoms.Add(AnyRun);
        }

        return new TextPattern(atoms, variables, ignoreCase);
    }

    public bool IsMatch(ReadOnlySpan<char> text, in RequestView view)
    {
        switch (shape)
        {
            case Shape.Literal:
                return text.Equals(literal, comparison);
            case Shape.Prefix:
                return text.StartsWith(literal, comparison);
        }

        long steps = 0;
        if (variables.Length == 0)
            return Match(atoms, text, comparison == StringComparison.OrdinalIgnoreCase, ref steps);

        int[]? rented = null;
        var isMatch = TryExpand(text.Length, view, stackalloc int[MaxStackAtoms], ref rented, out var expanded)
            && Match(expanded, text, comparison == StringComparison.OrdinalIgnoreCase, ref steps);
        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
        return isMatch;
    }

    /// <summary>As <see cref="IsMatch"/>, with each of an ARN's six parts compared on its own after variables have their values.</summary>
    public bool IsArnMatch(in ArnText arn, in RequestView view)
    {
        int[]? rented = null;
        var isMatch = TryExpand(arn.Text.Length, view, stackalloc int[MaxStackAtoms], ref rented, out var expanded) && MatchParts(expanded, arn);
        if (rented is not null)
            ArrayPool<int>.Shared.Return(rented);
        return isMatch;
    }

    private static bool MatchParts(ReadOnlySpan<int> atoms, in ArnText arn)
    {
        long steps = 0;
        for (var part = 0; part < ArnText.Parts; part++)
        {
            var end = part == ArnText.Parts - 1 ? atoms.Length : atoms.IndexOf(':');
            if (end < 0 || !Match(atoms[..end], arn[part], false, ref steps))
                return false;
            if (part < ArnText.Parts - 1)
                atoms = atoms[(end + 1)..];
        }

        return true;
    }

    /// <summary>Puts values in the place of variables.</summary>
    /// <returns>False if one has no value, or if the result is longer than the text it is to match, so that work stays in proportion to that.</returns>
    private bool TryExpand(int maxChars, in RequestView view, Span<int> buffer, ref int[]? rented, out ReadOnlySpan<int> expanded)
    {
        expanded = default;
        var needed = Math.Min((long)atoms.Length + maxChars, int.MaxValue);
        if (needed > buffer.Length)
            buffer = rented = ArrayPool<int>.Shared.Rent((int)needed);

        var (length, chars) = (0, 0);
        foreach (var atom in atoms)
        {
            if (atom > FirstVariable)
            {
                if (atom != AnyRun && ++chars > maxChars)
                    return false;
                buffer[length++] = atom;
                continue;
            }

            var variable = variables[FirstVariable - atom];
            var values = view.Find(variable.Key);
            if (values.Count > 1 || (values.Count == 0 ? variable.Default : values[0]) is not { } value || value.Length > maxChars - chars)
                return false;
            chars += value.Length;
            foreach (var c in value)
                buffer[length++] = comparison == StringComparison.OrdinalIgnoreCase ? char.ToUpperInvariant(c) : c;
        }

        expanded = buffer[..length];
        return true;
    }

    /// <param name="steps">Counts comparisons, for the test that their number is bounded.</param>
    internal static bool Match(ReadOnlySpan<int> pattern, ReadOnlySpan<char> text, bool ignoreCase, ref long steps)
    {
        var (p, t) = (0, 0);
        var (afterRun, resumeAt) = (-1, 0); // behind the last star, and where in the text its run ends for now
        while (t < text.Length)
        {
            steps++;
            if (p < pattern.Length && pattern[p] == AnyRun)
            {
                (afterRun, resumeAt) = (++p, t);
            }
            else if (p < pattern.Length && (pattern[p] == AnyChar || pattern[p] == (ignoreCase ? char.ToUpperInvariant(text[t]) : text[t])))
            {
                p++;
                t++;
            }
            else if (afterRun >= 0)
            {
                // Giving this star one character more is enough: what an earlier star could take, this one can.
                (p, t) = (afterRun, ++resumeAt);
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == AnyRun)
            p++;
        return p == pattern.Length;
    }

    /// <summary>The number of steps that matching takes, for tests.</summary>
    internal long CountSteps(ReadOnlySpan<char> text)
    {
        long steps = 0;
        Match(atoms, text, comparison == StringComparison.OrdinalIgnoreCase, ref steps);
        return steps;
    }

    /// <summary>The keys of the variables in a text, without the ones that stand for a literal character.</summary>
    public static List<string> VariablesIn(string text)
    {
        var keys = new List<string>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || !TryReadVariable(text, i, out var end, out var key, out var @default))
                continue;
            if (key is not ("*" or "?" or "$") || @default is not null)
                keys.Add(key);
            i = end - 1;
        }

        return keys;
    }

    /// <summary>Reads <c>${key}</c> or <c>${key, 'default'}</c>. Whatever only looks like one is literal text.</summary>
    private static bool TryReadVariable(string text, int start, out int end, out string key, out string? @default)
    {
        (end, key, @default) = (start, "", null);
        var i = start + 1;
        if (i >= text.Length || text[i] != '{')
            return false;

        var keyStart = ++i;
        if (i + 1 < text.Length && text[i] == '$' && text[i + 1] == '}')
        {
            (key, end) = ("$", i + 2);
            return true;
        }

        while (i < text.Length && text[i] is not ('}' or ',' or '$' or '{' or '\''))
            i++;
        if (i == keyStart || i >= text.Length || text[i] is not ('}' or ','))
            return false;
        key = text[keyStart..i];
        if (text[i] == ',')
        {
            do
                i++;
            while (i < text.Length && text[i] == ' ');
            if (i >= text.Length || text[i] != '\'' || text.IndexOf('\'', i + 1) is not (var quote and > 0))
                return false;
            @default = text[(i + 1)..quote];
            i = quote + 1;
            if (i >= text.Length || text[i] != '}')
                return false;
        }

        end = i + 1;
        return true;
    }

    private sealed record Variable(ConditionKey Key, string? Default);
}
