using OpSync.Codec.Primitives;
using OpSync.Sync.Peers;

namespace OpSync.Sync.Headers;

/// <summary>Everything that can happen to a skeleton. The closed list of its inputs.</summary>
public abstract record SkeletonEvent
{
    private SkeletonEvent()
    {
    }

    /// <summary>Time passed.</summary>
    public sealed record Tick : SkeletonEvent;

    /// <summary>The whole set of peers that give headers, replacing the one before.</summary>
    /// <param name="Peers">At most <see cref="SkeletonOptions.SourcesMax"/> are kept.</param>
    public sealed record SourcesChanged(IReadOnlyList<PeerKey> Peers) : SkeletonEvent;

    /// <summary>A request ended. Unknown and repeated ones are ignored.</summary>
    /// <param name="Reply">How.</param>
    public sealed record Replied(HeaderReply Reply) : SkeletonEvent;

    /// <summary>The range is linked down to a block: headers above it are not needed any more.</summary>
    /// <param name="Block">The highest block that is trusted and not there yet; null when there is none left.</param>
    public sealed record CursorMoved(BlockId? Block) : SkeletonEvent;
}
