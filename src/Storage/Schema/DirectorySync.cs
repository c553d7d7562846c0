using System.Runtime.InteropServices;

namespace OpSync.Storage.Schema;

/// <summary>Makes names durable. POSIX syncs a file's name with its directory, and .NET opens no directories.</summary>
internal static class DirectorySync
{
    private const int ReadOnlyFlag = 0;   // O_RDONLY: the same value on every POSIX system

    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(directory, ReadOnlyFlag);
        if (descriptor < 0) throw Failure(directory);
        try
        {
            if (FileSync(descriptor) != 0) throw Failure(directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string directory) =>
        new($"{directory}: {Marshal.GetLastPInvokeErrorMessage()} (while syncing the directory).");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FileSync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);
}
