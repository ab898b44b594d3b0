namespace Strongroom.Server.Audit;

/// <summary>How the audit log fares.</summary>
/// <param name="Appended">Appends so far. One holds a call's record and those that belong to it.</param>
/// <param name="Failures">Appends that the log refused.</param>
/// <param name="Unsettled">Records of changes that are not known to be on stable storage yet.</param>
/// <param name="AppendedAtMs">Instant of the latest call or event that was appended; 0 before the first.</param>
internal readonly record struct AuditFigures(long Appended, long Failures, bool IsFailing, int Unsettled, long AppendedAtMs);
