namespace OpSync.Sync.Ranges;

/// <summary>Divides what all ranges of a silo together may hold in memory: the more urgent first, equals equally, and nobody
/// nothing.</summary>
/// <remarks>
/// A range says what it could use and how urgent it is, again and again; one that falls silent is forgotten. Shares are what to ask
/// for, not what is allowed to lie in memory: a range whose share shrinks keeps what it has and asks for less. Thread-safe.
/// </remarks>
/// <param name="bytes">Bytes to divide, 1 or more.</param>
/// <param name="blocks">Heights to divide, 1 or more.</param>
public sealed class WindowShares(long bytes, int blocks)
{
    /// <summary>Heights of all windows of a silo together, unless set otherwise: each may be an active grain with its payload.</summary>
    public const int BlocksDefault = 16_384;

    /// <summary>Least share, as far as all the least shares take no more than half of everything.</summary>
    public const long BytesMin = 1 << 20;

    /// <summary>Least share in heights, on the same terms.</summary>
    public const int BlocksMin = 64;

    /// <summary>A range that says nothing for so long has ended or moved to another silo.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    /// <summary>Bytes divided.</summary>
    public long Bytes => bytes;

    /// <summary>Heights divided.</summary>
    public int Blocks => blocks;

    private readonly Lock _lock = new();
    private readonly Dictionary<RangeKey, Claim> _claims = [];

    /// <summary>Says what a range could use, and hears what it may.</summary>
    /// <param name="range">Which.</param>
    /// <param name="priority">Greater is more urgent.</param>
    /// <param name="wanted">Bytes and heights it could use, at most.</param>
    /// <param name="now">Monotonic time, of one clock for all ranges.</param>
    public WindowShare Claimed(RangeKey range, int priority, WindowShare wanted, TimeSpan now)
    {
        lock (_lock)
        {
            _claims[range] = new Claim(priority, Math.Max(0, wanted.Bytes), Math.Max(0, wanted.Blocks), now);
            foreach ((RangeKey key, Claim claim) in _claims)
            {
                if (now - claim.Said > Silence) _claims.Remove(key);
            }

            return new WindowShare(
                Divide(priority, Math.Max(0, wanted.Bytes), bytes, BytesMin, static c => c.Bytes),
                (int)Divide(priority, Math.Max(0, wanted.Blocks), blocks, BlocksMin, static c => c.Blocks));
        }
    }

    /// <summary>A range needs nothing any more.</summary>
    public void Leave(RangeKey range)
    {
        lock (_lock) _claims.Remove(range);
    }

    /// <summary>The least share for everybody; of the rest, what the more urgent leave, equally among equals, and what some of those do
    /// not need among the others.</summary>
    private long Divide(int priority, long wanted, long total, long leastWanted, Func<Claim, long> part)
    {
        long least = Math.Min(leastWanted, total / 2 / _claims.Count), rest = total;
        List<long> equals = [];
        foreach (Claim claim in _claims.Values)
        {
            long more = Math.Max(0, part(claim) - least);
            rest -= least;
            if (claim.Priority > priority) rest -= more;
            else if (claim.Priority == priority) equals.Add(more);
        }

        rest = Math.Max(0, rest);
        equals.Sort();
        long fair = 0;
        for (int i = 0; i < equals.Count; i++)
        {
            fair = rest / (equals.Count - i);
            if (equals[i] >= fair) break;
            rest -= equals[i];
        }

        return least + Math.Min(Math.Max(0, wanted - least), fair);
    }

    private readonly record struct Claim(int Priority, long Bytes, int Blocks, TimeSpan Said);
}
