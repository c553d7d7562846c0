namespace OpSync.Abuse.Kit;

/// <summary>How much abuse: a little always, more where <c>OPSYNC_LONG</c> is 1.</summary>
internal static class Rounds
{
    public static int Of(int usual, int often) => Environment.GetEnvironmentVariable("OPSYNC_LONG") == "1" ? often : usual;
}
