using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>The directory with everything a server keeps, held by one server at a time.</summary>
public sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream held;

    private DataDirectory(string path, FileStream held)
    {
        Root = path;
        this.held = held;
    }

    public string Root { get; }

    public string Database => DatabaseIn(Root);
    public string AuditLog => AuditLogIn(Root);

    /// <summary>How far each audit sink has got.</summary>
    public string AuditSinks => Path.Combine(Root, "audit-sinks");

    /// <summary>Where the files of functions are that run here.</summary>
    public string Functions => Path.Combine(Root, "functions");

    public string Tls => Path.Combine(Root, "tls");
    public string RootKey => RootKeyIn(Root);

    /// <summary>The root access key in the AWS shared-credentials format, mode 0600.</summary>
    public string Credentials => CredentialsIn(Root);

    /// <summary>Where the running server listens, for <c>strongroom env</c>.</summary>
    public string Endpoint => EndpointIn(Root);

    public static string DatabaseIn(string root) => Path.Combine(root, "strongroom.db");

    public static string AuditLogIn(string root) => Path.Combine(root, "audit");

    public static string RootKeyIn(string root) => Path.Combine(root, "root.key");

    public static string CredentialsIn(string root) => Path.Combine(root, "credentials");

    public static string EndpointIn(string root) => Path.Combine(root, "endpoint.json");

    /// <summary>Creates the directory when missing and takes it for this process.</summary>
    /// <exception cref="StoreRefusedException">Another server has it, or it can't be written; the message says what to do.</exception>
    public static DataDirectory Take(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerOnly);
            var mode = File.GetUnixFileMode(path);
            if ((mode & ~OwnerOnly) != 0)
                throw new StoreRefusedException($"The data directory {path} can be read by other users. Run: chmod 700 {path}");

            // Held by the operating system until this process ends, however it ends.
            var held = new FileStream(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.None);
            return new DataDirectory(path, held);
        }
        catch (IOException e) when (e is not DirectoryNotFoundException && File.Exists(Path.Combine(path, "lock")) && !IsDiskTrouble(e))
        {
            throw new StoreRefusedException($"Another Strongroom server is running on {path}. Stop it, or choose another directory with --data.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"The data directory {path} can't be used: {e.Message} Make it writable, or choose another with --data.", e);
        }
    }

    /// <summary>Writes a file whole or not at all, readable by the owner only.</summary>
    public static void WritePrivate(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        using (var file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    public void Dispose() => held.Dispose();

    private static bool IsDiskTrouble(IOException e) =>
        e.Message.Contains("No space", StringComparison.Ordinal) || e.Message.Contains("Read-only", StringComparison.Ordinal);
}
