namespace Strongroom.Server.Audit.Sinks;

/// <summary>How a sink fares.</summary>
/// <param name="Sent">Records handed over since the start, repeated ones too.</param>
/// <param name="Failures">Attempts that failed since the start.</param>
/// <param name="LostSegments">Segments that were removed before they had been read.</param>
/// <param name="BehindSinceMs">Since when the sink has not had everything that the log holds; 0 while it has.</param>
/// <param name="LagBytes">About how much of the log's files it has not had.</param>
internal readonly record struct SinkFigures(string Sink, long Sent, long Failures, long LostSegments, bool IsFailing, long BehindSinceMs, long LagBytes);
