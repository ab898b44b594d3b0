using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Strongroom.Server.Functions;

/// <summary>The few calls of the operating system that .NET has no name for.</summary>
internal static class Posix
{
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    private const short Readable = 1;
    private const int GetFlags = 1;
    private const int SetFlags = 2;
    private const int CloseOnExec = 1;

    public static uint UserId => GetEuid();

    public static uint GroupId => GetEgid();

    /// <summary>Sends a signal to all processes of a group. A group that is gone already is none to signal.</summary>
    public static void SignalGroup(int group, int signal)
    {
        // 0 and 1 would mean this server's own group, and everybody.
        ArgumentOutOfRangeException.ThrowIfLessThan(group, 2);
        _ = SendSignal(-group, signal);
    }

    /// <exception cref="IOException">This process may not give it away.</exception>
    public static void ChangeOwner(string path, uint user, uint group)
    {
        if (ChangeOwner(Terminated(path), user, group) != 0)
            throw new IOException($"{path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
    }

    /// <summary>Waits until one of two pipes can be read, or was closed at its other end.</summary>
    /// <returns>Which of them can: neither when the time ran out.</returns>
    public static (bool First, bool Second) WaitReadable(int first, int second, int milliseconds)
    {
        PollEntry[] entries = [new() { File = first, Wanted = Readable }, new() { File = second, Wanted = Readable }];
        return Poll(entries, 2, milliseconds) > 0 ? (entries[0].Found != 0, entries[1].Found != 0) : (false, false);
    }

    /// <summary>Closes what is open in this process to programs that it starts: what it inherited itself, and what libraries opened for it.</summary>
    public static void KeepFilesFromChildren()
    {
        foreach (var link in Directory.EnumerateFiles("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(link), NumberStyles.None, CultureInfo.InvariantCulture, out var file) && file > 2
                && Control(file, GetFlags, 0) is >= 0 and var flags && (flags & CloseOnExec) == 0)
                _ = Control(file, SetFlags, flags | CloseOnExec);
        }
    }

    /// <returns>0 at the end of the file, less than 0 when it can't be read.</returns>
    public static int Read(int file, byte[] buffer) => (int)Read(file, buffer, buffer.Length);

    private static byte[] Terminated(string path) => [.. Encoding.UTF8.GetBytes(path), 0];

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int File;
        public short Wanted;
        public short Found;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ChangeOwner(byte[] path, uint user, uint group);

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint GetEuid();

    [DllImport("libc", EntryPoint = "getegid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint GetEgid();

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int file, int command, int flags);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Poll([In, Out] PollEntry[] entries, nuint count, int milliseconds);

    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(int file, [Out] byte[] buffer, nint count);
}
