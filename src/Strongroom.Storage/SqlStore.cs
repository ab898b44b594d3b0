namespace Strongroom.Storage;

/// <summary>The one store: all SQL statements, over an engine that differs in opening, committing and retrying.</summary>
public sealed class SqlStore;
