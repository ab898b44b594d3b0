using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>Puts the names in a directory on stable storage: a file that is flushed can still lose its name to a power cut.</summary>
public static class DirectorySync
{
    private const int ReadOnly = 0;

    /// <exception cref="IOException">The directory cannot be opened or flushed.</exception>
    public static void Flush(string directory)
    {
        // Windows keeps names in its journal and has no such call.
        if (OperatingSystem.IsWindows())
            return;

        // .NET refuses to open a directory, so the two calls are made directly.
        using var handle = new SafeFileHandle(Open([.. Encoding.UTF8.GetBytes(directory), 0], ReadOnly), ownsHandle: true);
        if (handle.IsInvalid || FSync(handle) != 0)
            throw new IOException($"{directory}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FSync(SafeFileHandle handle);
}
