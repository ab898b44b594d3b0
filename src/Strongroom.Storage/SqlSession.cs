using System.Data.Common;

namespace Strongroom.Storage;

/// <summary>A connection with the commands it has prepared. For one user at a time.</summary>
/// <remarks>
/// A command is found by the identity of its SQL text, which is a constant of the method that runs it; that method always gives the
/// same parameters in the same order, so they are bound by position. Over SQLite every call completes synchronously.
/// </remarks>
internal sealed class SqlSession(DbConnection connection) : IAsyncDisposable
{
    private readonly Dictionary<string, DbCommand> commands = new(ReferenceEqualityComparer.Instance);
    public DbConnection Connection => connection;

    /// <summary>Whether a change function asked for its work to be undone. The engine that acts on it sets it back.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Runs a statement that returns no rows.</summary>
    /// <returns>How many rows it inserted, updated or deleted.</returns>
    public ValueTask<int> ExecuteAsync(string sql, CancellationToken ct, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = Bind(sql, parameters, out var isNew);
        return isNew ? PrepareAndExecuteAsync(command, ct) : new(command.ExecuteNonQueryAsync(ct));
    }

    /// <summary>Runs a statement that returns rows. Dispose the reader before the next statement.</summary>
    public ValueTask<DbDataReader> QueryAsync(string sql, CancellationToken ct, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = Bind(sql, parameters, out var isNew);
        return isNew ? PrepareAndQueryAsync(command, ct) : new(command.ExecuteReaderAsync(ct));
    }

    /// <summary>Asks the engine to undo the transaction instead of committing it once the change function has returned.</summary>
    public void Abandon() => IsAbandoned = true;

    public async ValueTask DisposeAsync()
    {
        foreach (var command in commands.Values)
            await command.DisposeAsync();

        await connection.DisposeAsync();
    }

    private DbCommand Bind(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters, out bool isNew)
    {
        isNew = !commands.TryGetValue(sql, out var command);
        if (command is null)
            commands.Add(sql, command = Create(sql, parameters));

        for (var i = 0; i < parameters.Length; i++)
            command.Parameters[i].Value = parameters[i].Value.Value;

        return command;
    }

    private DbCommand Create(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();

            // With its sign: without one, SQLite's driver tries every sign there is, at every execution.
            parameter.ParameterName = "@" + name;
            parameter.DbType = value.Type;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static async ValueTask<int> PrepareAndExecuteAsync(DbCommand command, CancellationToken ct)
    {
        await command.PrepareAsync(ct);
        return await command.ExecuteNonQueryAsync(ct);
    }

    private static async ValueTask<DbDataReader> PrepareAndQueryAsync(DbCommand command, CancellationToken ct)
    {
        await command.PrepareAsync(ct);
        return await command.ExecuteReaderAsync(ct);
    }
}
