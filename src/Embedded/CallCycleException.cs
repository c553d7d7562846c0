namespace OpSync.Embedded;

/// <summary>
/// An awaited call came back to a grain that waits for its outcome, so it could never start. On a cluster it would hang
/// until its timeout; here it fails at once. A bug of the caller; nothing to catch.
/// </summary>
/// <param name="cycle">The calls of the cycle, outermost first.</param>
public sealed class CallCycleException(string cycle) : InvalidOperationException($"This call would wait for itself: {cycle}.")
{
    /// <summary>The calls of the cycle, outermost first, as <c>grain method -> grain method</c>.</summary>
    public string Cycle { get; } = cycle;
}
