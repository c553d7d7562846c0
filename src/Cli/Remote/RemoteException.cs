namespace OpSync.Cli.Remote;

/// <summary>The gateway answered with a problem, which the message tells.</summary>
internal sealed class RemoteException(string message) : Exception(message)
{
    /// <summary>True if the same request may succeed in a moment.</summary>
    public bool IsPassing { get; init; }
}
