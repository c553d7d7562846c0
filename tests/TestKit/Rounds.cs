namespace OpSync.TestKit;

/// <summary>How often a test repeats itself: a little always, more where <c>OPSYNC_LONG</c> is 1.</summary>
public static class Rounds
{
    /// <summary>Whether this run is a long one.</summary>
    public static bool AreMany => Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1";

    public static int Of(int usual, int often) => AreMany ? often : usual;
}
