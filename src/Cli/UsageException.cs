namespace OpSync.Cli;

/// <summary>The command line asks for something that cannot be: exit code 2, nothing was written.</summary>
internal sealed class UsageException(string message) : Exception(message);
