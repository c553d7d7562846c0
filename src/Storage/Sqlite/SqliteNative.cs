using System.Runtime.InteropServices;
using SQLitePCL;

namespace OpSync.Storage.Sqlite;

/// <summary>Binds to the operating system's own SQLite, which its maintainers keep patched; no native library is shipped.</summary>
public static class SqliteNative
{
    /// <summary>3.31.0 (January 2020): older libraries are out of support everywhere.</summary>
    private const int VersionMin = 3_031_000;

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Version of the library in use, such as <c>3.40.1</c>. Loads it on first use.</summary>
    /// <exception cref="SqliteMissingException">There is none that can be used.</exception>
    public static string Version => Loaded.Value;

    /// <summary>Library names to try, in order. Windows carries its own copy as winsqlite3.</summary>
    internal static IReadOnlyList<string> Candidates { get; } =
        OperatingSystem.IsWindows() ? ["winsqlite3", "sqlite3"]
        : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib", "/usr/lib/libsqlite3.dylib"]
        : ["libsqlite3.so.0", "libsqlite3.so"];

    /// <summary>The handle of the first library that loads.</summary>
    /// <exception cref="SqliteMissingException">None does.</exception>
    internal static nint LoadFirst(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint handle)) return handle;
        }
        throw new SqliteMissingException(
            $"The operating system's SQLite library was not found (tried {string.Join(", ", names)}). Install it: "
            + "package libsqlite3-0 on Debian and Ubuntu, sqlite-libs on Fedora and Alpine, sqlite on Arch.");
    }

    private static string Load()
    {
        nint handle = LoadFirst(Candidates);
        NativeLibrary.SetDllImportResolver(
            typeof(SQLite3Provider_e_sqlite3).Assembly, (name, _, _) => name == "e_sqlite3" ? handle : 0);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        string version = raw.sqlite3_libversion().utf8_to_string();
        if (raw.sqlite3_libversion_number() < VersionMin)
        {
            throw new SqliteMissingException(
                $"The operating system's SQLite is {version}; OpSync needs 3.31 or newer. Update package libsqlite3-0 (Debian, Ubuntu) "
                + "or sqlite-libs (Fedora, Alpine).");
        }
        return version;
    }
}
