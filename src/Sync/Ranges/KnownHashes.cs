using OpSync.Codec.Primitives;

namespace OpSync.Sync.Ranges;

/// <summary>Hashes of heights that headers have linked to the anchor, addressed by depth. Kept in chunks, so that a long range costs
/// what lies ahead of it and no more.</summary>
internal sealed class KnownHashes
{
    /// <summary>Depths ahead of the window's top for which a hash is kept; what lies deeper is forgotten and told again.</summary>
    public const int AheadMax = 1 << 18;

    private const int ChunkBits = 9;
    private const int ChunkMask = (1 << ChunkBits) - 1;

    private readonly Dictionary<long, Hash32[]> _chunks = [];
    private long _top;

    /// <summary>True if no hash is known.</summary>
    public bool IsEmpty => _chunks.Count == 0;

    /// <summary>Remembers the hash of a depth, unless it is out of bounds.</summary>
    public void Set(long depth, Hash32 hash)
    {
        if (depth < _top || depth - _top >= AheadMax) return;
        if (!_chunks.TryGetValue(depth >> ChunkBits, out Hash32[]? chunk)) _chunks[depth >> ChunkBits] = chunk = new Hash32[ChunkMask + 1];
        chunk[(int)depth & ChunkMask] = hash;
    }

    /// <summary>The hash of a depth, if it is known.</summary>
    public bool TryGet(long depth, out Hash32 hash)
    {
        hash = _chunks.TryGetValue(depth >> ChunkBits, out Hash32[]? chunk) ? chunk[(int)depth & ChunkMask] : default;
        return hash != default;
    }

    /// <summary>Forgets what lies above a depth.</summary>
    public void Slide(long top)
    {
        if (top >> ChunkBits != _top >> ChunkBits && _chunks.Count > 0)
        {
            foreach (long chunk in _chunks.Keys.ToArray())
            {
                if (chunk < top >> ChunkBits) _chunks.Remove(chunk);
            }
        }

        _top = top;
    }
}
