using System.Collections.Immutable;
using System.Globalization;

namespace Strongroom.Policy;

/// <summary>Compares a value of the request with the values of a condition. What can't be read as the operator's type matches nothing.</summary>
internal abstract class ValueTest
{
    /// <summary>Whether any value of the policy matches, by the positive form of the operator.</summary>
    public abstract bool MatchesAny(string value, in RequestView view);

    public static ValueTest Compile(ConditionTest test, ImmutableArray<string> values, bool hasVariables) => test switch
    {
        ConditionTest.StringEquals or ConditionTest.StringNotEquals => new Text(values, hasWildcards: false, hasVariables, ignoreCase: false),
        ConditionTest.StringEqualsIgnoreCase or ConditionTest.StringNotEqualsIgnoreCase => new Text(values, hasWildcards: false, hasVariables, ignoreCase: true),
        ConditionTest.StringLike or ConditionTest.StringNotLike => new Text(values, hasWildcards: true, hasVariables, ignoreCase: false),
        >= ConditionTest.NumericEquals and <= ConditionTest.NumericGreaterThanEquals => new Numeric(OrderOf(test), values),
        >= ConditionTest.DateEquals and <= ConditionTest.DateGreaterThanEquals => new Date(OrderOf(test), values),
        ConditionTest.Bool => new Bool(values, hasVariables),
        ConditionTest.Null => new Bool(values, hasVariables: false),
        ConditionTest.BinaryEquals => new Binary(values),
        ConditionTest.IpAddress or ConditionTest.NotIpAddress => new Ip(values),
        _ => new Arn(values, hasVariables),
    };

    private enum Order { Equal, Less, LessOrEqual, Greater, GreaterOrEqual }

    private static Order OrderOf(ConditionTest test) => test switch
    {
        ConditionTest.NumericLessThan or ConditionTest.DateLessThan => Order.Less,
        ConditionTest.NumericLessThanEquals or ConditionTest.DateLessThanEquals => Order.LessOrEqual,
        ConditionTest.NumericGreaterThan or ConditionTest.DateGreaterThan => Order.Greater,
        ConditionTest.NumericGreaterThanEquals or ConditionTest.DateGreaterThanEquals => Order.GreaterOrEqual,
        _ => Order.Equal,
    };

    private static bool InOrder(Order order, int comparison) => order switch
    {
        Order.Less => comparison < 0,
        Order.LessOrEqual => comparison <= 0,
        Order.Greater => comparison > 0,
        Order.GreaterOrEqual => comparison >= 0,
        _ => comparison == 0,
    };

    private sealed class Text(ImmutableArray<string> values, bool hasWildcards, bool hasVariables, bool ignoreCase) : ValueTest
    {
        private readonly TextPattern[] patterns = [.. values.Select(v => TextPattern.Compile(v, hasWildcards, hasVariables, ignoreCase))];

        public override bool MatchesAny(string value, in RequestView view)
        {
            foreach (var pattern in patterns)
            {
                if (pattern.IsMatch(value, view))
                    return true;
            }

            return false;
        }
    }

    private sealed class Arn(ImmutableArray<string> values, bool hasVariables) : ValueTest
    {
        private readonly ArnPattern[] patterns = [.. values.Select(v => ArnPattern.ConditionValue(v, hasVariables))];

        public override bool MatchesAny(string value, in RequestView view)
        {
            var arn = new ArnText(value);
            foreach (var pattern in patterns)
            {
                if (pattern.IsMatch(arn, view))
                    return true;
            }

            return false;
        }
    }

    private sealed class Bool(ImmutableArray<string> values, bool hasVariables) : ValueTest
    {
        private readonly TextPattern[] patterns = [.. values.Select(v => TextPattern.Compile(v, hasWildcards: false, hasVariables, ignoreCase: true))];

        public override bool MatchesAny(string value, in RequestView view)
        {
            if (!value.Equals("true", StringComparison.OrdinalIgnoreCase) && !value.Equals("false", StringComparison.OrdinalIgnoreCase))
                return false;
            foreach (var pattern in patterns)
            {
                if (pattern.IsMatch(value, view))
                    return true;
            }

            return false;
        }
    }

    private sealed class Numeric(Order order, ImmutableArray<string> values) : ValueTest
    {
        private readonly decimal[] numbers = [.. values.Select(Read).OfType<decimal>()];

        public override bool MatchesAny(string value, in RequestView view)
        {
            if (Read(value) is not { } number)
                return false;
            foreach (var limit in numbers)
            {
                if (InOrder(order, number.CompareTo(limit)))
                    return true;
            }

            return false;
        }

        private static decimal? Read(string text) =>
            decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
                ? number : null;
    }

    private sealed class Date(Order order, ImmutableArray<string> values) : ValueTest
    {
        private readonly DateTimeOffset[] instants = [.. values.Select(Read).OfType<DateTimeOffset>()];

        public override bool MatchesAny(string value, in RequestView view)
        {
            if (Read(value) is not { } instant)
                return false;
            foreach (var limit in instants)
            {
                if (InOrder(order, instant.CompareTo(limit)))
                    return true;
            }

            return false;
        }

        private static DateTimeOffset? Read(string text) => PolicyDate.TryParse(text, out var instant) ? instant : null;
    }

    private sealed class Binary(ImmutableArray<string> values) : ValueTest
    {
        private readonly byte[][] blobs = [.. values.Select(Read).OfType<byte[]>()];

        public override bool MatchesAny(string value, in RequestView view)
        {
            if (Read(value) is not { } bytes)
                return false;
            foreach (var blob in blobs)
            {
                if (bytes.AsSpan().SequenceEqual(blob))
                    return true;
            }

            return false;
        }

        private static byte[]? Read(string text)
        {
            var bytes = new byte[text.Length];
            return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
        }
    }

    private sealed class Ip(ImmutableArray<string> values) : ValueTest
    {
        private readonly IpRange[] ranges = [.. values.Select(IpRange.Parse).OfType<IpRange>()];

        public override bool MatchesAny(string value, in RequestView view)
        {
            if (IpRange.Parse(value) is not { } address)
                return false;
            foreach (var range in ranges)
            {
                if (range.Contains(address))
                    return true;
            }

            return false;
        }
    }
}
