namespace OpSync.Sync.Ranges;

/// <summary>The sliding window of heights in which a range works, addressed by depth: blocks below the anchor.</summary>
/// <remarks>
/// Depths <c>[Base, Next)</c> are inside. A ring of slots, so nothing moves when it slides and a range of millions of heights
/// costs no more than its window.
/// </remarks>
internal sealed class Window
{
    private readonly Slot[] _slots;
    private readonly ulong[] _tried;
    private readonly ulong[] _lacking;
    private readonly int _mask;
    private readonly int _words;
    private readonly int _blocksMax;

    /// <param name="blocksMax">Heights inside at most.</param>
    /// <param name="total">Heights of the whole range.</param>
    /// <param name="peerWords">64-bit words per row of peers.</param>
    public Window(int blocksMax, long total, int peerWords)
    {
        int capacity = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, Math.Min(blocksMax, total)));
        _slots = new Slot[capacity];
        _tried = new ulong[capacity * peerWords];
        _lacking = new ulong[capacity * peerWords];
        _mask = capacity - 1;
        _words = peerWords;
        _blocksMax = blocksMax;
        Wanted = new RingBits(capacity);
        Parked = new RingBits(capacity);
    }

    /// <summary>Smallest depth inside.</summary>
    public long Base { get; private set; }

    /// <summary>Smallest depth below the window.</summary>
    public long Next { get; private set; }

    /// <summary>Depths to ask for, no request being open.</summary>
    public RingBits Wanted { get; }

    /// <summary>Depths that every usable peer failed to give and that wait for another round.</summary>
    public RingBits Parked { get; }

    /// <summary>True if another height may enter.</summary>
    public bool HasRoom => Next - Base < _blocksMax;

    /// <summary>The slot of a depth inside.</summary>
    public ref Slot this[long depth] => ref _slots[(int)depth & _mask];

    /// <summary>True if the depth is inside.</summary>
    public bool Contains(long depth) => depth >= Base && depth < Next;

    /// <summary>The peers not to be asked for this height again in this round: they lack it, failed, or sent it.</summary>
    public Span<ulong> Tried(long depth) => _tried.AsSpan(((int)depth & _mask) * _words, _words);

    /// <summary>The peers that said they lack this height: asked again last.</summary>
    public Span<ulong> Lacking(long depth) => _lacking.AsSpan(((int)depth & _mask) * _words, _words);

    /// <summary>Remembers that a peer lacks a height.</summary>
    public void MarkLacking(long depth, int peer) => Lacking(depth)[peer >> 6] |= 1UL << (peer & 63);

    /// <summary>Remembers that a peer was tried.</summary>
    public void MarkTried(long depth, int peer) => Tried(depth)[peer >> 6] |= 1UL << (peer & 63);

    /// <summary>Forgets that a peer was tried.</summary>
    public void ForgetTried(long depth, int peer) => Tried(depth)[peer >> 6] &= ~(1UL << (peer & 63));

    /// <summary>Forgets a peer at all heights, because its number is given to another.</summary>
    public void ForgetPeer(int peer)
    {
        for (long depth = Base; depth < Next; depth++)
        {
            ForgetTried(depth, peer);
            Lacking(depth)[peer >> 6] &= ~(1UL << (peer & 63));
        }
    }

    /// <summary>Lets the next depth in.</summary>
    public void Admit() => Next++;

    /// <summary>Lets durable heights at the top go.</summary>
    /// <param name="cursor">Where to go on when the window ran empty.</param>
    public void Slide(long cursor)
    {
        while (Base < Next && this[Base].State == SlotState.Durable)
        {
            this[Base] = default;
            Tried(Base).Clear();
            Lacking(Base).Clear();
            Base++;
        }

        if (Base == Next && Next < cursor) Base = Next = cursor;
    }
}
