namespace OpSync.Cli;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Failed, or the anchor is contradicted.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was written.</summary>
    public const int Usage = 2;

    /// <summary>Incomplete at the deadline, or stalled for good.</summary>
    public const int Incomplete = 3;
}
