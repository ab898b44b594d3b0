using System.Text.Json;

namespace Strongroom.Bench;

/// <summary>What one measure found.</summary>
/// <param name="Value">Of Strongroom, in <paramref name="Unit"/>; median of the rounds.</param>
/// <param name="Baseline">Of what it is compared with in the same run; null where the target is an absolute number.</param>
/// <param name="Ratio">Median of the rounds' own ratios value/baseline; the value itself where there is no baseline.</param>
/// <param name="Low">The lowest round's ratio.</param>
/// <param name="High">The highest round's ratio.</param>
internal sealed record Measure(
    string Name, string Unit, double Value, double? Baseline, double Ratio, double Low, double High, double Target, bool AtLeast)
{
    public bool IsMet => AtLeast ? Ratio >= Target : Ratio <= Target;

    /// <summary>Compares rounds that ran in pairs, one right after the other.</summary>
    public static Measure Of(string name, string unit, IReadOnlyList<(double Value, double Baseline)> rounds, double target, bool atLeast)
    {
        var ratios = rounds.Select(r => r.Value / r.Baseline).ToList();
        return new Measure(
            name, unit, Median(rounds.Select(r => r.Value)), Median(rounds.Select(r => r.Baseline)), Median(ratios), ratios.Min(), ratios.Max(),
            target, atLeast);
    }

    /// <summary>A number with a limit of its own.</summary>
    public static Measure Of(string name, string unit, IReadOnlyList<double> rounds, double limit) =>
        new(name, unit, Median(rounds), null, Median(rounds), rounds.Min(), rounds.Max(), limit, AtLeast: false);

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
    }

    public override string ToString() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{Name,-20} {Value,12:G5} {Baseline,12:G5} {Ratio,8:G3} ({Low:G3}..{High:G3})  {(AtLeast ? ">=" : "<=")} {Target:G4}  {(IsMet ? "met" : "MISSED")}  {Unit}");

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject(Name);
        writer.WriteNumber("value", Math.Round(Value, 4));
        if (Baseline is { } baseline)
            writer.WriteNumber("baseline", Math.Round(baseline, 4));
        else
            writer.WriteNull("baseline");
        writer.WriteNumber("ratio", Math.Round(Ratio, 4));
        writer.WriteNumber("lowest", Math.Round(Low, 4));
        writer.WriteNumber("highest", Math.Round(High, 4));
        writer.WriteNumber("target", Target);
        writer.WriteString("targetIs", AtLeast ? "at least" : "at most");
        writer.WriteBoolean("met", IsMet);
        writer.WriteString("unit", Unit);
        writer.WriteEndObject();
    }
}
