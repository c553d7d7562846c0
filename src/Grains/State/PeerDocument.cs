using OpSync.Sync.Peers;

namespace OpSync.Grains.State;

/// <summary>What a peer's grain persists.</summary>
internal sealed class PeerDocument
{
    /// <summary>Schema version.</summary>
    public const int CurrentVersion = 1;

    public List<string> Addresses { get; set; } = [];

    public List<ulong> Chains { get; set; } = [];

    public bool Configured { get; set; }

    /// <summary>IP addresses that are kept out together with the peer while it is banned or blocked.</summary>
    public List<string> KeptOutFrom { get; set; } = [];

    /// <summary>Epoch of the latest activation that commanded a silo's links.</summary>
    public long Epoch { get; set; }

    public PeerState? Policy { get; set; }
}
