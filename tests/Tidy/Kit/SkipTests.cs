using OpSync.TestKit;
using Xunit;

namespace OpSync.Tidy.Kit;

public class SkipTests
{
    [Fact]
    public void Skip_speaks_the_language_of_the_runner() =>
        Assert.Equal(Caught(() => Assert.Skip("because")), Caught(() => Skip.Unless(false, "because")));

    [Fact]
    public void Only_what_is_absent_skips()
    {
        Assert.Null(Caught(() => Skip.Unless(true, "because")));
        Assert.Null(Caught(() => Skip.UnlessTool("dotnet")));
        Assert.EndsWith("'no-such-tool' is not installed.", Caught(() => Skip.UnlessTool("no-such-tool")), StringComparison.Ordinal);
        Assert.Contains("OPSYNC_NO_SUCH", Caught(() => Skip.UnlessVariable("OPSYNC_NO_SUCH")), StringComparison.Ordinal);
    }

    /// <summary>The assertions of xunit let a skip through, so it has to be caught by hand.</summary>
    private static string? Caught(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception skip)
        {
            return skip.Message;
        }
    }
}
