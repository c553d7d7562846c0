namespace OpSync.Grains.Tests.Kit;

/// <summary>How often a randomized test repeats itself: few times always, many times where <c>OPSYNC_LONG</c> is 1.</summary>
internal static class Rounds
{
    public static int Of(int usual, int often) => Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? often : usual;
}
