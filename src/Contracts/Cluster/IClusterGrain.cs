using Orleans.Concurrency;

namespace OpSync.Contracts.Cluster;

/// <summary>What all silos share: whom they keep out, and who they are. There is one, reached by <see cref="ClusterGrainKey"/>.</summary>
[Alias("opsync.IClusterGrain")]
public interface IClusterGrain : IGrainWithIntegerKey
{
    /// <summary>A silo asks for changes, every second or so, and by that shows that it is there.</summary>
    /// <param name="known">Version that it knows; 0 for none.</param>
    /// <param name="self">Who asks.</param>
    [Alias("read")]
    Task<AccessChanges> Read(long known, SiloPresence self);

    /// <summary>All that is kept out, for people.</summary>
    [Alias("list")]
    Task<KeptOutList> List();

    /// <summary>An operator keeps an address or a subnet out, until then or, with null, until further notice; what was said of the same
    /// network before is replaced. Persisted before it returns; the silos learn of it with their next <see cref="Read"/>.</summary>
    [Alias("block-network")]
    Task<BlockVerdict> BlockNetwork(string network, DateTimeOffset? until);

    /// <summary>An operator takes the block of exactly this network back. Persisted before it returns.</summary>
    /// <returns>False if there was none.</returns>
    [Alias("unblock-network")]
    Task<bool> UnblockNetwork(string network);

    /// <summary>A peer is banned or blocked, or is so no more. May be lost, repeated or late.</summary>
    [Alias("peer-standing"), OneWay]
    Task PeerStanding(PeerStandingNotice notice);

    /// <summary>The silos that asked within the last seconds, by name.</summary>
    [Alias("silos")]
    Task<SiloPresenceList> GetSilos();
}
