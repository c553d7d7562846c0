namespace OpSync.Contracts.Serving;

/// <summary>Builds keys of the grains that hold the buckets of peers.</summary>
public static class ServeShareGrainKey
{
    /// <summary>Grains that share all peers.</summary>
    public const int Shares = 16;

    /// <summary>The grain that holds a peer's bucket: the same in every process.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="peerId">Base58 peer id.</param>
    public static IServeShareGrain GetServeShare(this IGrainFactory grains, string peerId)
    {
        // FNV-1a; string.GetHashCode differs from process to process.
        uint hash = 2_166_136_261;
        foreach (char c in peerId) hash = (hash ^ c) * 16_777_619;
        return grains.GetGrain<IServeShareGrain>(hash % Shares);
    }
}
