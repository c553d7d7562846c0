namespace OpSync.Cli;

/// <summary>Entry point of <c>opsync</c>.</summary>
public static class Program
{
    /// <summary>Runs one command.</summary>
    public static int Main() => 2;
}
