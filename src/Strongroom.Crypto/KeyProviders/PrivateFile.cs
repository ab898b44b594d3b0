namespace Strongroom.Crypto.KeyProviders;

/// <summary>Reads a small file with a secret in it, and refuses one that other users of the machine may open.</summary>
public static class PrivateFile
{
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>
    /// Whether systemd has put the file there for this service alone (LoadCredential). It gives the service access by an access control list, which shows as a bit of the
    /// group's; the directory above keeps everybody else out.
    /// </summary>
    public static bool IsCredential(string path, UnixFileMode mode) =>
        Environment.GetEnvironmentVariable("CREDENTIALS_DIRECTORY") is { Length: > 1 } directory && directory[0] == '/'
        && (mode & Others & ~UnixFileMode.GroupRead) == 0
        && Path.GetDirectoryName(Path.GetFullPath(path)) == Path.GetFullPath(directory).TrimEnd('/');

    /// <param name="what">With the path, for messages: <c>key file /data/root.key</c>.</param>
    /// <param name="whenMissing">What to do about a missing file.</param>
    /// <returns>How many bytes of <paramref name="text"/> were filled; a longer file is cut.</returns>
    /// <exception cref="SealException">Missing, open to others, not readable.</exception>
    public static int Read(string what, string path, Span<byte> text, string whenMissing)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);

            // The mode of the open file: that of the path could change in between.
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0 && !IsCredential(path, File.GetUnixFileMode(file)))
                throw new SealException(
                    $"The {what} is open to other users of this machine. Run: chmod 600 {path} (and consider who may have read it).");

            var length = 0;
            while (length < text.Length && RandomAccess.Read(file, text[length..], length) is > 0 and var read)
                length += read;
            return length;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SealException($"The {what} is missing. {whenMissing}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SealException(
                $"The {what} cannot be read: {e.Message} Make it a regular file that belongs to the user who runs Strongroom, with mode 0600.", e);
        }
    }
}
