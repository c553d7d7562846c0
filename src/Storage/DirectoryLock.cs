using System.Globalization;

namespace OpSync.Storage;

/// <summary>The writer's exclusive hold on a data directory: an advisory lock that ends with its process.</summary>
/// <remarks>.NET takes <c>flock</c> for <see cref="FileShare.None"/> on Unix, which binds other processes too. The process id
/// stands in a file of its own, since nobody can read a file locked on Windows.</remarks>
internal sealed class DirectoryLock : IDisposable
{
    private const string LockFile = "opsync.lock", HolderFile = "opsync.pid";

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the lock.</summary>
    /// <param name="directory">Data directory.</param>
    /// <param name="create">False: a directory never locked before gives null and is not touched.</param>
    /// <exception cref="DataDirectoryException">Another writer holds it.</exception>
    public static DirectoryLock? Take(string directory, bool create)
    {
        string path = Path.Combine(directory, LockFile);
        if (!create && !File.Exists(path)) return null;
        try
        {
            return new DirectoryLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1));
        }
        catch (IOException e) when (IsHeld(e))
        {
            throw new DataDirectoryException(DataDirectoryReason.InUse,
                $"Data directory {directory} is in use by another writer{Holder(directory)}. Stop it, or choose another directory; "
                + "read-only commands work beside it.", e);
        }
    }

    /// <summary>Notes this process as the holder.</summary>
    public void WriteHolder(string directory) =>
        File.WriteAllText(Path.Combine(directory, HolderFile), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");

    public void Dispose() => _file.Dispose();

    /// <summary>The operating system's code for "somebody has it": a sharing violation, or EWOULDBLOCK of <c>flock</c>.</summary>
    private static bool IsHeld(IOException e)
    {
        const int sharingViolation = unchecked((int)0x8007_0020), linuxWouldBlock = 11, bsdWouldBlock = 35;
        int held = OperatingSystem.IsWindows() ? sharingViolation : OperatingSystem.IsLinux() ? linuxWouldBlock : bsdWouldBlock;
        return e.HResult == held;
    }

    private static string Holder(string directory)
    {
        const int lengthMax = 20;   // a note, not a promise: whatever else the file may hold is left out
        try
        {
            string text = File.ReadAllText(Path.Combine(directory, HolderFile)).Trim();
            return text.Length is > 0 and <= lengthMax && text.All(char.IsAsciiDigit) ? $" (process {text})" : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
