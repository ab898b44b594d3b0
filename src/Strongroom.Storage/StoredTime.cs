using System.Data.Common;

namespace Strongroom.Storage;

/// <summary>Times as the tables keep them: Unix milliseconds; days since 1970-01-01, where 0 says never.</summary>
internal static class StoredTime
{
    public const long MillisecondsPerDay = 86_400_000;

    private static readonly int EpochDay = new DateOnly(1970, 1, 1).DayNumber;

    public static long ToMilliseconds(this DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long ToStoredDay(this DateOnly? day) => day is { } known ? known.DayNumber - EpochDay : 0;

    public static DateTimeOffset GetTime(this DbDataReader reader, int column) =>
        DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));

    public static DateOnly? GetDay(this DbDataReader reader, int column) =>
        reader.GetInt64(column) is var day and not 0 ? DateOnly.FromDayNumber((int)day + EpochDay) : null;

    public static byte[]? GetBytesOrNull(this DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);
}
