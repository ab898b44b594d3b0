using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Strongroom.Tests.Server.Faults;

/// <summary>
/// Stands between SQLite and the operating system: the writes of databases in a <see cref="FaultyDisk"/>'s directory ask it first. Put there once, for
/// the process; files of other directories keep their own functions. Source: https://www.sqlite.org/c3ref/vfs.html and c3ref/io_methods.html.
/// </summary>
internal static class SqliteFiles
{
    private const int Ok = 0;
    private const int Full = 13;
    private const int WriteFailed = 10 | (3 << 8);    // SQLITE_IOERR_WRITE
    private const int SyncFailed = 10 | (4 << 8);     // SQLITE_IOERR_FSYNC
    private const int TruncateFailed = 10 | (6 << 8); // SQLITE_IOERR_TRUNCATE

    // In pointers from the beginning of the structures. The first of each is a version; sqlite3_vfs has two more numbers behind it.
    private const int VfsBytes = 21 * 8;
    private const int VfsName = 3 * 8;
    private const int VfsOpen = 5 * 8;
    private const int MethodsBytes = 19 * 8;
    private const int MethodsWrite = 3 * 8;
    private const int MethodsTruncate = 4 * 8;
    private const int MethodsSync = 5 * 8;

    private static readonly ConcurrentDictionary<string, FaultyDisk> Disks = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<nint, (FaultyDisk Disk, Functions Own)> Files = new();
    private static readonly ConcurrentDictionary<nint, (nint Methods, Functions Own)> Replaced = new();

    // Kept: the native side holds pointers to them.
    private static readonly OpenFunction Opening = Open;
    private static readonly WriteFunction Writing = Write;
    private static readonly TruncateFunction Truncating = Truncate;
    private static readonly SyncFunction Syncing = Sync;
    private static readonly Lazy<(nint Vfs, OpenFunction Open)> System = new(Install);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int OpenFunction(nint vfs, nint name, nint file, int flags, nint outFlags);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int WriteFunction(nint file, nint bytes, int count, long at);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int TruncateFunction(nint file, long length);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int SyncFunction(nint file, int flags);

    public static void Add(string directory, FaultyDisk disk)
    {
        _ = System.Value;
        Assert.True(Disks.TryAdd(directory, disk));
    }

    public static void Remove(string directory) => Disks.TryRemove(directory, out _);

    private static (nint, OpenFunction) Install()
    {
        // Its type sets the library up, which must come first.
        new SqliteConnection().Dispose();
        var own = Find(0);
        var ours = Marshal.AllocHGlobal(VfsBytes);
        var bytes = new byte[VfsBytes];
        Marshal.Copy(own, bytes, 0, VfsBytes);
        Marshal.Copy(bytes, 0, ours, VfsBytes);
        Marshal.WriteIntPtr(ours, VfsName, Marshal.StringToCoTaskMemUTF8("faulty"));
        Marshal.WriteIntPtr(ours, VfsOpen, Marshal.GetFunctionPointerForDelegate(Opening));
        Assert.Equal(Ok, Register(ours, makeDefault: 1));
        return (own, Marshal.GetDelegateForFunctionPointer<OpenFunction>(Marshal.ReadIntPtr(own, VfsOpen)));
    }

    private static int Open(nint vfs, nint name, nint file, int flags, nint outFlags)
    {
        var (own, open) = System.Value;
        var result = open(own, name, file, flags, outFlags);
        if (result == Ok && Marshal.PtrToStringUTF8(name) is { } path && Disks.TryGetValue(Path.GetDirectoryName(path) ?? "", out var disk))
        {
            var (methods, functions) = Replaced.GetOrAdd(Marshal.ReadIntPtr(file), Replace);
            Files[file] = (disk, functions);
            Marshal.WriteIntPtr(file, methods);
        }

        return result;
    }

    private static (nint, Functions) Replace(nint methods)
    {
        var own = new Functions(
            Marshal.GetDelegateForFunctionPointer<WriteFunction>(Marshal.ReadIntPtr(methods, MethodsWrite)),
            Marshal.GetDelegateForFunctionPointer<TruncateFunction>(Marshal.ReadIntPtr(methods, MethodsTruncate)),
            Marshal.GetDelegateForFunctionPointer<SyncFunction>(Marshal.ReadIntPtr(methods, MethodsSync)));
        var bytes = new byte[MethodsBytes];
        Marshal.Copy(methods, bytes, 0, MethodsBytes);
        var ours = Marshal.AllocHGlobal(MethodsBytes);
        Marshal.Copy(bytes, 0, ours, MethodsBytes);
        Marshal.WriteIntPtr(ours, MethodsWrite, Marshal.GetFunctionPointerForDelegate(Writing));
        Marshal.WriteIntPtr(ours, MethodsTruncate, Marshal.GetFunctionPointerForDelegate(Truncating));
        Marshal.WriteIntPtr(ours, MethodsSync, Marshal.GetFunctionPointerForDelegate(Syncing));
        return (ours, own);
    }

    private static int Write(nint file, nint bytes, int count, long at)
    {
        var (disk, own) = Files[file];
        if (disk.Next() is not { } fault)
            return own.Write(file, bytes, count, at);
        // What a disk that fails has written of it by then.
        _ = own.Write(file, bytes, count / 2, at);
        return fault == DiskFault.Full ? Full : WriteFailed;
    }

    private static int Truncate(nint file, long length)
    {
        var (disk, own) = Files[file];
        return disk.Next() is null ? own.Truncate(file, length) : TruncateFailed;
    }

    private static int Sync(nint file, int flags)
    {
        var (disk, own) = Files[file];
        return disk.Next() is null ? own.Sync(file, flags) : SyncFailed;
    }

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find", CallingConvention = CallingConvention.Cdecl)]
    private static extern nint Find(nint name);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [DllImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register", CallingConvention = CallingConvention.Cdecl)]
    private static extern int Register(nint vfs, int makeDefault);

    private sealed record Functions(WriteFunction Write, TruncateFunction Truncate, SyncFunction Sync);
}
