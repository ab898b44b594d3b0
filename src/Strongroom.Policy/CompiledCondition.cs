namespace Strongroom.Policy;

/// <summary>One operator on one key, made ready to be tested.</summary>
/// <remarks>
/// A negated operator holds exactly when its positive counterpart finds no match, so <c>StringNotEquals</c> of several values means none of them, and
/// <c>NotIpAddress</c> holds for an address of the other family. Source: IAM fact sheet 2.4, "Combination".
/// </remarks>
internal sealed class CompiledCondition
{
    private readonly ConditionOperator @operator;
    private readonly ConditionKey key;
    private readonly ValueTest test;
    private readonly bool isEmpty;

    public CompiledCondition(PolicyCondition condition, bool hasVariables)
    {
        @operator = condition.Operator;
        key = new ConditionKey(condition.Key);
        test = ValueTest.Compile(condition.Operator.Test, condition.Values, hasVariables);
        isEmpty = condition.Values.IsEmpty;
    }

    public bool Holds(in RequestView view)
    {
        var values = view.Find(key);
        if (@operator.Test == ConditionTest.Null)
            return test.MatchesAny(values.Count == 0 ? "true" : "false", view);

        // No list of permitted values permits nothing, not even an absent key.
        if (isEmpty && !@operator.IsNegated)
            return false;

        if (values.Count == 0)
            return @operator.IfExists || (@operator.Quantifier == ConditionQuantifier.None ? @operator.IsNegated : @operator.Quantifier == ConditionQuantifier.ForAllValues);

        switch (@operator.Quantifier)
        {
            case ConditionQuantifier.ForAllValues:
                for (var i = 0; i < values.Count; i++)
                {
                    if (!Passes(values[i], view))
                        return false;
                }

                return true;

            case ConditionQuantifier.ForAnyValue:
                for (var i = 0; i < values.Count; i++)
                {
                    if (Passes(values[i], view))
                        return true;
                }

                return false;

            default:
                // Several values without a set operator: AWS says undefined and does not match.
                return values.Count == 1 && Passes(values[0], view);
        }
    }

    private bool Passes(string value, in RequestView view) => test.MatchesAny(value, view) != @operator.IsNegated;
}
