using OpSync.Storage.Sqlite;
using Xunit;

namespace OpSync.Storage.Tests;

public sealed class SqliteNativeTests
{
    [Fact]
    public void Library_that_is_missing_gives_an_error_that_names_the_package()
    {
        SqliteMissingException e = Assert.Throws<SqliteMissingException>(
            () => SqliteNative.LoadFirst(["libsqlite3-absent.so.0", "libsqlite3-absent.so"]));
        Assert.Contains("libsqlite3-0", e.Message, StringComparison.Ordinal);
        Assert.Contains("libsqlite3-absent.so.0, libsqlite3-absent.so", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Library_is_found_behind_a_name_that_is_missing() =>
        Assert.NotEqual(0, SqliteNative.LoadFirst(["libsqlite3-absent.so.0", .. SqliteNative.Candidates]));

    [Fact]
    public void Version_is_that_of_the_operating_system() => Assert.StartsWith("3.", SqliteNative.Version, StringComparison.Ordinal);
}
