namespace OpSync.Sync.Peers;

/// <summary>On whose behalf a peer is asked.</summary>
/// <param name="Who">The range, unique over all chains.</param>
/// <param name="Priority">Greater is more urgent; each step is worth four times the share, two steps up or down at most.</param>
public readonly record struct PeerClaim(string Who, int Priority = 0)
{
    /// <summary>For callers that share with nobody.</summary>
    public static PeerClaim Sole => new("");
}
